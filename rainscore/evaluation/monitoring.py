"""Monitoring of Early granules without radar or gauges: how well the carried rain held."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import rankdata

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.evaluation.boxes import Boxes, cells_within
from rainscore.evaluation.carriedrain import FIELDS, STATISTICS, carried_sums, cells_of
from rainscore.evaluation.predictedboxes import PREDICTED, predicted_sums
from rainscore.grids import Grid
from rainscore.imerg.reader import check_granule, read_granule
from rainscore.io import write_text
from rainscore.scores.bootstrap import day_weights, interval, measured, with_sample
from rainscore.scores.sums import ratio

log = logging.getLogger("rainscore")

MIN_PASSES = 5.0
"""Minimum number of tested areas of a box; with fewer its agreement is missing."""

MIN_BOXES = 10
"""Minimum number of boxes for a rank correlation."""

AGREEMENT, PREDICTED_SCORE = "agreement", "predicted score"

_ALL = [*STATISTICS, *PREDICTED]
_CHUNK = 500  # boxes per step, which limits the memory


@dataclass(frozen=True)
class MonitorSettings:
    """Settings of the monitoring.

    Attributes:
        degrees: Side of the boxes [degrees].
        bbox: West, south, east and north of the area [degrees]; None for that of the first file.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples.
    """

    degrees: float = 2.5
    bbox: tuple[float, float, float, float] | None = None
    resamples: int = 1000
    seed: int = 0


@dataclass(frozen=True)
class Monitoring:
    """Result of the monitoring.

    Attributes:
        grid: Grid of the boxes.
        boxes: One row per box with tested cells: longitude and latitude of the centre, passes, mean
            carried and observed rain [mm/h], and value, low and high of the agreement and of the
            predicted score.
        overall: Measures of all boxes together: measure, value, low, high, days, boxes.
        half_hours: Number of granules.
        period: First and last half-hour.
        world: "real" or "simulated".
        failures: Messages about granules that are not used.
    """

    grid: Grid
    boxes: pd.DataFrame
    overall: pd.DataFrame
    half_hours: int
    period: tuple[np.datetime64, np.datetime64]
    world: str
    failures: list[str] = field(default_factory=list)


def monitor(
    files: Sequence[Path], scored: Sequence[Path] = (), settings: MonitorSettings | None = None
) -> Monitoring:
    """Compare carried rain with the microwave pass of the next half-hour, box by box.

    Args:
        files: Early granules, in any order.
        scored: Scored maps (`rainscore score`) of the same period, or folders of them.
        settings: Settings.

    Raises:
        RainscoreError: A granule is not of the Early run, there are no consecutive half-hours with
            passes, or simulated and real data are mixed.
    """
    settings = settings or MonitorSettings()
    by_time, failures = _listed(files)
    reader = _Reader(by_time, settings.bbox, failures)
    boxes = Boxes(reader.cells, settings.degrees)
    sums = carried_sums(reader.granules(), boxes)
    if sums.empty:
        raise RainscoreError(
            "no microwave pass follows a half-hour without one: give consecutive half-hours with "
            "the microwave fields (`rainscore inspect` names the fields that a file lacks)"
        )
    period = min(by_time), max(by_time)
    predicted = predicted_sums(scored, boxes, period=period, world=reader.world)
    daily = sums.merge(predicted, on=["box", "day"], how="left").fillna(
        dict.fromkeys(PREDICTED, 0.0)
    )
    days = pd.DatetimeIndex(np.unique(daily["day"]))
    weights = day_weights(days.size, resamples=settings.resamples, seed=settings.seed)
    return Monitoring(
        grid=boxes.grid,
        boxes=_by_box(daily, boxes.grid, days, weights),
        overall=_overall(daily, days, weights),
        half_hours=reader.read,
        period=period,
        world=reader.world,
        failures=failures,
    )


def _listed(files: Sequence[Path]) -> tuple[dict[np.datetime64, Path], list[str]]:
    """Granules by start of the half-hour in order, and messages about unreadable files."""
    by_time: dict[np.datetime64, Path] = {}
    failures = []
    for file in dict.fromkeys(files):
        try:
            half_hours = check_granule(file)
        except (RainscoreError, OSError) as error:
            failures.append(str(error))
            continue
        for half_hour in half_hours:
            if half_hour.run != "early":
                raise RainscoreError(
                    f"{file}: its run is {half_hour.run}, but the test needs Early granules: in "
                    "Late and Final the rain before a pass is computed with that pass"
                )
            other = by_time.setdefault(half_hour.start, file)
            if other != file:
                raise RainscoreError(
                    f"{other} and {file} are of the same half-hour: give one of them"
                )
    if not by_time:
        raise RainscoreError("no granule can be read: " + "; ".join(failures))
    return dict(sorted(by_time.items())), failures


class _Reader:
    """Granules of one area in order of time; files that cannot be read are left out.

    Args:
        by_time: Files by start of the half-hour.
        bbox: Area [degrees], or None.
        failures: List to which messages are added.
    """

    def __init__(
        self,
        by_time: Mapping[np.datetime64, Path],
        bbox: tuple[float, float, float, float] | None,
        failures: list[str],
    ) -> None:
        self._files, self._failures = by_time, failures
        self.cells = (
            cells_within(bbox)
            if bbox
            else cells_of(read_granule(by_time[min(by_time)], names=("mw_source",)))
        )
        self.read, self.world = 0, ""

    def granules(self) -> Iterator[xr.Dataset]:
        """Granules with the fields of the test."""
        for time, file in self._files.items():
            try:
                granule = read_granule(file, self.cells, FIELDS, time=time)
                if granule.attrs["absent"]:
                    raise DamagedFile(
                        file,
                        f"it has no {granule.attrs['absent']}",
                        "download it with the microwave rain and its source",
                    )
            except (RainscoreError, OSError) as error:
                self._failures.append(str(error))
                continue
            world = granule.attrs["world"]
            if self.world not in ("", world):
                raise RainscoreError(f"{file} is {world}, the granules before it {self.world}")
            self.read, self.world = self.read + 1, world
            yield granule


def _scores(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Agreement and predicted score from sums (..., statistic)."""
    numerator, denominator, _, _, _, score, rain = np.moveaxis(sums, -1, 0)
    return {
        AGREEMENT: 1 - ratio(numerator, denominator),
        PREDICTED_SCORE: ratio(score, rain),
    }


