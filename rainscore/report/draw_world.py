"""Figures of the section on the simulated world, from the result files of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from rainscore.io import read_months, read_table
from rainscore.report.figures.plot_world import plot_world
from rainscore.report.runsample import RunSample


@dataclass(frozen=True)
class WorldFiles:
    """Files that the figures of the simulated world are drawn from.

    Attributes:
        rain, satellite: Tables of simulated, published and real values.
        tables: Score tables, one per month.
    """

    rain: str
    satellite: str
    tables: Sequence[str]


def _world(files: WorldFiles, sample: RunSample) -> Figure:
    return plot_world(
        read_table(files.rain),
        read_table(files.satellite),
        half_hours=len(read_months(list(files.tables))),
        period=sample.period,
        world=sample.world,
    )


WORLD_FIGURES: Mapping[str, Callable[[WorldFiles, RunSample], Figure]] = {"world": _world}
"""Function that draws each figure, by name."""
