"""Score granule files one after another, with the attributes that document their origin."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.grids import Grid, imerg_cells
from rainscore.prediction.globe import CELLS, score_globe
from rainscore.prediction.granulesets import GranuleSet, read_granule_sets
from rainscore.prediction.margins import margins_within
from rainscore.prediction.scorer import Scorer

Results = Iterator[tuple[Path, xr.Dataset | RainscoreError]]
"""Each granule file with its scored map, or with the error if it cannot be scored."""


def score_files(
    files: Sequence[Path], scorer: Scorer, learning: Grid, *, context: Sequence[Path] = ()
) -> Results:
    """Score granules in one window; granules close in time are used as each other's context.

    Args:
        files: Granules to score.
        scorer: The scorer.
        learning: Learning grid of the window.
        context: Further granules of the hours around, which are not scored.

    Yields:
        (file, error) for each file that cannot be used; (file, dataset of `Scorer.score`) in order
        of time.
    """

    def score(granules: GranuleSet) -> xr.Dataset:
        margins = margins_within(learning, granules.stored or CELLS)
        part = granules.crop(imerg_cells(margins.extend(learning)))
        return scorer.score(part, learning, margins)

    cells = imerg_cells(margins_within(learning, CELLS).extend(learning))
    return _score_each(read_granule_sets(files, cells, context=context), scorer, score)


def score_globe_files(files: Sequence[Path], scorer: Scorer) -> Results:
    """Score whole-globe granules; granules close in time are used as each other's context.

    Args:
        files: Granules to score.
        scorer: The scorer.

    Yields:
        (file, error) for each file that cannot be used; (file, dataset of `globe.score_globe`) in
        order of time.
    """

    def score(granules: GranuleSet) -> xr.Dataset:
        return score_globe(scorer, granules)

    return _score_each(read_granule_sets(files, CELLS), scorer, score)


def _score_each(
    sets: Iterator[tuple[Path, GranuleSet | RainscoreError]],
    scorer: Scorer,
    score: Callable[[GranuleSet], xr.Dataset],
) -> Results:
    for file, granules in sets:
        if isinstance(granules, RainscoreError):
            yield file, granules
            continue
        try:
            dataset = score(granules)
            dataset.attrs |= origin_attributes(file, granules.granule, scorer)
        except RainscoreError as error:
            yield file, error
        else:
            yield file, dataset


def origin_attributes(file: Path, granule: xr.Dataset, scorer: Scorer) -> dict[str, str]:
    """Attributes that document the granule and the models of a scored map."""
    unet = scorer.models.unet.card
    return {
        "title": "Predicted score of an IMERG map, without radar",
        "source": file.name,
        "source_sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "version": f"{granule.attrs['run']} {granule.attrs['version']}",
        "product_difference": scorer.product_difference(granule),
        "model_unet_sha256": unet.weights_sha256,
        "model_clusters_sha256": scorer.models.clusterer.card_["weights_sha256"],
        "score": json.dumps(asdict(unet.score)),
        "world": granule.attrs["world"],
        "trained_on": "a simulated world" if unet.simulated else "real radar",
    }
