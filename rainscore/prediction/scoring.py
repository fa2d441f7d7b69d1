"""Granules to scored maps, one after another, with what they were made from."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.grids import Grid, imerg_cells
from rainscore.imerg.reader import check_granule, read_granule
from rainscore.prediction.scorer import CONTEXT, Scorer
from rainscore.times import HALF_HOUR

log = logging.getLogger("rainscore")


NEIGHBOUR = ("precipitation", "mw_source")
"""What a map is told of the hours around it."""


NOT_A_TIME = np.datetime64("NaT")


Granules = Mapping[np.datetime64, xr.Dataset]


def score_files(
    files: Sequence[Path], scorer: Scorer, learning: Grid, *, context: Sequence[Path] = ()
) -> Iterator[tuple[Path, xr.Dataset | RainscoreError]]:
    """Score granule after granule; files near in time tell each other what they can.

    Args:
        files: Granules to score.
        scorer: The models.
        learning: Where.
        context: Further granules of the hours around, which are not scored.

    Yields:
        (file, error) where a file cannot be used, then (file, dataset) in order of time.
    """
    cells = imerg_cells(learning)

    def score(granules: Granules, start: np.datetime64) -> xr.Dataset:
        return scorer.score(granules, start, learning)

    return score_each(read_around(files, cells, context=context), scorer, score)


def score_each(
    found: Iterable[tuple[Path, np.datetime64, Granules | RainscoreError]],
    scorer: Scorer,
    score: Callable[[Granules, np.datetime64], xr.Dataset],
) -> Iterator[tuple[Path, xr.Dataset | RainscoreError]]:
    """Score what `read_around` gives; yields as `score_files`."""
    for file, start, granules in found:
        try:
            if isinstance(granules, RainscoreError):
                raise granules
            dataset = score(granules, start)
            dataset.attrs |= origin(file, granules[start], scorer)
        except RainscoreError as error:
            yield file, error
        else:
            yield file, dataset


def read_around(
    files: Sequence[Path], cells: Grid, *, context: Sequence[Path] = ()
) -> Iterator[tuple[Path, np.datetime64, Granules | RainscoreError]]:
    """Read granule after granule, each with what is at hand of the hours around it.

    Args:
        files: Granules wanted.
        cells: Cells to read.
        context: Further granules of the hours around.

    Yields:
        (file, NaT, error) where a file cannot be used; (file, its half-hour, datasets of
        `imerg.read_granule` by half-hour), in order of time: its own, and of the hours around it
        the fields `NEIGHBOUR`. Memory does not grow with the number of files.
    """
    known: dict[np.datetime64, Path] = {}
    for file in dict.fromkeys([*files, *context]):
        try:
            other = known.setdefault(check_granule(file).start, file)
            if other != file and file in files:
                raise RainscoreError(f"{other} is of the same half-hour: give one of them")
        except (RainscoreError, OSError) as error:
            if file in files:
                yield file, NOT_A_TIME, RainscoreError(str(error))
            else:
                log.warning("not used: %s", error)
    near: dict[np.datetime64, xr.Dataset] = {}
    for start, file in sorted(known.items()):
        if file not in files:
            continue
        around = {start + step * HALF_HOUR for step in range(-CONTEXT, CONTEXT + 1)} - {start}
        near = {at: granule for at, granule in near.items() if at in around}
        try:
            whole = read_granule(file, cells)
        except (RainscoreError, OSError) as error:
            yield file, start, RainscoreError(str(error))
            continue
        for at in around & known.keys() - near.keys():
            try:
                near[at] = read_granule(known[at], cells, NEIGHBOUR)
            except (RainscoreError, OSError) as error:
                log.warning("not used: %s", error)
        yield file, start, {**near, start: whole}


def origin(file: Path, granule: xr.Dataset, scorer: Scorer) -> dict[str, str]:
    """Attributes that say what a scored map was made from."""
    return {
        "title": "Predicted score of an IMERG map, without radar",
        "source": Path(file).name,
        "source_sha256": hashlib.sha256(Path(file).read_bytes()).hexdigest(),
        "version": f"{granule.attrs['run']} {granule.attrs['version']}",
        "differs": scorer.differs(granule),
        "model_unet_sha256": scorer.card["weights_sha256"],
        "model_clusters_sha256": scorer.cluster_card["weights_sha256"],
        "score": json.dumps(scorer.card["score"]),
        "world": granule.attrs["world"],
        "trained_on": "a simulated world" if scorer.card["simulated"] else "real radar",
    }
