"""Granules to scored maps, one after another, with what they were made from."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.grids import Grid, imerg_cells
from rainscore.imerg import read_granule
from rainscore.newmaps.prediction import Scorer


def score_files(
    files: Sequence[Path], scorer: Scorer, learning: Grid, *, context: Sequence[Path] = ()
):
    """Score granule after granule; files near in time tell each other what they can.

    Args:
        files: Granules to score.
        scorer: The models.
        learning: Where.
        context: Further granules of the hours around, which are not scored.

    Yields:
        (file, dataset), or (file, error) where a file cannot be used.
    """
    cells = imerg_cells(learning)
    granules: dict[np.datetime64, xr.Dataset] = {}
    outcome: dict[Path, np.datetime64 | RainscoreError] = {}
    for file in [*context, *files]:
        try:
            granule = read_granule(file, cells)
        except (RainscoreError, OSError) as error:
            outcome[file] = RainscoreError(str(error))
            continue
        start = np.datetime64(granule["time"].item(), "ns")
        outcome[file] = start
        granules[start] = granule
    for file in files:
        found = outcome[file]
        if isinstance(found, RainscoreError):
            yield file, found
            continue
        dataset = scorer.score(granules, found, learning)
        dataset.attrs |= origin(file, granules[found], scorer)
        yield file, dataset


def origin(file: Path, granule: xr.Dataset, scorer: Scorer) -> dict[str, str]:
    """Attributes that say what a scored map was made from."""
    return {
        "title": "Predicted score of an IMERG map, without radar",
        "source": Path(file).name,
        "source_sha256": hashlib.sha256(Path(file).read_bytes()).hexdigest(),
        "version": f"{granule.attrs['run']} {granule.attrs['version']}",
        "model_unet_sha256": scorer.card["weights_sha256"],
        "model_clusters_sha256": scorer.cluster_card["weights_sha256"],
        "score": json.dumps(scorer.card["score"]),
        "world": granule.attrs["world"],
        "trained_on": "a simulated world" if scorer.card["simulated"] else "real radar",
    }
