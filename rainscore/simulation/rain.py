"""Simulated rain from spectral Gaussian fields.

Two independent Gaussian fields on a torus, one of long-lived sheets and one of short-lived cells,
are advected by shifting the phase of their Fourier modes. They are mixed in the proportion of the
local weather regime, thresholded to the regime's wet share, and mapped to its lognormal rates.
Regimes cross the domain from west to east. The method follows Pegram and Clothier (2001),
doi:10.1016/S0022-1694(00)00373-5.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.fft import irfft2
from scipy.special import ndtr, ndtri

from rainscore.grids import Grid
from rainscore.simulation.regimes import Weather, daily_factor, simulate_weather
from rainscore.simulation.terrain import terrain_factor
from rainscore.simulation.worlds import REFERENCE, World

_STREAM = 2  # random stream of the rain fields
_NODES = 17  # nodes along each axis on which regime parameters are evaluated
_REGIME_SPEED = 80.0  # km/h, speed of the boundary between two regimes
_REGIME_HEADING = np.deg2rad(-20.0)
_MAX_RATE = 25.0, 150.0  # mm/h, asymptotic rate of sheets and of cells


@dataclass(frozen=True)
class Texture:
    """Spectrum and lifetime of a Gaussian field.

    Attributes:
        slope, fine_slope: Exponents of the two-dimensional power spectrum at wavelengths above and
            below `bend`.
        bend: Wavelength at which the slope changes [km].
        outer: Wavelength above which the spectrum is flat [km].
        lifetime, growth: The lifetime of a mode of wavelength ℓ is `lifetime` (ℓ / 4 km)^`growth`
            hours.
        max_lifetime: Upper limit of the lifetime [h].
        stretch: Ratio of the long axis to the short axis of the structures.
        axis: Direction of the long axis [degrees from east, anticlockwise].
    """

    slope: float
    fine_slope: float
    bend: float
    outer: float
    lifetime: float
    growth: float
    max_lifetime: float
    stretch: float = 1.0
    axis: float = 0.0

    def of_world(self, world: World) -> "Texture":
        """Texture with the spectrum, the lifetime and the orientation of a world."""
        return replace(
            self,
            slope=self.slope + world.slope_shift,
            fine_slope=self.fine_slope + world.slope_shift,
            lifetime=self.lifetime * world.lifetime,
            axis=self.axis + world.turn,
        )


SHEETS = Texture(2.8, 3.0, 40.0, 2000.0, 0.045, 0.8, 15.0, stretch=1.6, axis=65.0)

CELLS = Texture(2.45, 3.4, 30.0, 320.0, 0.135, 0.75, 15.0)


class _Field:
    """Gaussian field of unit variance that evolves in time.

    Each octave of modes rotates from one random draw to the next. The draws are keyed by (seed,
    octave, knot), so the field at an instant does not depend on the start of the simulation.
    """

    def __init__(self, texture: Texture, *, side_km: float, size: int, seed: int, stream: int):
        self.size, self.key = size, [seed, _STREAM, stream]
        ky = np.fft.fftfreq(size, 1 / size)[:, None]
        kx = np.arange(size // 2 + 1)[None, :]
        octave = np.ceil(np.log2(np.maximum(np.maximum(abs(ky), kx), 1))).astype(int)
        octave[size // 2] = octave[:, -1] = -1
        octave[0, 0] = -1
        self.octave = octave
        self.amplitude = _amplitude(texture, kx / side_km, ky / side_km, octave >= 0)
        n_octaves = int(octave.max()) + 1
        wavelength = side_km / 2.0 ** (np.arange(n_octaves) - 0.5)
        lifetime = texture.lifetime * (wavelength / 4.0) ** texture.growth
        self.spacing = 1.5 * np.minimum(lifetime, texture.max_lifetime)
        self.draws = np.zeros((2, *octave.shape), np.complex64)
        self.knots = np.full(n_octaves, -9)

    def modes(self, hours: float) -> np.ndarray:
        """Fourier modes at an instant, dims (ky, kx ≥ 0)."""
        position = hours / self.spacing
        knots = np.floor(position).astype(int)
        for octave in np.flatnonzero(knots != self.knots):
            is_next = knots[octave] == self.knots[octave] + 1
            self._draw(int(octave), int(knots[octave]), is_next=bool(is_next))
        self.knots = knots
        angle = np.append((position - knots) * np.pi / 2, 0.0)
        early, late = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
        return early[self.octave] * self.draws[0] + late[self.octave] * self.draws[1]

    def _draw(self, octave: int, knot: int, *, is_next: bool) -> None:
        """Draw the modes of an octave at a knot and at the next one."""
        mask = self.octave == octave
        if is_next:
            self.draws[0][mask] = self.draws[1][mask]
        else:
            self.draws[0][mask] = self._noise(octave, knot)[mask] * self.amplitude[mask]
        self.draws[1][mask] = self._noise(octave, knot + 1)[mask] * self.amplitude[mask]

    def _noise(self, octave: int, knot: int) -> np.ndarray:
        """Complex noise on the modes up to this octave, independent of the size of the grid."""
        m = 2**octave
        rng = np.random.default_rng([*self.key, octave, knot])
        real, imaginary = rng.standard_normal((2, 2 * m + 1, m + 1), np.float32)
        noise = np.zeros(self.octave.shape, np.complex64)
        rows = np.arange(-m, m + 1) % self.size
        noise[rows, : m + 1] = real + 1j * imaginary
        return noise


def _amplitude(texture: Texture, kx: np.ndarray, ky: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Amplitude of the modes for a field of unit variance (`irfft2`, norm "forward")."""
    axis = np.deg2rad(texture.axis)
    along = kx * np.cos(axis) - ky * np.sin(axis)  # rows run southward
    across = ky * np.cos(axis) + kx * np.sin(axis)
    k = np.hypot(along * np.sqrt(texture.stretch), across / np.sqrt(texture.stretch))
    k_bend, k_outer = 1 / texture.bend, 1 / texture.outer
    low = np.hypot(k, k_outer) ** -texture.slope
    fine = (np.maximum(k, k_bend) / k_bend) ** (texture.slope - texture.fine_slope)
    amplitude = np.where(used, np.sqrt(low * fine), 0.0)
    # A mode of kx > 0 also represents its conjugate; a mode of kx = 0 does not.
    amplitude[:, 0] *= np.sqrt(2)
    variance = 4 * (amplitude[:, 1:] ** 2).sum() + (amplitude[:, 0] ** 2).sum()
    return (amplitude / np.sqrt(variance)).astype(np.float32)


