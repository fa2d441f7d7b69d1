"""Score granule files one after another, with the attributes that document their origin."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.grids import Grid, imerg_cells
from rainscore.imerg.loaded import cells_of, on_cells, start_of
from rainscore.prediction.fields import on_grid
from rainscore.prediction.globe import CELLS, score_globe
from rainscore.prediction.granulesets import GranuleSet, read_granule_sets, turned_cells
from rainscore.prediction.margins import margins_within
from rainscore.prediction.scorer import Scorer
from rainscore.prediction.scoringgrids import contiguous

Results = Iterator[tuple[Path, xr.Dataset | RainscoreError]]
"""Each granule file with its scored map, or with the error if it cannot be scored."""


def needed_cells(place: Grid) -> Grid:
    """IMERG's cells of a window and of its margins.

    Args:
        place: Learning grid of the window, from `scoringgrids.contiguous`.
    """
    return imerg_cells(margins_within(place, CELLS).extend(place))


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

    place, angle = contiguous(learning)

    def score(granules: GranuleSet) -> xr.Dataset:
        dataset = score_window(scorer, granules, place)
        return on_grid(dataset, learning) if angle else dataset

    sets = read_granule_sets(files, needed_cells(place), context=context, angle=angle)
    return _score_each(sets, scorer, score)


def score_window(scorer: Scorer, granules: GranuleSet, learning: Grid) -> xr.Dataset:
    """Score one half-hour in a window, with the margins that the file contains.

    Args:
        scorer: The scorer.
        granules: The granule of the half-hour and those of the hours around it, on the cells of
            the window with its full margins.
        learning: Learning grid of the window.
    """
    margins = margins_within(learning, granules.stored or CELLS)
    part = granules.crop(imerg_cells(margins.extend(learning)))
    return scorer.score(part, learning, margins)


def score_loaded(
    granule: xr.Dataset, context: Sequence[xr.Dataset], scorer: Scorer, learning: Grid
) -> xr.Dataset:
    """Score a half-hour that is in memory.

    Args:
        granule: Dataset of `read_granule` or `imerg.loaded.from_dataset`.
        context: Those of the hours around it.
        scorer: The scorer.
        learning: Learning grid of the window.

    Raises:
        RainscoreError: The window is outside the granule, or its product is not accepted.
    """
    place, angle = contiguous(learning)
    cells = needed_cells(place)
    by_time = {start_of(one): on_cells(one, cells, angle=angle) for one in (granule, *context)}
    stored = turned_cells(cells_of(granule), -angle)
    sets = GranuleSet(start_of(granule), by_time, stored)
    dataset = on_grid(score_window(scorer, sets, place), learning)
    dataset.attrs |= origin_attributes(granule.attrs["file"], "", granule, scorer)
    return dataset


def score_globe_files(
    files: Sequence[Path], scorer: Scorer, *, context: Sequence[Path] = ()
) -> Results:
    """Score whole-globe granules; granules close in time are used as each other's context.

    Args:
        files: Granules to score.
        scorer: The scorer.
        context: Further granules of the hours around, which are not scored.

    Yields:
        (file, error) for each file that cannot be used; (file, dataset of `globe.score_globe`) in
        order of time.
    """

    def score(granules: GranuleSet) -> xr.Dataset:
        return score_globe(scorer, granules)

    return _score_each(read_granule_sets(files, CELLS, context=context), scorer, score)


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
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            dataset.attrs |= origin_attributes(file.name, digest, granules.granule, scorer)
        except RainscoreError as error:
            yield file, error
        else:
            yield file, dataset


def origin_attributes(
    name: str, digest: str, granule: xr.Dataset, scorer: Scorer
) -> dict[str, str]:
    """Attributes that document the granule and the models of a scored map.

    Args:
        name: Name of the granule's file; may be empty.
        digest: SHA-256 of the file; may be empty.
        granule: The granule.
        scorer: The scorer.
    """
    unet, clusterer = scorer.models.unet.card, scorer.models.clusterer
    return {
        "title": "Predicted score of an IMERG map, without radar",
        "history": f"scored by rainscore {version('rainscore')}",
        "source": name,
        "source_sha256": digest,
        "version": f"{granule.attrs['run']} {granule.attrs['version']}",
        "product_difference": scorer.product_difference(granule),
        "model_unet_sha256": unet.weights_sha256,
        "model_clusters_sha256": clusterer.card_["weights_sha256"] if clusterer else "",
        "score": json.dumps(asdict(unet.score)),
        "world": granule.attrs["world"],
        "trained_on": "a simulated world" if unet.simulated else "real radar",
        "learned_from": scorer.models.provenance.learned_from,
        "verified_on": scorer.models.provenance.verified_on,
    }
