"""Command `rainscore latest`: score the newest IMERG map of a place, without an account."""

from pathlib import Path

import click

from rainscore.cli.parameters import Finite, model_option, out_option


@click.command("latest", short_help="Score the newest IMERG map of a place.")
@click.option(
    "--centre",
    type=Finite(),
    nargs=2,
    required=True,
    metavar="LON LAT",
    help="Centre [degrees] of a window of the size of the training domain.",
)
@click.option(
    "--run",
    "imerg_run",
    type=click.Choice(["early", "late"]),
    default="late",
    show_default=True,
    help="IMERG run: Early is newer, Late is better.",
)
@model_option()
@click.option("--clusters", metavar="METHOD", help="Clustering method, such as kmeans.")
@out_option("scored", "Folder of the scored map; the granules are in its folder granules.")
@click.option(
    "--store", metavar="ADDRESS", default="", help="Another store, or a local copy of it."
)
def latest_command(
    centre: tuple[float, float],
    imerg_run: str,
    model: Path | None,
    clusters: str | None,
    out: Path,
    store: str,
) -> int:
    """Download the newest half-hour of IMERG Early or Late around a place, and score it.

    The map comes from an open store that needs no account. It has rain and quality index only, so
    the time since the last microwave pass is unknown, and the intervals are wider than those of
    whole granules.

    \b
    Example:
      rainscore latest --centre 2.35 48.85

    Needs a network and Python 3.12 or newer, with the packages of `pip install '.[open-data]'` in
    the folder of rainscore.
    """
    from rainscore.cli.score import run
    from rainscore.cli.scoringjobs import ScoreRequest

    granules = _fetch(model, clusters, centre, out / "granules", imerg_run, store)
    request = ScoreRequest(
        granules[-1:], model, clusters, out, None, centre, False, True, "nc", True,
        context=tuple(granules[:-1]),
    )  # fmt: skip
    return run(request, jobs=1, as_json=False)


def _fetch(
    model: Path | None,
    clusters: str | None,
    centre: tuple[float, float],
    folder: Path,
    imerg_run: str,
    store: str,
) -> list[Path]:
    """Newest granules of the window of a model around a place."""
    from rainscore.download.latestmaps import fetch_latest
    from rainscore.download.storecatalogue import IMERG
    from rainscore.prediction.granulesets import turned_cells
    from rainscore.prediction.scorer import load_scorer
    from rainscore.prediction.scoring import needed_cells
    from rainscore.prediction.scoringgrids import contiguous, scoring_grid
    from rainscore.prediction.scoringmodels import model_folder

    scorer = load_scorer(model_folder(model), clusters, any_product=True)
    place, angle = contiguous(scoring_grid(scorer.learning_grid, centre=centre))
    cells = turned_cells(needed_cells(place), angle)
    return fetch_latest(folder, cells, settings=IMERG.at(store), run=imerg_run)
