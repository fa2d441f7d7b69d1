"""Scoring of IMERG maps in Python: `rainscore.load_model` and `rainscore.score`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.imerg.loaded import cells_of, from_dataset, start_of
from rainscore.prediction.scorer import Scorer, load_scorer
from rainscore.prediction.scoring import Results, score_files, score_globe_files, score_loaded
from rainscore.prediction.scoringmodels import model_folder
from rainscore.prediction.windows import choose_window, window_of_cells

Granule = str | Path | xr.Dataset
"""A half-hour of IMERG: a granule file, or a dataset that was loaded from one."""


def load_model(
    folder: str | Path | None = None, *, clusters: str | None = None, any_product: bool = False
) -> Scorer:
    """Load the models that score maps.

    Args:
        folder: Folder of the models of a run, such as `results/models`; None for the model that is
            part of the package.
        clusters: Clustering method; None takes the only one in the folder.
        any_product: Whether IMERG runs and versions other than those of the training are accepted.

    Returns:
        The models, for `score`.

    Raises:
        RainscoreError: A model is missing or damaged.
    """
    path = model_folder(None if folder is None else Path(folder))
    return load_scorer(path, clusters, any_product=any_product)


def score(
    granule: Granule,
    *,
    context: Sequence[Granule] = (),
    model: Scorer | str | Path | None = None,
    bbox: Sequence[float] | None = None,
    centre: Sequence[float] | None = None,
    globe: bool = False,
) -> xr.Dataset:
    """Score one half-hour of IMERG without radar.

    Args:
        granule: Granule file, or a dataset of one half-hour on IMERG's cells with `precipitation`
            [mm/h], time, lat and lon, and any of the other fields of a granule.
        context: Granules of the hours before and after, of the same kind; the age of the last
            microwave pass and the change of the rain are computed from them.
        model: Models of `load_model`, or a folder of models; None for the model of the package.
        bbox: Window: west, south, east and north edge [degrees].
        centre: Longitude and latitude [degrees] of the centre of a window as large as the training
            domain. Without `bbox`, `centre` and `globe`: the training domain or, if the granule
            does not contain it, the area of the granule.
        globe: Whether everything between 84° south and 84° north is scored (files only).

    Returns:
        Dims (y, x): rain, local score with its 90 % interval, probability of hidden rain; scalars:
        map score with its interval, cluster (docs/prediction.md). NaN is missing.

    Raises:
        RainscoreError: The granule cannot be scored; the message says why, and what to do.
    """
    if (bbox is not None) + (centre is not None) + globe > 1:
        raise RainscoreError("give only one of bbox, centre and globe")
    scorer = model if isinstance(model, Scorer) else load_model(model)
    if isinstance(granule, xr.Dataset):
        return _score_dataset(granule, context, scorer, bbox, centre, globe)
    if not all(isinstance(one, (str, Path)) for one in context):
        raise RainscoreError("the granule is a file, and so must be its context")
    files, around = [Path(granule)], [Path(str(one)) for one in context]
    if globe:
        return _only(score_globe_files(files, scorer, context=around), granule)
    window = choose_window(scorer.learning_grid, files, bbox=bbox, centre=centre)
    return _only(score_files(files, scorer, window, context=around), granule)


def _only(results: Results, granule: str | Path) -> xr.Dataset:
    """The single result; raises if there are several or if it is an error."""
    found = [result for _, result in results]
    if len(found) != 1:
        raise RainscoreError(
            f"{granule}: it holds {len(found)} half-hours, and one is scored at a time: open it "
            "with xarray and select one, for example by dataset.isel(time=0)"
        )
    if isinstance(found[0], RainscoreError):
        raise found[0]
    return found[0]


def _score_dataset(
    granule: xr.Dataset,
    context: Sequence[Granule],
    scorer: Scorer,
    bbox: Sequence[float] | None,
    centre: Sequence[float] | None,
    globe: bool,
) -> xr.Dataset:
    if globe or not all(isinstance(one, xr.Dataset) for one in context):
        raise RainscoreError("the granule is a dataset: give datasets as context, and no globe")
    loaded = [from_dataset(one) for one in (granule, *context) if isinstance(one, xr.Dataset)]
    times = [start_of(one) for one in loaded]
    if len(np.unique(times)) < len(times):
        raise RainscoreError("two of the datasets are of the same half-hour: give one of them")
    window: Grid = window_of_cells(
        scorer.learning_grid, cells_of(loaded[0]), bbox=bbox, centre=centre
    )
    return score_loaded(loaded[0], loaded[1:], scorer, window)
