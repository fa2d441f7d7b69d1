"""Training files of which a byte changed after they were written."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from rainscore.errors import DamagedFile
from rainscore.training.dataset import ScoreMaps
from rainscore.training.features import learning_grid, read_features
from tests.world import training_file


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, np.ndarray]:
    """Content of a training file of half a day, and its half-hours."""
    path, table = training_file(tmp_path_factory.mktemp("f"), "2019-05-01T00", "2019-05-01T12")
    return path.read_bytes(), table["time"].to_numpy()


@pytest.mark.parametrize("name", ["inputs", "target", "wet", "truth"])
def test_a_flipped_bit_of_a_map_is_found_when_the_map_is_read(
    name: str, written: tuple[bytes, np.ndarray], tmp_path: Path
) -> None:
    content, times = written
    path = tmp_path / "2019-05.h5"
    path.write_bytes(content)
    with h5py.File(path) as file:
        offset = file[name].id.get_offset() + file[name].nbytes // 2
    changed = bytearray(content)
    changed[offset] ^= 1
    path.write_bytes(changed)
    data = ScoreMaps([path], times)
    data.read(np.array([0]))
    message = rf"2019-05\.h5: a map of {name} does not match its checksum; delete it and run"
    with pytest.raises(DamagedFile, match=message):
        data.read(np.arange(len(times)))
    with pytest.raises(DamagedFile, match=message):
        list(read_features([path], times, [name]))


@pytest.mark.parametrize(
    "edit",
    [
        lambda file: file.attrs.modify("grid", file.attrs["grid"].replace("16000.0", "16001.0")),
        lambda file: file.attrs.modify("channels", list(file.attrs["channels"])[::-1]),
        lambda file: file["time"].write_direct(file["time"][:] + 1800),
        lambda file: file["checksums/wet"].write_direct(file["checksums/wet"][:] + 1),
    ],
)
def test_a_changed_header_is_found_when_the_file_is_opened(
    edit, written: tuple[bytes, np.ndarray], tmp_path: Path
) -> None:
    content, times = written
    path = tmp_path / "2019-05.h5"
    path.write_bytes(content)
    with h5py.File(path, "r+") as file:
        edit(file)
    message = "its header does not match its header_sha256"
    for read in (
        lambda: ScoreMaps([path], times),
        lambda: list(read_features([path], times, ["wet"])),
        lambda: learning_grid(path),
    ):
        with pytest.raises(DamagedFile, match=message):
            read()
