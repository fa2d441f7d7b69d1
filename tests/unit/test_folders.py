"""Files of a folder with links, hidden files and things that are no file."""

import os
from pathlib import Path

import pytest

from rainscore.errors import RainscoreError
from rainscore.folders import list_files


def test_files_in_sub_folders_and_behind_links_are_listed_once(tmp_path: Path) -> None:
    (tmp_path / "disk/2020").mkdir(parents=True)
    (tmp_path / "disk/2020/b.h5").touch()
    (tmp_path / "radar").mkdir()
    (tmp_path / "radar/a.h5").touch()
    (tmp_path / "radar/2020").symlink_to(tmp_path / "disk/2020")
    (tmp_path / "radar/again").symlink_to(tmp_path / "disk/2020")
    (tmp_path / "radar/loop").symlink_to(tmp_path / "radar")
    names = [str(f.relative_to(tmp_path / "radar")) for f in list_files(tmp_path / "radar")]
    assert names == ["2020/b.h5", "a.h5"]


def test_a_folder_behind_a_link_is_listed(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk/a.h5").touch()
    (tmp_path / "radar").symlink_to(tmp_path / "disk")
    assert list_files(tmp_path / "radar") == [tmp_path / "radar/a.h5"]


def test_things_that_are_no_file_and_hidden_files_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "folder.h5").mkdir()
    (tmp_path / "dangling.h5").symlink_to(tmp_path / "nothing")
    (tmp_path / "self.h5").symlink_to(tmp_path / "self.h5")
    os.mkfifo(tmp_path / "pipe.h5")
    (tmp_path / "._a.h5").touch()
    (tmp_path / "a.h5").touch()
    assert list_files(tmp_path) == [tmp_path / "a.h5"]


def test_a_store_is_one_file_and_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "a.zarr/rate").mkdir(parents=True)
    (tmp_path / "a.zarr/rate/chunk.nc").touch()
    assert list_files(tmp_path, stores=(".zarr",)) == [tmp_path / "a.zarr"]
    assert list_files(tmp_path / "a.zarr", stores=(".zarr",)) == [tmp_path / "a.zarr"]
    assert list_files(tmp_path) == [tmp_path / "a.zarr/rate/chunk.nc"]


def test_a_single_file_is_listed_and_an_absent_one_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.h5").touch()
    assert list_files(tmp_path / "a.h5") == [tmp_path / "a.h5"]
    with pytest.raises(RainscoreError, match="no such folder or file"):
        list_files(tmp_path / "b.h5")


def test_a_name_that_is_not_utf8_is_one_error(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"granule-\xe9.HDF5")).touch()
    with pytest.raises(
        RainscoreError, match=r"granule-\\udce9\.HDF5: its name is not UTF-8; rename"
    ):
        list_files(tmp_path)