def _by_box(
    daily: pd.DataFrame, grid: Grid, days: pd.DatetimeIndex, weights: np.ndarray
) -> pd.DataFrame:
    """Table of the boxes (`Monitoring.boxes`)."""
    chunk = daily["box"].to_numpy() // _CHUNK
    measure = partial(measured, by=["box"], statistics=_ALL, measures=_scores)
    long = pd.concat(
        [measure(part, days=days, weights=weights) for _, part in daily.groupby(chunk)]
    )
    totals = daily.groupby("box")[_ALL].sum()
    box = totals.index.to_numpy(int)
    table = pd.DataFrame(
        {
            "longitude": grid.x[box % grid.nx],
            "latitude": grid.y[box // grid.nx],
            "passes": totals["passes"],
            "days": daily.groupby("box")["day"].nunique(),
            "carried_rain": totals["carried"] / totals["passes"],
            "observed_rain": totals["observed"] / totals["passes"],
        }
    )
    for name in (AGREEMENT, PREDICTED_SCORE):
        rows = long[long["measure"] == name].set_index("box").reindex(totals.index)
        column = name.replace(" ", "_")
        for end in ("value", "low", "high"):
            suffix = "" if end == "value" else f"_{end}"
            table[column + suffix] = rows[end].where(totals["passes"] >= MIN_PASSES)
    return table.reset_index()


def _overall(daily: pd.DataFrame, days: pd.DatetimeIndex, weights: np.ndarray) -> pd.DataFrame:
    """Measures of all boxes with enough passes together (`Monitoring.overall`)."""
    enough = daily.groupby("box")["passes"].transform("sum") >= MIN_PASSES
    used = daily[enough]
    number, labels = used["box"].factorize()
    cube = np.zeros((len(labels), days.size, len(_ALL)))
    cube[number, days.get_indexer(pd.DatetimeIndex(used["day"]))] = used[_ALL].to_numpy(float)
    rows: dict[str, list[float]] = {}
    for draw in with_sample(weights):
        sums = np.tensordot(cube, draw, axes=(1, 0))  # (box, statistic)
        measures = {name: float(value) for name, value in _scores(sums.sum(axis=0)).items()}
        measures["rank correlation of both"] = _rank_correlation(*_scores(sums).values())
        for name, value in measures.items():
            rows.setdefault(name, []).append(value)
    return pd.DataFrame(
        [
            (name, values[0], *interval(np.array(values[1:]), days.size), days.size, len(labels))
            for name, values in rows.items()
        ],
        columns=["measure", "value", "low", "high", "days", "boxes"],
    )


def _rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Rank correlation over boxes in which both are defined; NaN with few boxes."""
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < MIN_BOXES:
        return float("nan")
    ranks = rankdata(x[both]), rankdata(y[both])
    if min(np.ptp(r) for r in ranks) == 0:
        return float("nan")
    return float(np.corrcoef(ranks)[0, 1])


def write_monitoring(result: Monitoring, folder: Path) -> None:
    """Write the tables `boxes.csv` and `overall.csv`."""
    for name in ("boxes", "overall"):
        table: pd.DataFrame = getattr(result, name)
        write_text(table.to_csv(index=False, float_format="%.6g"), folder / f"{name}.csv")


def summary(result: Monitoring) -> list[str]:
    """Lines of text with the main results."""
    first, last = (str(time.astype("datetime64[m]")) for time in result.period)
    enough = int((result.boxes["passes"] >= MIN_PASSES).sum())
    lines = [
        f"{result.half_hours} half-hours, {first} to {last}; {len(result.boxes)} boxes with passes "
        f"after carried rain, {enough} of them with at least {MIN_PASSES:g}"
    ]
    for _, row in result.overall.dropna(subset="value").iterrows():
        ends = f" [{row['low']:.3f}, {row['high']:.3f}]" if pd.notna(row["low"]) else ""
        size = f"({row['days']} days, {row['boxes']} boxes)"
        lines.append(f"{row['measure']}: {row['value']:.3f}{ends} {size}")
    return lines
