"""Rain of the simulated world: spectral Gaussian fields that drift, evolve, and are cut into rain.

Two independent Gaussian fields on a torus, long-lived sheets and short-lived cells, are moved by a
shift of the phase of their Fourier modes, mixed as the local regime says, cut at the threshold that
gives the regime's wet share, and mapped to its lognormal rates. Regimes cross the world from west
to east. The principle is that of Pegram and Clothier (2001), doi:10.1016/S0022-1694(00)00373-5.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft2
from scipy.special import ndtr, ndtri

from rainscore.grids import Grid
from rainscore.simulation.regimes import Weather, daily_factor, simulate_weather
from rainscore.simulation.terrain import terrain_factor

_STREAM = 2


_NODES = 17


_REGIME_SPEED = 80.0  # km/h, at which a change of regime crosses the world


_REGIME_HEADING = np.deg2rad(-20.0)


_HIGHEST_RATE = 25.0, 150.0  # mm/h, of sheets and of cells


@dataclass(frozen=True)
class Texture:
    """Spectrum and life time of a Gaussian field.

    Attributes:
        slope, fine_slope: Exponents of the two-dimensional power spectrum above and below `bend`.
        bend: Wavelength at which the slope changes [km].
        outer: Wavelength above which the spectrum is flat [km].
        life, growth: A mode of wavelength ℓ lives `life` (ℓ / 4 km)^`growth` hours.
        longest: Cap of the life time [h].
        stretch: Ratio of the axes of the structures, the long one along `axis`.
        axis: Direction of the long axis [degrees from east, anticlockwise].
    """

    slope: float
    fine_slope: float
    bend: float
    outer: float
    life: float
    growth: float
    longest: float
    stretch: float = 1.0
    axis: float = 0.0


SHEETS = Texture(2.8, 3.0, 40.0, 2000.0, 0.045, 0.8, 15.0, stretch=1.6, axis=65.0)


CELLS = Texture(2.45, 3.4, 30.0, 320.0, 0.135, 0.75, 15.0)


class _Field:
    """A Gaussian field of unit variance.

    Each octave of modes turns from one random draw to the next; the draws are keyed by (seed,
    octave, number of the draw), so an instant does not depend on where the simulation began.
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
        life = np.minimum(texture.life * (wavelength / 4.0) ** texture.growth, texture.longest)
        self.spacing = 1.5 * life
        self.draws = np.zeros((2, *octave.shape), np.complex64)
        self.drawn = np.full(n_octaves, -9)

    def modes(self, hours: float) -> np.ndarray:
        """Fourier modes at an instant, dims (ky, kx ≥ 0)."""
        position = hours / self.spacing
        knot = np.floor(position).astype(int)
        for octave in np.flatnonzero(knot != self.drawn):
            follows = knot[octave] == self.drawn[octave] + 1
            self._draw(int(octave), int(knot[octave]), follows=bool(follows))
        self.drawn = knot
        turn = np.append((position - knot) * np.pi / 2, 0.0)
        early, late = np.cos(turn).astype(np.float32), np.sin(turn).astype(np.float32)
        return early[self.octave] * self.draws[0] + late[self.octave] * self.draws[1]

    def _draw(self, octave: int, knot: int, *, follows: bool) -> None:
        here = self.octave == octave
        if follows:
            self.draws[0][here] = self.draws[1][here]
        else:
            self.draws[0][here] = self._noise(octave, knot)[here] * self.amplitude[here]
        self.draws[1][here] = self._noise(octave, knot + 1)[here] * self.amplitude[here]

    def _noise(self, octave: int, knot: int) -> np.ndarray:
        """Complex noise on the modes up to this octave, the same whatever the size of the grid."""
        m = 2**octave
        rng = np.random.default_rng([*self.key, octave, knot])
        real, imaginary = rng.standard_normal((2, 2 * m + 1, m + 1), np.float32)
        noise = np.zeros(self.octave.shape, np.complex64)
        rows = np.arange(-m, m + 1) % self.size
        noise[rows, : m + 1] = real + 1j * imaginary
        return noise


