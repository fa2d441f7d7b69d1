"""Agreement of carried rain with the next microwave pass, compared with the true score.

Early is simulated in several worlds. For each world, week and box the test that needs no truth
(`rainscore.evaluation.carriedrain`) is compared with the affinity of Early and the true rain.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from monitor_figure import plot_evidence
from monitor_table import correlations, score_table
from rainmotion import motion, moved_on
from scipy.ndimage import uniform_filter

from rainscore.evaluation.boxes import Boxes
from rainscore.evaluation.carriedrain import HalfHour
from rainscore.evaluation.transfercases import CaseRain, simulated_rain
from rainscore.grids import window_grid
from rainscore.report.figures.style import save
from rainscore.scores.localscore import WindowMeans
from rainscore.simulation.product import simulate_imerg
from rainscore.simulation.rainsequence import sequence_truth
from rainscore.simulation.worlds import World, draw_worlds
from rainscore.times import HALF_HOUR

GRID = window_grid(centre=(2.5, 46.5), size_km=(800, 800), step_km=8)
DEGREES = 2.5
DAYS = 7
SEED = 5
STEP_MINUTES = 10
WET = 0.1
SMOOTH = 5  # cells, about the side of the window of the local score


def weekly_sums(world: World, start: np.datetime64, *, days: int, seed: int) -> pd.DataFrame:
    """Sums of one world and period by kind, day and box."""
    case = simulated_rain(
        GRID,
        start,
        start + np.timedelta64(days, "D"),
        seed=seed,
        world=world,
        step_minutes=STEP_MINUTES,
    )
    boxes = Boxes(case.cells, DEGREES)
    granules = simulate_imerg(
        sequence_truth(case.rain, case.times),
        case.cells,
        start,
        start + np.timedelta64(days, "D"),
        seed=seed,
        run="early",
        world=world,
    )
    truths = _half_hourly(case)
    sums: dict[tuple, np.ndarray] = {}
    earlier, before = None, None
    for granule in granules:
        now = HalfHour.of(granule)
        for kind, (f, o) in comparisons(earlier, before, now, truths, boxes).items():
            means = np.stack(boxes.means(f, o, wet_threshold=WET))
            key = kind, str(now.time.astype("datetime64[D]"))
            sums[key] = sums.get(key, 0) + means
        earlier, before = before, now
    return _table(sums)


def comparisons(earlier, before, now, truths, boxes) -> dict[str, tuple]:
    """Pairs of rain to compare in a half-hour, by name."""
    truth = truths[now.time]
    pairs = {
        "true": (now.rain, truth),
        "true carried": (now.carried, truth),
        "true observed": (now.observed, truth),
    }
    if before is None or not now.follows(before):
        return pairs
    pairs["persisted"] = before.carried, now.observed
    # The same cells, half-hour before, with the truth: what an exact pass would measure.
    tested = np.where(np.isfinite(now.observed), before.carried, np.nan)
    pairs["true tested"] = tested, truths[before.time]
    pairs["persisted smooth"] = _smooth(*pairs["persisted"])
    if earlier is not None and before.follows(earlier):
        shift = motion(earlier.rain, before.rain, boxes)
        moved = moved_on(before.carried, shift, boxes)
        pairs["moved"] = moved, now.observed
        pairs["moved smooth"] = _smooth(moved, now.observed)
        pairs["moved, exact pass"] = moved, np.where(np.isfinite(now.observed), truth, np.nan)
    return pairs


def _smooth(f: np.ndarray, o: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means over squares of `SMOOTH` × `SMOOTH` cells, of the cells in which both are valid."""
    valid = np.isfinite(f) & np.isfinite(o)
    share = uniform_filter(valid.astype(np.float64), SMOOTH, mode="constant")
    return tuple(
        np.where(
            valid,
            np.maximum(uniform_filter(np.where(valid, x, 0.0), SMOOTH, mode="constant"), 0)
            / np.where(valid, share, 1),
            np.nan,
        )
        for x in (f, o)
    )


