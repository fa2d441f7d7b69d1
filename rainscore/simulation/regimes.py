"""Weather regimes of the simulated world: their sequence in time and the parameters of their rain.

The calendar is divided into epochs of sixteen days. The spells of an epoch follow a semi-Markov
chain drawn from (seed, epoch), so a period can be simulated alone and joins its neighbours.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import i0

from rainscore.simulation.airmass import freezing_level, season, snow_share
from rainscore.simulation.worlds import REFERENCE, World

EPOCH_HOURS = 384
STEPS_PER_HOUR = 2
_EPOCH_STEPS = EPOCH_HOURS * STEPS_PER_HOUR
_STREAM = 1  # random stream of the regimes
_WARMEST = 200  # day of the year


@dataclass(frozen=True)
class Regime:
    """Parameters of a weather regime.

    Attributes:
        weight: Relative number of spells, mean over the year.
        season: Relative amplitude of the yearly cycle of `weight`, positive in summer.
        onset: Relative amplitude of the daily cycle of onsets, highest at noon UTC.
        hours: Mean duration of a spell [h].
        wet: Wet share of the area.
        mean: Mean rate where wet [mm/h], before the limit on the highest rates.
        sigma: Standard deviation of the logarithm of the rate where wet.
        cells: Share of convective cells in the Gaussian field, 0 (sheets) to 1.
        speed: Mean speed of the rain [km/h].
        heading: Mean direction of motion [degrees from east, anticlockwise].
        daily: Strength of the daily cycle of the wet area in summer (`daily_factor`).
    """

    weight: float
    season: float
    onset: float
    hours: float
    wet: float
    mean: float
    sigma: float
    cells: float
    speed: float
    heading: float
    daily: float


REGIMES: dict[str, Regime] = {
    "front": Regime(0.95, -0.40, 0.0, 16, 0.24, 1.80, 1.50, 0.14, 42, 20, 0.0),
    "showers": Regime(0.8, -0.20, 0.0, 14, 0.060, 1.20, 1.25, 0.75, 45, -20, 0.7),
    "organised": Regime(0.55, 0.95, 0.8, 9, 0.100, 2.60, 1.35, 0.55, 38, 40, 1.1),
    "isolated": Regime(0.8, 0.90, 0.8, 10, 0.025, 1.80, 1.30, 0.90, 20, 30, 1.4),
    "drizzle": Regime(0.8, -0.30, 0.0, 14, 0.140, 0.35, 0.75, 0.25, 25, 0, 0.0),
    "snow": Regime(3.0, 0.0, 0.0, 14, 0.160, 0.60, 0.95, 0.15, 28, -10, 0.0),
    "dry": Regime(1.1, 0.10, 0.0, 34, 0.003, 0.60, 0.90, 0.70, 30, 0, 0.7),
}
"""The seven regimes by name; the weight of snow applies under a low freezing level."""

FOLLOWERS = {("front", "showers"): 4.0, ("organised", "showers"): 2.0, ("showers", "dry"): 2.0}
"""Factor on the weight of a regime, by (previous regime, regime); 1 for other pairs."""


@dataclass(frozen=True)
class Weather:
    """Regime and parameters of the rain at each half-hour.

    Attributes:
        time: Half-hour starts, dims (time,).
        regime: Name of the regime, dims (time,).
        wet, mean, sigma, cells: As in `Regime`, with linear ramps between spells, dims (time,);
            `wet` is the daily mean.
        daily: Strength of the daily cycle of `wet`, dims (time,).
        u, v: Eastward and northward speed of the rain [km/h], dims (time,).
        x, y: Distance travelled by the rain since the start of the epoch [km], dims (time,).
    """

    time: np.ndarray
    regime: np.ndarray
    wet: np.ndarray
    mean: np.ndarray
    sigma: np.ndarray
    cells: np.ndarray
    daily: np.ndarray
    u: np.ndarray
    v: np.ndarray
    x: np.ndarray
    y: np.ndarray


def simulate_regimes(
    start: np.datetime64, end: np.datetime64, *, seed: int, world: World = REFERENCE
) -> pd.DataFrame:
    """Simulate the true regime at the centre of the domain, one row per half-hour.

    Args:
        start, end: Period [start, end).
        seed: Random seed.
        world: Parameters of the rain.

    Returns:
        Columns `time` (start of the half-hour) and `regime`.
    """
    weather = simulate_weather(start, end, seed=seed, side_km=1024.0, world=world)
    return pd.DataFrame({"time": weather.time, "regime": weather.regime})


def simulate_weather(
    start: np.datetime64,
    end: np.datetime64,
    *,
    seed: int,
    side_km: float,
    world: World = REFERENCE,
) -> Weather:
    """Simulate regime, parameters and motion of the rain at each half-hour of a period.

    Args:
        start, end: Period [start, end).
        seed: Random seed.
        side_km: Side of the torus on which the rain moves [km]. The path of each epoch is a whole
            number of turns, so that epochs join; this changes the wind by at most 1.3 km/h.
        world: Parameters of the rain.
    """
    first, last = _half_hour(start), _half_hour(end - np.timedelta64(1, "ns")) + 1
    epochs = np.arange(first // _EPOCH_STEPS - 1, (last - 1) // _EPOCH_STEPS + 2)
    spells = [spell for epoch in epochs for spell in _spells(int(epoch), seed, world)]
    index = np.concatenate([np.full(n, i) for i, (n, *_) in enumerate(spells)])
    names = np.array([name for _, name, *_ in spells])[index]
    table = np.array([values for _, _, *values in spells])[index]
    wet, mean, sigma, cells, daily, u, v = _ramped(table).T
    step = epochs[0] * _EPOCH_STEPS + np.arange(index.size)
    keep = slice(first - step[0], last - step[0])
    (u, x), (v, y) = (_closed_path(w, side_km) for w in (u, v))
    time = (step * 1800).astype("datetime64[s]").astype("datetime64[ns]")
    return Weather(*(w[keep] for w in (time, names, wet, mean, sigma, cells, daily, u, v, x, y)))


def daily_factor(strength: float | np.ndarray, hour: float | np.ndarray) -> np.ndarray:
    """Factor on the wet area at an hour of the day (UTC), with mean 1 and maximum at 16:30."""
    return np.exp(strength * np.cos((hour - 16.5) * np.pi / 12)) / i0(strength)


def _half_hour(time: np.datetime64) -> int:
    """Half-hours since 1970."""
    return int(time.astype("datetime64[s]").astype(np.int64) // 1800)


def _ramped(table: np.ndarray) -> np.ndarray:
    """Moving average over seven half-hours, which makes ramps of three hours between spells.

    Computed as a mean of shifted copies, so that the result does not depend on the start.
    """
    half_width = 3
    padded = np.pad(table, ((half_width, half_width), (0, 0)), mode="edge")
    n = len(table)
    return np.stack([padded[i : i + n] for i in range(2 * half_width + 1)]).mean(axis=0)


def _closed_path(speed: np.ndarray, side_km: float) -> tuple[np.ndarray, np.ndarray]:
    """Adjust a speed [km/h] to a whole number of turns per epoch; return it and the path [km]."""
    steps = speed.reshape(-1, _EPOCH_STEPS) / STEPS_PER_HOUR
    total = steps.sum(axis=1, keepdims=True)
    steps = steps + (np.round(total / side_km) * side_km - total) / _EPOCH_STEPS
    path = np.cumsum(steps, axis=1) - steps
    return steps.ravel() * STEPS_PER_HOUR, path.ravel()


def _spells(epoch: int, seed: int, world: World) -> list[tuple]:
    """Spells of one epoch: (half-hours, regime, wet, mean, sigma, cells, daily, u, v)."""
    rng = np.random.default_rng([seed, _STREAM, epoch])
    spells: list[tuple] = []
    step, name = 0, None
    while step < _EPOCH_STEPS:
        name = _next_regime(
            rng, name, epoch * EPOCH_HOURS + step / STEPS_PER_HOUR, seed, world.warmth
        )
        regime = REGIMES[name]
        steps = max(4, round(rng.gamma(3.0, regime.hours / 3.0) * STEPS_PER_HOUR))
        steps = min(steps, _EPOCH_STEPS - step)
        typical = regime.wet * world.wet_area, regime.mean * world.rain_rate
        wet, mean = np.array(typical) * np.exp(rng.normal(-0.03, 0.25, 2))
        speed = world.speed * max(5.0, regime.speed * rng.normal(1.0, 0.2))
        heading = np.deg2rad(regime.heading + world.turn + rng.normal(0.0, 25.0))
        u, v = speed * np.cos(heading), speed * np.sin(heading)
        warm = (1 + season(epoch * EPOCH_HOURS + step / STEPS_PER_HOUR, peak=_WARMEST)) / 2
        cells = np.clip(regime.cells + world.cell_share_shift, 0.0, 1.0)
        rain = wet, mean, regime.sigma * world.rate_spread, cells, regime.daily * warm
        spells.append((steps, name, *rain, u, v))
        step += steps
    return spells


def _next_regime(
    rng: np.random.Generator, previous: str | None, hours: float, seed: int, warmth: float
) -> str:
    """Draw the next regime given the previous one, season, hour of day and freezing level."""
    summer = season(hours, peak=_WARMEST)
    cold = snow_share(freezing_level(hours, seed=seed, warmth=warmth))
    noon = np.cos((hours % 24 - 12) * np.pi / 12)
    weights = [
        0.0
        if name == previous
        else max(0.0, regime.weight * (1 + regime.season * summer))
        * (1 + regime.onset * noon)
        * FOLLOWERS.get((previous or "", name), 1.0)
        * (cold if name == "snow" else 1.0)
        for name, regime in REGIMES.items()
    ]
    return str(rng.choice(list(REGIMES), p=np.array(weights) / sum(weights)))
