"""Codes of all windows of a run: a file with one map of codes per half-hour."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np

from rainscore.clustering.codebook import NO_CODE, CodeBook
from rainscore.errors import DamagedFile
from rainscore.hdf5seals import check_seal, open_own, seal
from rainscore.io import MAPS_PER_CHUNK
from rainscore.training.cards import UNetCard
from rainscore.training.dataset import ScoreMaps
from rainscore.training.inference import predict
from rainscore.training.unet import UNet
from rainscore.writing import hdf5_target, replacing


def write_codes(
    model: UNet,
    card: UNetCard,
    book: CodeBook,
    features: Sequence[Path],
    times: np.ndarray,
    path: Path,
) -> None:
    """Assign a code to every window of some half-hours and write the maps of codes.

    The file holds `time` [s since 1970] and `code`, dims (time, y, x), uint8, NO_CODE where IMERG
    has no rain in the window; the attribute `codes` is the number of codes.

    Args:
        model: The U-Net.
        card: Its card.
        book: The code book.
        features: Training files.
        times: Half-hours.
        path: File to write.
    """
    data = ScoreMaps(features, times, hidden=card.hidden)
    shape = (len(data), *card.grid.shape)
    layout = {"chunks": (1, *shape[1:]), "compression": 1, "shuffle": True, "fletcher32": True}
    with replacing(path) as temporary, hdf5_target(temporary) as file, h5py.File(file, "w") as out:
        out["time"] = data.times.astype(np.int64)
        out.attrs["codes"] = len(book.centres)
        codes = out.create_dataset("code", shape, "u1", **layout)
        start = 0
        for (_, _, wet, _), (maps,) in predict(model, data, call=model.features):
            codes[start : start + len(maps)] = book.assign_maps(maps, wet)
            start += len(maps)
        seal(out)


def read_codes(path: Path, times: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Read maps of codes, MAPS_PER_CHUNK at a time, in order of time.

    Args:
        path: File of `write_codes`.
        times: Half-hours to read; those that the file does not hold are left out.

    Yields:
        Times, datetime64[s], and codes, dims (time, y, x), uint8.

    Raises:
        DamagedFile: The file holds no maps of codes.
    """
    with open_own(path) as file:
        check_seal(file, path)
        available = file["time"][:].astype("datetime64[s]")
        codes, count = file["code"], int(file.attrs["codes"])
        if codes.ndim != 3 or codes.dtype != np.uint8 or len(codes) != len(available):
            raise DamagedFile(
                path, "it holds no maps of codes", "delete it and run assign_codes again"
            )
        rows = np.flatnonzero(np.isin(available, np.asarray(times, "datetime64[s]")))
        for start in range(0, len(rows), MAPS_PER_CHUNK):
            block = rows[start : start + MAPS_PER_CHUNK]
            values = codes[block]
            if values[values != NO_CODE].max(initial=0) >= count:
                raise DamagedFile(
                    path, "it holds an impossible code", "delete it and run assign_codes again"
                )
            yield available[block], values


def count_codes(codes: np.ndarray, count: int) -> np.ndarray:
    """Number of windows of each code in each map, dims (map, count + 1); the last is NO_CODE.

    Args:
        codes: Maps of codes, dims (map, y, x), uint8.
        count: Number of codes.
    """
    flat = np.where(codes == NO_CODE, count, codes).reshape(len(codes), -1)
    offsets = np.arange(len(codes))[:, None] * (count + 1)
    counts = np.bincount((flat + offsets).ravel(), minlength=len(codes) * (count + 1))
    return counts.reshape(len(codes), count + 1)
