"""Worlds: the parameters of the simulated rain, satellites and radar, and their ranges.

The reference world is tuned to published values (docs/simulation.md). Other worlds are draws from
documented ranges: `low` to `high` for the worlds in which networks are trained, and the wider
`lowest` to `highest` for worlds that are used for evaluation only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

_STREAM = 61  # random stream of the worlds


@dataclass(frozen=True)
class World:
    """Parameters of a simulated world; the defaults are those of the reference world.

    Attributes:
        wet_area: Factor on the wet share of each weather regime.
        rain_rate: Factor on the mean rate where wet.
        rate_spread: Factor on the standard deviation of the logarithm of the rate.
        lifetime: Factor on the lifetime of the rain structures.
        slope_shift: Increase of the exponents of the spatial power spectrum.
        cell_share_shift: Increase of the share of convective cells.
        speed: Factor on the speed of the rain.
        turn: Rotation of the direction of motion [degrees, anticlockwise].
        warmth: Increase of the freezing level [m].
        availability: Share of the satellites whose data reach the product.
        retrieval_noise: Factor on the random error of microwave rates (logarithm).
        shared_noise: Share of the variance of this error that all sensors have in common.
        detection_threshold: Factor on the detection thresholds of microwave sensors.
        false_alarms: Factor on the rate of false microwave rain.
        footprint: Factor on the footprints of microwave sensors.
        displacement: Standard deviation of the location error of a microwave pass [km].
        aloft: Greatest age of the rain that microwave sensors observe aloft [min].
        motion_error: Standard deviation of the local error of the motion [km/h].
        infrared_noise: Standard deviation of the logarithm of the infrared rate error.
        shield: Size of the cold cloud shields [km].
        rate_exponent: Exponent of the retrieved as a function of the true rate; below 1, light
            rain is overestimated and heavy rain underestimated.
        gain: Factor on microwave rates.
        sharpening: Share of the local distribution of rates that is restored after the merge, 0
            (up to V06) to 1 (V07).
        radar_errors: Factor on all errors of the radar.
    """

    wet_area: float = 1.0
    rain_rate: float = 1.0
    rate_spread: float = 1.0
    lifetime: float = 1.0
    slope_shift: float = 0.0
    cell_share_shift: float = 0.0
    speed: float = 1.0
    turn: float = 0.0
    warmth: float = 0.0
    availability: float = 0.93
    retrieval_noise: float = 1.0
    shared_noise: float = 0.75
    detection_threshold: float = 1.0
    false_alarms: float = 1.0
    footprint: float = 1.0
    displacement: float = 7.0
    aloft: float = 51.0
    motion_error: float = 24.0
    infrared_noise: float = 1.3
    shield: float = 85.0
    rate_exponent: float = 0.85
    gain: float = 1.04
    sharpening: float = 1.0
    radar_errors: float = 1.0

    def as_dict(self) -> dict[str, float]:
        """Parameters by name, for JSON; `World(**d)` is the inverse."""
        return asdict(self)


REFERENCE = World()
"""World whose parameters are tuned to published values."""


@dataclass(frozen=True)
class Range:
    """Range of a parameter.

    Attributes:
        low, high: Range of the worlds for training.
        lowest, highest: Range of the worlds for evaluation only.
        source: Evidence for the range.
        factor: Whether draws are uniform in the logarithm.
    """

    low: float
    high: float
    lowest: float
    highest: float
    source: str
    factor: bool = False


def _factor(low: float, high: float, lowest: float, highest: float, source: str) -> Range:
    return Range(low, high, lowest, highest, source, factor=True)


RANGES: dict[str, Range] = {
    "wet_area": _factor(0.65, 1.4, 0.45, 1.8, "wet shares of 12 real radar cases, 1 to 27 %"),
    "rain_rate": _factor(0.7, 1.4, 0.5, 1.8, "mean rate when wet of real cases, 0.65 to 2.0 mm/h"),
    "rate_spread": _factor(0.9, 1.15, 0.8, 1.3, "SD of ln(rate) of real cases, 1.02 to 1.26"),
    "lifetime": _factor(0.7, 1.5, 0.5, 2.0, "Lagrangian correlations of real cases"),
    "slope_shift": Range(-0.2, 0.25, -0.35, 0.4, "autocorrelation of real cases, ± 0.06 and more"),
    "cell_share_shift": Range(-0.12, 0.2, -0.2, 0.35, "assumption: more convection southward"),
    "speed": _factor(0.75, 1.3, 0.5, 1.6, "speeds of real cases, 20 to 60 km/h"),
    "turn": Range(-30, 30, -180, 180, "direction of the prevailing wind by region"),
    "warmth": Range(-300, 500, -800, 1800, "freezing level from mid-latitudes to the tropics"),
    "availability": Range(0.62, 1.0, 0.5, 1.0, "microwave share 0.22 (real V04B) to 0.36"),
    "retrieval_noise": _factor(0.8, 1.25, 0.6, 1.5, "correlation of GPROF by region, .36 to .78"),
    "shared_noise": Range(0.55, 0.85, 0.3, 0.95, "assumption: ice aloft against surface rain"),
    "detection_threshold": _factor(0.7, 1.4, 0.5, 1.9, "POD of GPROF by region, .37 to .76"),
    "false_alarms": _factor(0.6, 1.5, 0.35, 2.0, "FAR of GPROF by region, .35 to .69"),
    "footprint": _factor(0.85, 1.25, 0.7, 1.5, "footprints by channel, 5 to 45 km"),
    "displacement": Range(4, 10, 2, 14, "parallax of 2 to 14 km"),
    "aloft": Range(30, 55, 16, 70, "lag of IMERG, 0 (hourly, Texas) to 0.6 h"),
    "motion_error": Range(15, 36, 8, 50, "assumption around the tuned value"),
    "infrared_noise": Range(1.0, 1.6, 0.8, 1.8, "assumption around the tuned value"),
    "shield": Range(60, 110, 45, 140, "assumption around the tuned value"),
    "rate_exponent": Range(0.78, 0.95, 0.7, 1.05, "assumption around the tuned value"),
    "gain": _factor(0.85, 1.3, 0.7, 1.6, "bias against gauges and radar, 0.89 to 1.52"),
    "sharpening": Range(0.0, 1.0, 0.0, 1.0, "V06 and V07"),
    "radar_errors": _factor(0.6, 1.4, 0.4, 1.8, "mosaics of several networks"),
}
"""Ranges by name of the parameter."""


def draw_worlds(count: int, *, seed: int, unseen: bool = False) -> list[World]:
    """Draw worlds from the ranges by Latin hypercube sampling.

    Args:
        count: Number of worlds.
        seed: Random seed.
        unseen: Whether to use the wider ranges of the worlds for evaluation only.

    Returns:
        The worlds. With `count` 1 and the narrow ranges, the reference world.

    Raises:
        ValueError: `count` is less than 1.
    """
    if count < 1:
        raise ValueError(f"the number of worlds is {count}, but must be at least 1")
    if count == 1 and not unseen:
        return [REFERENCE]
    # The stream separates seen from unseen worlds of the same seed.
    rng = np.random.default_rng([seed, _STREAM, unseen])
    # Each parameter takes one value in each of `count` equal parts of its range.
    strata = np.stack([rng.permutation(count) for _ in RANGES], axis=1)
    points = (strata + rng.random(strata.shape)) / count
    return [World(**dict(_scaled(point, unseen))) for point in points]


def transfer_cases(
    *, worlds: int, days: int, starts: Sequence[str], radar_folder: str, seed: int
) -> dict[str, dict]:
    """List the cases on which nothing is learnt, for the rule that simulates them.

    Args:
        worlds: Number of unseen worlds.
        days: Days of each unseen world.
        starts: First times of the months of the run, of which the unseen worlds take turns.
        radar_folder: Folder of real rain sequences; empty for none.
        seed: Random seed.

    Returns:
        By name of the case: `kind`, `radar` (file of the rain, or an empty list), `span` (start
        and end of simulated rain), `world` (parameters), `seed`.
    """
    unseen = draw_worlds(worlds, seed=seed, unseen=True) if worlds else []
    files = sorted(Path(radar_folder).glob("*.nc")) if radar_folder and unseen else []
    cases: dict[str, dict] = {}
    for number, world in enumerate(unseen):
        start = np.datetime64(starts[number % len(starts)], "s")
        cases[f"unseen-world-{number + 1}"] = {
            "kind": "unseen world",
            "radar": [],
            "span": [str(start), str(start + np.timedelta64(days, "D"))],
            "world": world.as_dict(),
            "seed": seed + 1 + number,
        }
    for number, file in enumerate(files):
        cases[file.stem] = {
            "kind": "real radar",
            "radar": str(file),
            "span": [],
            "world": unseen[number % len(unseen)].as_dict(),
            "seed": seed + 1 + number,
        }
    return cases


def _scaled(point: np.ndarray, unseen: bool) -> Iterator[tuple[str, float]]:
    """Parameters from a point of the unit cube, rounded to four significant digits."""
    for share, (name, r) in zip(point, RANGES.items(), strict=True):
        low, high = (r.lowest, r.highest) if unseen else (r.low, r.high)
        value = low * (high / low) ** share if r.factor else low + (high - low) * share
        yield name, float(f"{value:.4g}")


assert [field.name for field in fields(World)] == list(RANGES)  # each parameter has its range
