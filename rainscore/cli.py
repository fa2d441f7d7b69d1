"""The command line: `rainscore score` gives new IMERG maps a score."""

import argparse
import sys
from pathlib import Path

from rainscore.errors import RainscoreError


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status, 1 where a file could not be scored."""
    parser = argparse.ArgumentParser(prog="rainscore", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    score = commands.add_parser(
        "score",
        help="score IMERG granules without radar",
        description="Score IMERG granules, whole or subsets, without radar. Give the granules of "
        "the hours around too: they tell the age of the last microwave pass.",
    )
    score.add_argument("files", nargs="+", type=Path, metavar="FILE", help="granules")
    score.add_argument(
        "--model",
        type=Path,
        default=Path("results/models"),
        metavar="DIR",
        help="models of a run (%(default)s)",
    )
    score.add_argument(
        "--clusters", metavar="METHOD", help="clusterer, where the models hold several, e.g. kmeans"
    )
    score.add_argument(
        "--out", type=Path, default=Path("scored"), metavar="DIR", help="where to write"
    )
    where = score.add_mutually_exclusive_group()
    where.add_argument(
        "--bbox",
        type=float,
        nargs=4,
        metavar=("WEST", "SOUTH", "EAST", "NORTH"),
        help="window [degrees]",
    )
    where.add_argument(
        "--centre",
        type=float,
        nargs=2,
        metavar=("LON", "LAT"),
        help="centre of a window as large as that of the training [degrees]",
    )
    where.add_argument(
        "--globe",
        action="store_true",
        help="everywhere between 84° south and north, in windows as large as that of the training",
    )
    score.add_argument(
        "--any-product",
        action="store_true",
        help="score granules of another run or version than the models were trained on, too",
    )
    export = commands.add_parser(
        "export",
        help="write the U-Net as ONNX",
        description="Write the U-Net of a run as ONNX, to run it without PyTorch; needs the "
        "packages onnx and onnxscript.",
    )
    export.add_argument("file", type=Path, metavar="FILE", help="where to write, such as unet.onnx")
    export.add_argument(
        "--model",
        type=Path,
        default=Path("results/models"),
        metavar="DIR",
        help="models of a run (%(default)s)",
    )
    options = parser.parse_args(arguments)
    try:
        return _export(options) if options.command == "export" else _score(options)
    except (RainscoreError, OSError) as error:
        print(f"rainscore: {error}", file=sys.stderr)
        return 2


def _score(options: argparse.Namespace) -> int:
    # torch takes seconds to load: only once the arguments are known to be good.
    import xarray as xr

    from rainscore.prediction.outputs import ScoringJob, score_globes_into, score_into
    from rainscore.prediction.scorer import load_scorer
    from rainscore.prediction.scoringgrids import scoring_grid
    from rainscore.report.figures.plot_scored import plot_scored

    scorer = load_scorer(options.model, options.clusters, any_product=options.any_product)
    if options.globe:
        outcomes = score_globes_into(options.out, scorer, options.files)
    else:
        grid = scoring_grid(scorer.learning_grid, bbox=options.bbox, centre=options.centre)
        outcomes = score_into(options.out, scorer, ScoringJob(grid, options.files))
    failed = 0
    for outcome in outcomes:
        if outcome.written and not options.globe:
            with xr.open_dataset(outcome.written, engine="h5netcdf") as scored:
                plot_scored(scored, outcome.written.with_suffix(".png"))
        print(outcome.message, file=sys.stdout if outcome.written else sys.stderr, flush=True)
        failed += outcome.written is None
    return 1 if failed else 0


def _export(options: argparse.Namespace) -> int:
    from rainscore.training.onnxexport import export_unet

    export_unet(options.model / "unet", options.file)
    return 0