def _amplitude(texture: Texture, kx: np.ndarray, ky: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Amplitude of the modes such that the field has unit variance (`irfft2`, norm "forward")."""
    axis = np.deg2rad(texture.axis)
    along = kx * np.cos(axis) - ky * np.sin(axis)  # rows run southward
    across = ky * np.cos(axis) + kx * np.sin(axis)
    k = np.hypot(along * np.sqrt(texture.stretch), across / np.sqrt(texture.stretch))
    k_bend, k_outer = 1 / texture.bend, 1 / texture.outer
    low = np.hypot(k, k_outer) ** -texture.slope
    fine = (np.maximum(k, k_bend) / k_bend) ** (texture.slope - texture.fine_slope)
    amplitude = np.where(used, np.sqrt(low * fine), 0.0)
    # Modes of kx > 0 stand for their conjugates too; those of kx = 0 do not, and are given as much.
    amplitude[:, 0] *= np.sqrt(2)
    variance = 4 * (amplitude[:, 1:] ** 2).sum() + (amplitude[:, 0] ** 2).sum()
    return (amplitude / np.sqrt(variance)).astype(np.float32)


def simulate_rain(
    grid: Grid, start: np.datetime64, end: np.datetime64, *, seed: int, step_minutes: int = 5
) -> Iterator[tuple[np.datetime64, np.ndarray]]:
    """Instantaneous rain on a square grid, frame after frame.

    Args:
        grid: Square grid in metres.
        start, end: Period, end exclusive.
        seed: Seed of the world; the frame of an instant depends on the seed and the grid only.
        step_minutes: Minutes between frames.

    Yields:
        Start of the frame, and rates [mm/h], dims (ny, nx), float32, none missing.

    Raises:
        ValueError: The grid is not square.
    """
    if grid.nx != grid.ny or abs(grid.dx) != abs(grid.dy):
        raise ValueError(f"the simulated rain needs a square grid, got {grid.ny} × {grid.nx}")
    km = abs(grid.dx) / 1000.0
    size = 2 ** int(np.ceil(np.log2(1.25 * grid.nx)))
    side_km = size * km
    pad = np.timedelta64(2 + int(grid.nx * km / _REGIME_SPEED), "h")
    weather = simulate_weather(start - pad, end + pad, seed=seed, side_km=side_km)
    fields = [
        _Field(texture, side_km=side_km, size=size, seed=seed, stream=i)
        for i, texture in enumerate((SHEETS, CELLS))
    ]
    k = 2j * np.pi * np.fft.fftfreq(size, 1 / size) / side_km
    climate = _LocalWeather(weather, n=grid.nx, side_km=grid.nx * km)
    terrain = terrain_factor(grid)
    for time in np.arange(start, end, np.timedelta64(step_minutes, "m")):
        hours = time.astype("datetime64[s]").astype(np.int64) / 3600.0
        x, y = climate.position(hours)
        shift_y = np.exp(k * y).astype(np.complex64)[:, None]
        shift_x = np.exp(-k[: size // 2 + 1] * x).astype(np.complex64)
        modes = np.stack([field.modes(hours) for field in fields]) * shift_y * shift_x
        gauss = irfft2(modes, s=(size, size), norm="forward")[:, : grid.ny, : grid.nx]
        yield time, terrain * climate.rain(gauss, hours)


class _LocalWeather:
    """Parameters of the rain at each pixel: those of the regime that has reached it."""

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
        """Distance covered by the rain [km], east and north."""
        w = self.weather
        i = int((hours - self.hours[0]) * 2)
        part = hours - self.hours[i]
        return w.x[i] + w.u[i] * part, w.y[i] + w.v[i] * part

    def rain(self, gauss: np.ndarray, hours: float) -> np.ndarray:
        """Rates [mm/h] from the sheets and cells, dims (2, ny, nx)."""
        position = (hours - self.delay - self.hours[0]) * 2
        index = position.astype(int)
        part = (position - index)[..., None]
        local = self.table[index] * (1 - part) + self.table[index + 1] * part
        wet_share, daily, *others = np.moveaxis(local, -1, 0)
        # A regime crosses the world, but the sun stands over all of it alike.
        wet_share = np.clip(wet_share * daily_factor(daily, hours % 24), 1e-5, 0.9)
        threshold, median, sigma, cells = (
            self.spread @ p.astype(np.float32) @ self.spread.T for p in (-ndtri(wet_share), *others)
        )
        field = np.sqrt(1 - cells) * gauss[0] + np.sqrt(cells) * gauss[1]
        wet = field > threshold
        # The rank of a pixel among the wet ones gives its rank among the lognormal rates.
        rank = ndtr(-field[wet]) / ndtr(-threshold[wet])
        rain = np.zeros(wet.shape, np.float32)
        rate = np.exp(median[wet] - sigma[wet] * ndtri(np.clip(rank, 1e-7, 1 - 1e-6)))
        sheets, most = _HIGHEST_RATE
        limit = sheets + (most - sheets) * cells[wet]
        rain[wet] = limit * (1 - np.exp(-rate / limit))
        return rain