def _half_hourly(case: CaseRain) -> dict[np.datetime64, np.ndarray]:
    """True rain on the cells by start of the half-hour."""
    first = case.half_hours[0]
    row = (case.times - first) // HALF_HOUR
    return {
        time: case.rain[row == number].mean(axis=0)
        for number, time in enumerate(case.half_hours.astype("datetime64[ns]"))
    }


def _table(sums: dict[tuple, np.ndarray]) -> pd.DataFrame:
    """One row per kind, day and box."""
    tables = []
    for (kind, day), values in sums.items():
        rows = pd.DataFrame(values.reshape(len(values), -1).T, columns=WindowMeans._fields)
        tables.append(rows.assign(kind=kind, day=day, box=np.arange(len(rows))))
    return pd.concat(tables, ignore_index=True)


@dataclass(frozen=True)
class Case:
    """Week of a world.

    Attributes:
        ranges: Ranges from which the world is drawn, "training" or "wider".
        number: Number of the world.
        week: Number of the week; each week of a world is in another month.
        world: The world.
    """

    ranges: str
    number: int
    week: int
    world: World

    @property
    def start(self) -> np.datetime64:
        """Start of the week, the tenth day of a month."""
        month = np.datetime64("2019-01") + (self.number + 6 * self.week) % 12
        return month.astype("datetime64[s]") + np.timedelta64(9, "D")

    @property
    def seed(self) -> int:
        """Random seed of rain and satellites."""
        return 1000 + 100 * self.week + self.number

    def sums(self, folder: Path) -> pd.DataFrame:
        """Sums of the week, which are kept in a folder."""
        file = folder / f"{self.ranges}{self.number:02d}_week{self.week}.parquet"
        if not file.exists():
            weekly_sums(self.world, self.start, days=DAYS, seed=self.seed).to_parquet(file)
            print(file, flush=True)
        label = f"{self.ranges}-{self.number}"
        return pd.read_parquet(file).assign(ranges=self.ranges, world=label, week=self.week)


def cases(worlds: int, weeks: int, wider: int) -> list[Case]:
    """Weeks of the worlds from the ranges for training, and one week of the others."""
    seen = list(enumerate(draw_worlds(worlds, seed=SEED)))
    unseen = list(enumerate(draw_worlds(wider, seed=SEED, unseen=True)))
    return [
        *(Case("training", number, week, w) for week in range(weeks) for number, w in seen),
        *(Case("wider", number, 0, w) for number, w in unseen),
    ]


def main() -> None:
    """Simulate the worlds, or read their sums, and write the tables and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=12, help="worlds from the ranges of training")
    parser.add_argument("--weeks", type=int, default=1, help="weeks of each of them")
    parser.add_argument("--wider", type=int, default=6, help="worlds from the wider ranges")
    parser.add_argument("--cache", type=Path, required=True, help="folder of intermediate sums")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the tables and the figure"
    )
    parser.add_argument("--resamples", type=int, default=30)
    options = parser.parse_args()
    for folder in (options.cache, options.out):
        folder.mkdir(parents=True, exist_ok=True)
    listed = cases(options.worlds, options.weeks, options.wider)
    sums = pd.concat([case.sums(options.cache) for case in listed])
    tables = {ranges: score_table(part, 48 * DAYS) for ranges, part in sums.groupby("ranges")}
    boxes, results = [], []
    for ranges, part in tables.items():
        boxes.append(part.reset_index().assign(ranges=ranges))
        result = correlations(part, tables["training"], resamples=options.resamples, seed=0)
        results.append(result.assign(ranges=ranges))
    scores, table = pd.concat(boxes), pd.concat(results)
    scores.to_csv(options.out / "monitor_boxes.csv", index=False, float_format="%.4g")
    table.to_csv(options.out / "monitor.csv", index=False, float_format="%.4g")
    save(plot_evidence(scores, table), options.out / "monitor.svg")
    print(table.to_string())


if __name__ == "__main__":
    main()
