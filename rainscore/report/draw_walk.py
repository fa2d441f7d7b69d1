"""Pictures of consecutive held-out half-hours, through which the report walks in time."""

from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.io import read_months, read_table
from rainscore.prediction.selection import rainiest
from rainscore.report.draw_skill import SkillFiles, case_maps
from rainscore.report.figures.plot_cases import plot_cases
from rainscore.report.figures.style import save
from rainscore.times import HALF_HOUR

HALF_HOURS = 12
"""Number of half-hours, at most."""

DPI = 75
"""Resolution of the pictures: five maps beside each other fill the width of the page."""


def draw_walk(files: SkillFiles, folder: Path, *, world: str) -> None:
    """Draw IMERG, radar, observed and predicted score of half-hours around the rainiest one.

    Args:
        files: Files of the run.
        folder: Folder for one PNG per half-hour, named by its start in UTC.
        world: 'simulated' or 'real'.
    """
    table = read_months(list(files.tables))
    times = walk_times(read_table(files.splits), table)
    maps = case_maps(files, times)
    folder.mkdir(parents=True, exist_ok=True)
    for number, time in enumerate(times):
        figure = plot_cases(maps.at(number), times[number : number + 1], world=world)
        save(figure, folder / f"{pd.Timestamp(time):%Y-%m-%dT%H%M}.png", dpi=DPI)


def walk_times(splits: pd.DataFrame, table: pd.DataFrame) -> np.ndarray:
    """Return consecutive half-hours of the test split around the one with the most rain.

    Args:
        splits: Split of each half-hour: time, split.
        table: Score tables: time, hits, map_score.

    Returns:
        Starts in order, dims (at most `HALF_HOURS`,); only half-hours with a score, where there
        are any.
    """
    (centre,) = rainiest(splits, table, 1)
    test = splits.loc[splits["split"] == "test", "time"]
    scored = table.loc[table["map_score"].notna(), "time"]
    times = np.sort((test[test.isin(scored)] if test.isin(scored).any() else test).to_numpy())
    run = np.cumsum(np.diff(times, prepend=times[:1]) > HALF_HOUR)
    together = times[run == run[times == centre]]
    first = int(np.searchsorted(together, centre)) - HALF_HOURS // 2
    first = max(0, min(first, together.size - HALF_HOURS))
    return together[first : first + HALF_HOURS]
