"""Files of unknown sources: refused before anything outside of them, or too large, is read."""

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import zarr

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.radar.cffiles import open_cf
from rainscore.radar.netcdf import CfRadar
from tests.unit.radar.test_netcdf import rain


def write_store(path: Path, zarr_format: Any = 2) -> Path:
    group = zarr.open_group(path, mode="w", zarr_format=zarr_format)
    group.create_array("rr", data=np.ones((2, 2), "f4"), attributes={"units": "mm h-1"})
    return path


def edit(file: Path, **changes: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


class Trap:
    """Object whose unpickling would create a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple:
        return Path.mkdir, (self.folder,)


def test_a_store_with_a_pickle_filter_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    store = write_store(tmp_path / "a.zarr")
    edit(store / "rr/.zarray", dtype="|O", filters=[{"id": "pickle", "protocol": 5}],
         compressor=None, fill_value=None)  # fmt: skip
    trap = tmp_path / "trapped"
    for chunk in store.glob("rr/[0-9]*"):
        chunk.write_bytes(pickle.dumps([Trap(trap)]))
    for function in (CfRadar().check, CfRadar().read, open_cf):
        with pytest.raises(DamagedFile, match=r"a\.zarr"):
            function(store)
    assert not trap.exists()


@pytest.mark.parametrize("codec", ["pickle", "json2", "msgpack2"])
def test_codecs_of_objects_on_numbers_are_refused(codec: str, tmp_path: Path) -> None:
    store = write_store(tmp_path / "a.zarr")
    edit(store / "rr/.zarray", filters=[{"id": codec}])
    with pytest.raises(DamagedFile, match=codec):
        open_cf(store)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_unknown_codecs_are_refused(zarr_format: int, tmp_path: Path) -> None:
    store = write_store(tmp_path / "a.zarr", zarr_format)
    if zarr_format == 2:
        edit(store / "rr/.zarray", compressor={"id": "evil"})
    else:
        edit(store / "rr/zarr.json", codecs=[{"name": "evil.codec"}])
    with pytest.raises(DamagedFile, match="evil"):
        open_cf(store)


def test_a_store_that_leads_to_other_files_is_refused(tmp_path: Path) -> None:
    store = write_store(tmp_path / "a.zarr")
    chunk = next(store.glob("rr/0*"))
    chunk.unlink()
    chunk.symlink_to("/etc/passwd")
    with pytest.raises(DamagedFile, match="contains the link"):
        open_cf(store)


def test_a_netcdf_file_that_leads_to_other_files_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.nc", "w") as other:
        other["rr"] = np.ones((2, 2))
    with h5py.File(tmp_path / "a.nc", "w") as file:
        file["rr"] = h5py.ExternalLink(str(tmp_path / "other.nc"), "rr")
    with pytest.raises(DamagedFile, match="stored in another file"):
        open_cf(tmp_path / "a.nc")


@pytest.mark.parametrize(
    ("shape", "chunks"), [([10**6, 10**6], [1, 10**6]), ([2, 2], [10**6, 10**6]), ([10**12], [1])]
)
def test_sizes_beyond_any_map_are_refused_before_anything_is_allocated(
    shape: list, chunks: list, tmp_path: Path
) -> None:
    store = write_store(tmp_path / "a.zarr")
    edit(store / "rr/.zarray", shape=shape, chunks=chunks)
    with pytest.raises(DamagedFile, match="more than"):
        open_cf(store)
    if max(shape) > 2:
        with h5py.File(tmp_path / "a.nc", "w") as file:
            file.create_dataset("rr", shape, "f4", chunks=tuple(min(c, 10**5) for c in chunks))
        with pytest.raises(DamagedFile, match="more than"):
            open_cf(tmp_path / "a.nc")


def test_a_long_archive_of_maps_is_not_too_large(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.nc", "w") as file:
        file.create_dataset("rr", (10**6, 1000, 1000), "i2", chunks=(1, 1000, 1000))
    open_cf(tmp_path / "a.nc")


def test_groups_in_the_place_of_variables_are_no_rain(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.nc", "w") as file:
        file.create_group("rr")
        file.create_group("time")
    with pytest.raises(DamagedFile, match="no variable with a unit of rain"):
        CfRadar().check(tmp_path / "a.nc")
    assert "no coordinate time" in CfRadar().scan(tmp_path / "a.nc")["problem"][0]


def test_an_absent_file_and_an_empty_store_are_errors_that_name_them(tmp_path: Path) -> None:
    (tmp_path / "b.zarr").mkdir()
    for name in ("a.nc", "b.zarr"):
        with pytest.raises(DamagedFile, match=name):
            CfRadar().check(tmp_path / name)


@pytest.mark.parametrize("seed", range(3))
def test_flipped_bytes_give_an_error_of_the_project_or_a_map(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    rain().to_netcdf(tmp_path / "good.nc", engine="h5netcdf")
    rain().to_netcdf(tmp_path / "classic.nc", engine="scipy")
    rain().to_zarr(tmp_path / "good.zarr", consolidated=False)
    for i in range(40):
        for source in ("good.nc", "classic.nc", "good.zarr"):
            path = tmp_path / f"{i}-{source}"
            copy = shutil.copytree if source.endswith("zarr") else shutil.copy
            copy(tmp_path / source, path)
            files = [f for f in path.rglob("*") if f.is_file()] or [path]
            file = files[rng.integers(len(files))]
            content = bytearray(file.read_bytes())
            for at in rng.integers(len(content), size=3):
                content[at] ^= 1 << rng.integers(8)
            file.write_bytes(content)
            CfRadar().scan(path)
            try:
                CfRadar().check(path)
                CfRadar().read(path, 1)
            except RainscoreError as error:
                assert path.name in str(error)
