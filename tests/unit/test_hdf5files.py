import fcntl
from pathlib import Path

import h5py
import netCDF4
import numpy as np
import pytest

from rainscore.errors import DamagedFile
from rainscore.hdf5arrays import read_array
from rainscore.hdf5files import MAX_OBJECTS, open_hdf5, text


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html><p>Login", "it is a web page"),
        (b"CDF", "it is not an HDF5 file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(10), "HDF5 cannot read it"),
    ],
)
def test_a_damaged_hdf5_file_is_reported_with_the_reason(tmp_path, content, reason) -> None:
    path = tmp_path / "granule.HDF5"
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=reason), open_hdf5(path):
        pass


@pytest.mark.parametrize("value", ["mm/h", b"mm/h", np.array([b"mm/h"]), np.array("mm/h")])
def test_a_string_attribute_of_any_kind_becomes_text(value) -> None:
    assert text(value) == "mm/h"


def test_a_file_with_a_user_block_is_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w", userblock_size=1024) as file:
        file["rain"] = [1, 2]
    with open_hdf5(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(read_array(file, "rain", "a.h5")[0], [1, 2])


def test_what_is_not_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder.h5").mkdir()
    (tmp_path / "dangling.h5").symlink_to(tmp_path / "absent")
    (tmp_path / "loop.h5").symlink_to(tmp_path / "loop.h5")
    for name, reason in (
        ("folder.h5", "it is not a file"),
        ("dangling.h5", r"No such file"),
        ("loop.h5", "cannot be opened"),
    ):
        with pytest.raises(DamagedFile, match=rf"{name}: .*{reason}"), open_hdf5(tmp_path / name):
            pass


def test_a_file_that_is_being_written_is_not_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    h5py.File(path, "w").close()
    with (
        path.open("rb") as writer,
        pytest.raises(DamagedFile, match="another program is writing") as error,
    ):
        fcntl.flock(writer, fcntl.LOCK_EX)
        with open_hdf5(path):
            pass
    assert "download" not in str(error.value)


def test_data_of_other_files_are_not_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["rain"] = np.arange(5)
    (tmp_path / "secret").write_bytes(b"secret")
    layout = h5py.VirtualLayout((5,), np.int64)
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "rain", (5,))
    for kind in ("link", "storage", "virtual"):
        path = tmp_path / f"{kind}.h5"
        with h5py.File(path, "w") as file:
            group = file.create_group("dataset1/data1")
            if kind == "link":
                group["data"] = h5py.ExternalLink("other.h5", "/rain")
            elif kind == "storage":
                external = [(str(tmp_path / "secret"), 0, 6)]
                group.create_dataset("data", shape=(6,), dtype=np.uint8, external=external)
            else:
                group.create_virtual_dataset("data", layout)
        with pytest.raises(DamagedFile, match=r"'data' is stored in another file"), open_hdf5(path):
            pass


def test_soft_links_are_followed_and_cycles_end(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["group/rain"] = [1, 2]
        file["soft"] = h5py.SoftLink("/group/rain")
        file["group/cycle"] = file
    with open_hdf5(tmp_path / "a.h5") as file:
        assert read_array(file, "soft", "a.h5")[0].tolist() == [1, 2]


def test_a_file_with_too_many_objects_is_refused_without_a_crash(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file
        for _ in range(MAX_OBJECTS + 1):
            group = group.create_group("g")
    with pytest.raises(DamagedFile, match="more than 10000"), open_hdf5(tmp_path / "a.h5"):
        pass


def test_values_that_were_never_written_are_masked(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as file:
        file.createDimension("y", 5)
        file.createDimension("x", 4)
        chunked = file.createVariable("chunked", "i2", ("y", "x"), chunksizes=(2, 3))
        chunked[2:4, 3:] = 7
    with h5py.File(tmp_path / "a.nc", "a") as file:
        file.create_dataset("contiguous", (5, 4), np.int16)
    with open_hdf5(tmp_path / "a.nc") as file:
        values, written = read_array(file, "chunked", "a.nc")
        expected = np.zeros((5, 4), bool)
        expected[2:4, 3:] = True
        np.testing.assert_array_equal(written, expected)
        assert values[2, 3] == 7
        _, written = read_array(file, "chunked", "a.nc", np.s_[1:3, 3])
        assert written.tolist() == [False, True]
        assert not read_array(file, "contiguous", "a.nc")[1].any()


def test_arrays_that_cannot_be_numbers_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("huge", (10**6, 10**6), "f8", chunks=(100, 100))
        file.create_dataset("bomb", (10, 10), "f8", chunks=(10**4, 10**5), maxshape=(None, None))
        file["flags"] = np.array([True])
        file["texts"] = ["a"]
        file["empty"] = h5py.Empty("f4")
        file.create_group("group")
        file["cube"] = np.zeros((2, 2, 2))
    for name, reason in {
        "huge": r"the shape of /huge is \(1000000, 1000000\), more than 100,000,000",
        "bomb": "the shape of /bomb",
        "flags": "/flags is not an array of numbers",
        "texts": "/texts is not an array of numbers",
        "group": "/group is not an array of numbers",
        "empty": "the shape of /empty is None",
        "cube": r"the shape of /cube is \(2, 2, 2\)",
        "absent": "it has no /absent",
    }.items():
        with pytest.raises(DamagedFile, match=rf"a\.h5: {reason}"), open_hdf5(path) as file:
            read_array(file, name, path, ndim=2)


def test_a_download_is_proposed_only_where_the_file_itself_is_damaged(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("rain", data=np.arange(1000.0), chunks=(100,), fletcher32=True)
        offset = file["rain"].id.get_chunk_info(3).byte_offset
    content = bytearray((tmp_path / "a.h5").read_bytes())
    content[offset + 5] ^= 1
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(DamagedFile, match=r"download it again$"), open_hdf5(tmp_path / "a.h5") as f:
        read_array(f, "rain", "a.h5")
    with pytest.raises(DamagedFile, match="ask its producer"), open_hdf5(tmp_path / "a.h5") as f:
        f["absent"]


def test_a_heap_that_hdf5_would_read_for_ever_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.attrs["text"] = ["of", "variable length"]
    content = bytearray(path.read_bytes())
    heap = content.index(b"GCOL\x01")
    content[heap + 16 : heap + 64] = bytes(48)
    path.write_bytes(content)
    message = "one of its heaps has an object of size 0"
    with pytest.raises(DamagedFile, match=message), open_hdf5(path):
        pass
