"""Command line: `rainscore score` scores maps, `verify` compares them with gauges, `monitor` tests
carried rain by the next microwave pass, `export` writes the U-Net as ONNX."""

import argparse
import io
import math
import os
import sys
from pathlib import Path

from rainscore.errors import RainscoreError

INTERRUPTED = 130
"""Exit status after Ctrl-C, as in a shell."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Command-line arguments; None takes those of the process.

    Returns:
        Exit status: 0, 1 if some of the granules could not be used, 2 if nothing could run, or
        130 after an interruption (Ctrl-C).
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may lack characters such as an arrow
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except BrokenPipeError:  # the reader of the output has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (RainscoreError, OSError) as error:
        print(f"rainscore: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("rainscore: interrupted; the files that are written are complete", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rainscore", description="Score IMERG maps with the models of a run, and verify them."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _add_score(commands)
    _add_verify(commands)
    _add_monitor(commands)
    _add_export(commands)
    return parser


def _add_score(commands) -> None:
    score = commands.add_parser(
        "score",
        help="score IMERG granules without radar",
        description="Score half-hourly IMERG granules (whole globe or subsets) without radar. Also "
        "give the granules of the hours before and after: the age of the last microwave pass is "
        "computed from them.",
    )
    score.set_defaults(run=_score)
    score.add_argument("files", nargs="+", type=Path, metavar="FILE", help="granules")
    _add_model(score)
    score.add_argument(
        "--clusters",
        metavar="METHOD",
        help="clustering method, such as kmeans; needed if the model folder contains several",
    )
    score.add_argument(
        "--out",
        type=Path,
        default=Path("scored"),
        metavar="DIR",
        help="folder of the scored maps (%(default)s)",
    )
    window = score.add_mutually_exclusive_group()
    window.add_argument(
        "--bbox",
        type=_finite,
        nargs=4,
        metavar=("WEST", "SOUTH", "EAST", "NORTH"),
        help="window to score [degrees]",
    )
    window.add_argument(
        "--centre",
        type=_finite,
        nargs=2,
        metavar=("LON", "LAT"),
        help="centre [degrees] of a window of the size of the training domain",
    )
    window.add_argument(
        "--globe",
        action="store_true",
        help="all windows of the size of the training domain between 84° south and 84° north",
    )
    score.add_argument(
        "--any-product",
        action="store_true",
        help="accept granules of another IMERG run or version than that of the training",
    )


def _add_verify(commands) -> None:
    verify = commands.add_parser(
        "verify",
        help="compare scored maps with rain gauges",
        description="Compare scored maps with rain gauges: does a higher predicted score mean "
        "better agreement? The gauge table (CSV or Parquet) has the columns station, longitude, "
        "latitude, time and millimetres; empty values are missing.",
    )
    verify.set_defaults(run=_verify)
    verify.add_argument(
        "scored",
        nargs="+",
        type=Path,
        metavar="SCORED",
        help="files of `rainscore score`, or folders of them",
    )
    verify.add_argument(
        "--gauges", type=Path, required=True, metavar="TABLE", help="table of accumulations"
    )
    verify.add_argument(
        "--stations",
        type=Path,
        metavar="TABLE",
        help="table of station, longitude and latitude, if the gauge table lacks the coordinates",
    )
    _add_gauge_format(verify)
    verify.add_argument(
        "--compare",
        nargs="+",
        default=[],
        metavar="VARIABLE",
        help="further variables of the scored maps to compare with the predicted score",
    )
    verify.add_argument(
        "--out",
        type=Path,
        default=Path("verified"),
        metavar="DIR",
        help="folder of the tables and the figure (%(default)s)",
    )


def _add_gauge_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--period-minutes",
        type=int,
        metavar="N",
        help="accumulation period [min], a multiple of 30; or a column period_minutes",
    )
    parser.add_argument(
        "--time-marks",
        choices=["start", "end"],
        help="whether the time is the start or the end of the accumulation; or a column time_marks",
    )
    parser.add_argument(
        "--time-zone",
        metavar="ZONE",
        help="time zone: UTC, UTC-03:00 or a name such as America/Sao_Paulo; or a column time_zone",
    )
    parser.add_argument(
        "--columns",
        nargs="+",
        default=[],
        metavar="NAME=COLUMN",
        help="columns of other names, such as station=code longitude=lon",
    )


def _add_monitor(commands) -> None:
    monitor = commands.add_parser(
        "monitor",
        help="test the carried rain of Early granules by the next microwave pass",
        description="Test Early granules without radar or gauges: compare the rain of half-hours "
        "without a microwave pass with what the pass of the next half-hour observed. Give "
        "consecutive half-hours of several days.",
    )
    monitor.set_defaults(run=_monitor)
    monitor.add_argument("files", nargs="+", type=Path, metavar="GRANULE", help="Early granules")
    monitor.add_argument(
        "--scored",
        nargs="+",
        default=[],
        type=Path,
        metavar="SCORED",
        help="files of `rainscore score` of the same period, or folders of them",
    )
    monitor.add_argument(
        "--box",
        type=_box_side,
        default=2.5,
        metavar="DEGREES",
        help="side of the boxes [degrees], 0.5 to 30 (%(default)s)",
    )
    monitor.add_argument(
        "--bbox",
        type=_finite,
        nargs=4,
        metavar=("WEST", "SOUTH", "EAST", "NORTH"),
        help="area [degrees]; by default that of the first granule",
    )
    monitor.add_argument(
        "--out",
        type=Path,
        default=Path("monitored"),
        metavar="DIR",
        help="folder of the tables and the figure (%(default)s)",
    )


def _box_side(text: str) -> float:
    """Side of a box in an argument, in whole cells of 0.1°."""
    value = _finite(text)
    if not 0.5 <= value <= 30 or abs(value * 10 - round(value * 10)) > 1e-6:
        raise argparse.ArgumentTypeError(f"{text} is not a multiple of 0.1 from 0.5 to 30")
    return value


def _finite(text: str) -> float:
    """Number in an argument, which must not be NaN or infinite."""
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text} is not a finite number")
    return value


def _add_export(commands) -> None:
    export = commands.add_parser(
        "export",
        help="write the U-Net as ONNX",
        description="Write the U-Net of a run as ONNX, to run it without PyTorch. Needs the "
        "packages onnx and onnxscript.",
    )
    export.set_defaults(run=_export)
    export.add_argument("file", type=Path, metavar="FILE", help="output file, such as unet.onnx")
    _add_model(export)


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        type=Path,
        default=Path("results/models"),
        metavar="DIR",
        help="folder of the models of a run (%(default)s)",
    )


def _score(options: argparse.Namespace) -> int:
    # torch takes seconds to import, so it is imported only after the arguments were checked.
    import xarray as xr

    from rainscore.prediction.outputs import ScoringJob, score_globes_into, score_into
    from rainscore.prediction.scorer import load_scorer
    from rainscore.prediction.scoringgrids import scoring_grid
    from rainscore.report.figures.plot_scored import draw_scored

    scorer = load_scorer(options.model, options.clusters, any_product=options.any_product)
    if options.globe:
        outcomes = score_globes_into(options.out, scorer, options.files)
    else:
        grid = scoring_grid(scorer.learning_grid, bbox=options.bbox, centre=options.centre)
        outcomes = score_into(options.out, scorer, ScoringJob(grid, options.files))
    failures = 0
    for outcome in outcomes:
        if outcome.written and not options.globe:
            with xr.open_dataset(outcome.written, engine="h5netcdf") as scored:
                draw_scored(scored, outcome.written.with_suffix(".png"))
        print(outcome.message, file=sys.stdout if outcome.written else sys.stderr, flush=True)
        failures += outcome.written is None
    return 1 if failures else 0


def _verify(options: argparse.Namespace) -> int:
    from rainscore.evaluation.gaugetables import GaugeFormat, read_gauges
    from rainscore.evaluation.gaugeverification import (
        VerificationSettings,
        summary,
        verify,
        write_verification,
    )
    from rainscore.report.figures.plot_gauges import plot_gauges
    from rainscore.report.figures.style import save

    columns = dict(pair.partition("=")[::2] for pair in options.columns)
    form = GaugeFormat(options.period_minutes, options.time_marks, options.time_zone, columns)
    gauges = read_gauges(options.gauges, form, stations=options.stations)
    result = verify(options.scored, gauges, VerificationSettings(options.compare))
    write_verification(result, options.out)
    save(plot_gauges(result), options.out / "gauges.png")
    print("\n".join([*summary(result), f"tables and figure → {options.out}"]))
    return 0


def _monitor(options: argparse.Namespace) -> int:
    from rainscore.evaluation.monitoring import (
        MonitorSettings,
        monitor,
        summary,
        write_monitoring,
    )
    from rainscore.report.figures.plot_monitor import plot_monitor
    from rainscore.report.figures.style import save

    bbox = tuple(options.bbox) if options.bbox else None
    result = monitor(options.files, options.scored, MonitorSettings(options.box, bbox))
    write_monitoring(result, options.out)
    save(plot_monitor(result), options.out / "monitor.png")
    for failure in result.failures:
        print(failure, file=sys.stderr)
    print("\n".join([*summary(result), f"tables and figure → {options.out}"]))
    return 1 if result.failures else 0


def _export(options: argparse.Namespace) -> int:
    from rainscore.training.onnxexport import export_unet

    export_unet(options.model / "unet", options.file)
    return 0
