"""Damaged HDF5 files of the workflow: the remedy is to write them again, not to download them."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from rainscore.clustering.codemaps import read_codes
from rainscore.errors import DamagedFile
from rainscore.hdf5seals import REMEDY, open_own, seal
from rainscore.netcdffiles import open_netcdf
from rainscore.training.dataset import ScoreMaps
from rainscore.training.features import learning_grid, read_features, score_settings
from tests.faults.intermediates import TIMES, write_features, write_pair

SECONDS = TIMES.astype("datetime64[s]")


def write_codes(folder: Path) -> Path:
    """Write codes of six half-hours."""
    with h5py.File(folder / "codes.h5", "w") as file:
        file["time"] = SECONDS.astype(np.int64)
        file.attrs["codes"] = 4
        codes = np.random.default_rng(0).integers(0, 4, (TIMES.size, 10, 10), np.uint8)
        file.create_dataset("code", data=codes, chunks=(1, 10, 10), fletcher32=True)
        seal(file)
    return folder / "codes.h5"


READERS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], object]]] = {
    "pairs": (write_pair, lambda path: open_netcdf(path).load()),
    "codes": (write_codes, lambda path: list(read_codes(path, SECONDS))),
    "maps": (write_features, lambda path: ScoreMaps([path], TIMES)),
    "features": (write_features, lambda path: list(read_features([path], TIMES, ["wet"]))),
    "grid": (write_features, learning_grid),
    "score": (write_features, score_settings),
}


@pytest.mark.parametrize("damage", ["empty", "truncated", "not HDF5"])
@pytest.mark.parametrize("reader", READERS)
def test_a_damaged_file_of_the_workflow_is_to_be_deleted_and_written_again(
    reader: str, damage: str, tmp_path: Path
) -> None:
    write, read = READERS[reader]
    path = write(tmp_path)
    content = path.read_bytes()
    damaged = {
        "empty": b"",
        "truncated": content[: len(content) // 2],
        "not HDF5": bytes(len(content)),
    }
    path.write_bytes(damaged[damage])
    with pytest.raises(DamagedFile, match=REMEDY) as raised:
        read(path)
    assert "download" not in str(raised.value)


def test_a_changed_code_is_noticed(tmp_path: Path) -> None:
    path = write_codes(tmp_path)
    with h5py.File(path) as file:
        offset = file["code"].id.get_chunk_info(2).byte_offset
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=REMEDY):
        list(read_codes(path, SECONDS))


def test_an_object_that_is_absent_is_an_error_with_the_same_remedy(tmp_path: Path) -> None:
    path = write_codes(tmp_path)
    with pytest.raises(DamagedFile, match=REMEDY), open_own(path) as file:
        file["rain"]
