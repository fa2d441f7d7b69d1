"""Writing on full disks, in folders that several processes share, and after a kill."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rainscore.paths import CHECKOUT
from rainscore.writing import CannotWrite, remove_partial_files, replacing

LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np, pandas as pd, xarray as xr
from rainscore.errors import RainscoreError
from rainscore.io import write_json, write_netcdf, write_table
kind, path, limit = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
values = np.random.default_rng(0).random((30, 100, 100), np.float32)
rain = xr.Dataset({"rain": (("time", "y", "x"), values)}).chunk({"time": 10})
table = pd.DataFrame({"value": values.ravel()})
write = {"netcdf": lambda: write_netcdf(rain, path), "table": lambda: write_table(table, path),
         "json": lambda: write_json(values[0].astype(float).tolist(), path)}[kind]
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    write()
except RainscoreError as error:
    print(type(error).__name__, error)
"""


def run(code: str, *arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )


@pytest.mark.parametrize(
    ("kind", "limit"),
    [("netcdf", 100), ("netcdf", 5_000), ("netcdf", 500_000), ("table", 5_000), ("json", 5_000)],
)
def test_a_full_disk_is_one_error_and_leaves_the_earlier_file(
    kind: str, limit: int, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    result = run(LIMITED, kind, path, limit)
    assert result.returncode == 0, result.stderr[-500:]
    assert result.stdout.startswith(f"CannotWrite {path}: the disk is full")
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_of_one_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "map.nc"
    with replacing(path) as first, replacing(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_only_the_partial_files_of_ended_processes_are_removed(tmp_path: Path) -> None:
    code = """
import sys
from rainscore.writing import replacing
context = replacing(sys.argv[1])
context.__enter__().write_text("part")
import os; os._exit(9)
"""
    assert run(code, tmp_path / "killed.nc").returncode == 9
    old, young = tmp_path / ".a.nc.part", tmp_path / ".b.nc.other-host-1-00000000.part"
    for file in (old, young):
        file.write_text("part")
    os.utime(old, (time.time() - 90_000,) * 2)
    with replacing(tmp_path / "c.nc") as own:
        own.write_text("part")
        assert len(list(tmp_path.glob(".killed.nc.*.part"))) == 1
        remove_partial_files(tmp_path)
        assert sorted(tmp_path.iterdir()) == sorted([own, young])
        (tmp_path / "pairs").mkdir()
        (tmp_path / "pairs" / old.name).write_text("part")
        os.utime(tmp_path / "pairs" / old.name, (time.time() - 90_000,) * 2)
        remove_partial_files(tmp_path, "**/.*.part")
        assert list((tmp_path / "pairs").iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_an_error_that_names_the_file(
    tmp_path: Path,
) -> None:
    def refuse() -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    message = r"map\.nc: the folder cannot be written to"
    with pytest.raises(CannotWrite, match=message), replacing(tmp_path / "map.nc"):
        refuse()


def test_an_error_about_another_file_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "map.nc"):
        Path(tmp_path / "input").read_bytes()


WRITERS = """
import sys
from pathlib import Path
from rainscore.writing import replacing
folder, text = Path(sys.argv[1]), sys.argv[2]
for number in range(300):
    with replacing(folder / "map.nc") as file:
        file.write_text(text * 1000)
    with replacing(folder / "map.zarr") as store:
        store.mkdir()
        (store / "a").write_text(text)
        (store / "b").write_text(text)
"""


def test_two_processes_that_write_the_same_files_and_folders_leave_complete_ones(
    tmp_path: Path,
) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITERS, str(tmp_path), text],
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        )
        for text in "xyz"
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert (tmp_path / "map.nc").read_text() in [text * 1000 for text in "xyz"]
    parts = [(tmp_path / "map.zarr" / name).read_text() for name in "ab"]
    assert parts[0] == parts[1] and parts[0] in "xyz"
    assert {path.name for path in tmp_path.iterdir()} == {"map.nc", "map.zarr"}
