"""Command `rainscore monitor`: test carried rain by the next microwave pass."""

import sys
from pathlib import Path

import click

from rainscore.cli.inputs import expand_paths
from rainscore.cli.parameters import PATH, Finite, SeveralValues, bbox_option, out_option
from rainscore.cli.printing import complain, say


class BoxSide(Finite):
    """Side of a box [degrees], in whole cells of 0.1°."""

    name = "degrees"

    def convert(self, value, param, ctx) -> float:
        """Read the side."""
        side = super().convert(value, param, ctx)
        if not 0.5 <= side <= 30 or abs(side * 10 - round(side * 10)) > 1e-6:
            self.fail(f"{value} is not a multiple of 0.1 from 0.5 to 30", param, ctx)
        return side


@click.command(
    "monitor",
    cls=SeveralValues,
    short_help="Test the carried rain of Early granules by the next microwave pass.",
)
@click.argument("granules", nargs=-1, required=True, type=PATH)
@click.option(
    "--scored",
    multiple=True,
    type=PATH,
    metavar="SCORED…",
    help="Files of `rainscore score` of the same period, or folders of them.",
)
@click.option(
    "--box",
    type=BoxSide(),
    default=2.5,
    show_default=True,
    metavar="DEGREES",
    help="Side of the boxes [degrees], 0.5 to 30.",
)
@bbox_option("Area [degrees]; by default that of the first granule.")
@out_option("monitored", "Folder of the tables and the figure.")
def monitor_command(
    granules: tuple[Path, ...],
    scored: tuple[Path, ...],
    box: float,
    bbox: tuple[float, float, float, float] | None,
    out: Path,
) -> int:
    """Test Early granules without radar or gauges.

    The rain of half-hours without a microwave pass is compared with what the pass of the next
    half-hour observed. GRANULES are files, folders or patterns of consecutive half-hours of
    several days, or `-` for a list on standard input.
    """
    from rainscore.evaluation.monitoring import (
        MonitorSettings,
        monitor,
        summary,
        write_monitoring,
    )
    from rainscore.imerg.names import is_granule_name
    from rainscore.report.figures.plot_monitor import plot_monitor
    from rainscore.report.figures.style import save

    files = expand_paths(granules, sys.stdin.buffer, wanted=is_granule_name, kind="IMERG granule")
    result = monitor(files, list(scored), MonitorSettings(box, bbox))
    write_monitoring(result, out)
    save(plot_monitor(result), out / "monitor.png")
    if result.failures:
        complain(*result.failures)
    say(*summary(result), f"tables and figure → {out}")
    return 1 if result.failures else 0