def simulate_rain(
    grid: Grid,
    start: np.datetime64,
    end: np.datetime64,
    *,
    seed: int,
    step_minutes: int = 5,
    world: World = REFERENCE,
) -> Iterator[tuple[np.datetime64, np.ndarray]]:
    """Simulate instantaneous rain on a square grid, frame by frame.

    Args:
        grid: Square grid in metres.
        start, end: Period [start, end).
        seed: Random seed. A frame depends on the seed, the world, the grid and its time only.
        step_minutes: Time between frames [min].
        world: Parameters of the rain.

    Yields:
        Start of the frame, and rain rate [mm/h], dims (y, x), float32, without missing values.

    Raises:
        ValueError: The grid is not square.
    """
    if grid.nx != grid.ny or abs(grid.dx) != abs(grid.dy):
        raise ValueError(f"the simulated rain needs a square grid, got {grid.ny} × {grid.nx}")
    km = abs(grid.dx) / 1000.0
    size = 2 ** int(np.ceil(np.log2(1.25 * grid.nx)))
    side_km = size * km
    pad = np.timedelta64(2 + int(grid.nx * km / _REGIME_SPEED), "h")
    weather = simulate_weather(start - pad, end + pad, seed=seed, side_km=side_km, world=world)
    fields = [
        _Field(texture.of_world(world), side_km=side_km, size=size, seed=seed, stream=i)
        for i, texture in enumerate((SHEETS, CELLS))
    ]
    k = 2j * np.pi * np.fft.fftfreq(size, 1 / size) / side_km
    local = _LocalWeather(weather, n=grid.nx, side_km=grid.nx * km)
    terrain = terrain_factor(grid)
    for time in np.arange(start, end, np.timedelta64(step_minutes, "m")):
        hours = time.astype("datetime64[s]").astype(np.int64) / 3600.0
        x, y = local.position(hours)
        shift_y = np.exp(k * y).astype(np.complex64)[:, None]
        shift_x = np.exp(-k[: size // 2 + 1] * x).astype(np.complex64)
        modes = np.stack([field.modes(hours) for field in fields]) * shift_y * shift_x
        gauss = irfft2(modes, s=(size, size), norm="forward")[:, : grid.ny, : grid.nx]
        yield time, terrain * local.rain(gauss, hours)


class _LocalWeather:
    """Parameters of the rain at each pixel, from the regime that prevails there."""

    def __init__(self, weather: Weather, *, n: int, side_km: float):
        self.hours = weather.time.astype("datetime64[s]").astype(np.int64) / 3600.0
        self.weather = weather
        median = np.log(weather.mean) - weather.sigma**2 / 2
        table = weather.wet, weather.daily, median, weather.sigma, weather.cells
        self.table = np.stack(table, axis=1)
        nodes = np.linspace(-0.5, 0.5, _NODES) * side_km
        x, y = np.meshgrid(nodes, -nodes)
        along = x * np.cos(_REGIME_HEADING) + y * np.sin(_REGIME_HEADING)
        self.delay = along / _REGIME_SPEED
        position = (np.arange(n) + 0.5) / n * (_NODES - 1)
        hat = 1 - abs(position[:, None] - np.arange(_NODES))
        self.spread = np.maximum(hat, 0).astype(np.float32)

    def position(self, hours: float) -> tuple[float, float]:
        """Distance that the rain has travelled eastward and northward [km]."""
        w = self.weather
        i = int((hours - self.hours[0]) * 2)
        part = hours - self.hours[i]
        return w.x[i] + w.u[i] * part, w.y[i] + w.v[i] * part

    def rain(self, gauss: np.ndarray, hours: float) -> np.ndarray:
        """Rain rate [mm/h], dims (y, x), from the fields of sheets and cells, dims (2, y, x)."""
        position = (hours - self.delay - self.hours[0]) * 2
        index = position.astype(int)
        part = (position - index)[..., None]
        parameters = self.table[index] * (1 - part) + self.table[index + 1] * part
        wet_share, daily, *others = np.moveaxis(parameters, -1, 0)
        # Regimes arrive with a delay; the daily cycle has the same phase everywhere.
        wet_share = np.clip(wet_share * daily_factor(daily, hours % 24), 1e-5, 0.9)
        threshold, median, sigma, cells = (
            self.spread @ p.astype(np.float32) @ self.spread.T for p in (-ndtri(wet_share), *others)
        )
        field = np.sqrt(1 - cells) * gauss[0] + np.sqrt(cells) * gauss[1]
        wet = field > threshold
        # The rank of a pixel among the wet pixels is its quantile in the lognormal distribution.
        rank = ndtr(-field[wet]) / ndtr(-threshold[wet])
        rain = np.zeros(wet.shape, np.float32)
        rate = np.exp(median[wet] - sigma[wet] * ndtri(np.clip(rank, 1e-7, 1 - 1e-6)))
        sheet_limit, cell_limit = _MAX_RATE
        limit = sheet_limit + (cell_limit - sheet_limit) * cells[wet]
        rain[wet] = limit * (1 - np.exp(-rate / limit))
        return rain
