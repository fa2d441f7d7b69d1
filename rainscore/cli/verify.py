"""Command `rainscore verify`: compare scored maps with rain gauges."""

from pathlib import Path

import click

from rainscore.cli.parameters import PATH, SeveralValues, out_option
from rainscore.cli.printing import say


@click.command("verify", cls=SeveralValues, short_help="Compare scored maps with rain gauges.")
@click.argument("scored", nargs=-1, required=True, type=PATH)
@click.option("--gauges", type=PATH, required=True, metavar="TABLE", help="Table of accumulations.")
@click.option(
    "--stations",
    type=PATH,
    metavar="TABLE",
    help="Table of station, longitude and latitude, if the gauge table lacks the coordinates.",
)
@click.option(
    "--period-minutes",
    type=int,
    metavar="N",
    help="Accumulation period [min], a multiple of 30; or a column period_minutes.",
)
@click.option(
    "--time-marks",
    type=click.Choice(["start", "end"]),
    help="Whether the time is the start or the end of the accumulation; or a column time_marks.",
)
@click.option(
    "--time-zone",
    metavar="ZONE",
    help="Time zone: UTC, UTC-03:00 or a name such as America/Sao_Paulo; or a column time_zone.",
)
@click.option(
    "--columns",
    multiple=True,
    metavar="NAME=COLUMN…",
    help="Columns of other names, such as station=code longitude=lon.",
)
@click.option(
    "--compare",
    multiple=True,
    metavar="VARIABLE…",
    help="Further variables of the scored maps to compare with the predicted score.",
)
@out_option("verified", "Folder of the tables and the figure.")
def verify_command(
    scored: tuple[Path, ...],
    gauges: Path,
    stations: Path | None,
    period_minutes: int | None,
    time_marks: str | None,
    time_zone: str | None,
    columns: tuple[str, ...],
    compare: tuple[str, ...],
    out: Path,
) -> int:
    """Compare scored maps with rain gauges: does a higher predicted score mean better agreement?

    SCORED are files of `rainscore score`, or folders of them. The gauge table (CSV or Parquet) has
    the columns station, longitude, latitude, time and millimetres; empty values are missing.
    """
    from rainscore.evaluation.gaugetables import GaugeFormat, read_gauges
    from rainscore.evaluation.gaugeverification import (
        VerificationSettings,
        summary,
        verify,
        write_verification,
    )
    from rainscore.report.figures.plot_gauges import plot_gauges
    from rainscore.report.figures.style import save

    names = dict(pair.partition("=")[::2] for pair in columns)
    form = GaugeFormat(period_minutes, time_marks, time_zone, names)
    table = read_gauges(gauges, form, stations=stations)
    result = verify(scored, table, VerificationSettings(list(compare)))
    write_verification(result, out)
    save(plot_gauges(result), out / "gauges.png")
    say(*summary(result), f"tables and figure → {out}")
    return 0
