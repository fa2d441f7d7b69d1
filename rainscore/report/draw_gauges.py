"""Figure of the section on rain gauges, from the result files of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from rainscore.evaluation.gaugeverification import read_verification
from rainscore.report.figures.plot_gauges import plot_gauges


@dataclass(frozen=True)
class GaugeFiles:
    """Files that the figure of the gauges is drawn from.

    Attributes:
        verification: Files of the verification, in one folder.
    """

    verification: Sequence[str]


def _gauges(files: GaugeFiles) -> Figure:
    return plot_gauges(read_verification(Path(files.verification[0]).parent))


GAUGE_FIGURES: Mapping[str, Callable[[GaugeFiles], Figure]] = {"gauges": _gauges}
"""Function that draws each figure, by name."""
