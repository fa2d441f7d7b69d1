"""Each `rainscore` command of the documentation runs as it stands there.

The files that a reader would have are made in the working folder: whole granules with rain in the
places that the pages name, an Early series, gauges, scored maps. Commands of
`rainscore latest` read a store on the internet and are tested in `test_latestmaps`; the command of
the page on a new radar format needs the reader of that page, and is tested with it.
"""

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.cli import main
from rainscore.imerg.names import granule_name
from rainscore.imerg.writer import write_granule
from rainscore.prediction.globe import CELLS
from rainscore.prediction.scoringmodels import SHIPPED
from tests.unit.test_snippets import PAGES, commands
from tests.world import month_pair

PLACES = ((2.5, 46.6), (122, 37), (19, -33), (-53, -28), (80, 20), (179.9, -17.5), (-179.9, -17.5))
"""Longitude and latitude of the places that the commands name [degrees]."""

TIMES = [f"2019-05-01T{hour:02}:{minute:02}" for hour in range(3) for minute in (0, 30)]


def documented() -> list[list[str]]:
    """Words of the commands after `rainscore`; of those that do the same, the first."""
    found = [words[1:] for page in PAGES for words in commands(page) if is_command(words)]
    return list({shlex.join(reduced(words)): words for words in reversed(found)}.values())[::-1]


def is_command(words: list[str]) -> bool:
    """Whether the words are a command that needs no network and no other code."""
    if Path(words[0]).name != "rainscore" or words[1] in ("latest", "--help"):
        return False
    return not words[-1].endswith(".npy")


def reduced(words: list[str]) -> list[str]:
    """Words of a command without those that do not change what it does."""
    return [word for word in words if word not in ("GRANULE…", "3B-HHR*.HDF5", "--out", "scored")]


def globe(time: str) -> xr.Dataset:
    """Fields of a granule of the whole globe with values around PLACES only."""
    small = month_pair(time, str(np.datetime64(time) + 30)).isel(time=0)
    small = small.drop_vars([n for n in small.data_vars if set(small[n].dims) != {"lat", "lon"}])
    near = np.zeros(CELLS.shape, bool)
    for longitude, latitude in PLACES:
        rows = np.abs(CELLS.y - latitude) < 4.5
        columns = np.abs(CELLS.x - longitude) < 5.5
        near |= rows[:, None] & columns
    fields = {}
    for name, values in small.data_vars.items():
        repeats = [-(-n // m) for n, m in zip(CELLS.shape, values.shape, strict=True)]
        tiled = np.tile(values.values, repeats)[: CELLS.ny, : CELLS.nx]
        fields[name] = (("lat", "lon"), np.where(near, tiled, np.nan).astype(np.float32))
    fields["precipitation_uncal"] = fields["precipitation"]
    coords = {"lat": CELLS.y, "lon": CELLS.x, "time": np.datetime64(time, "ns")}
    return xr.Dataset(fields, coords)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with all that the commands read but scored maps."""
    folder = tmp_path_factory.mktemp("reader")
    for run in ("final", "late", "early"):
        for time in TIMES if run == "early" else TIMES[:2]:
            name = granule_name(run, np.datetime64(time, "ns"), "V07B")
            write_granule(folder / name, globe(time), run=run, system="PPS")
    (folder / "granules").mkdir()
    for path in folder.glob("3B-HHR.*"):
        shutil.copy(path, folder / "granules")
    shutil.copytree(SHIPPED, folder / "results/models")
    hours = pd.DataFrame({"time": ["2019-05-01 01:00"] * 3, "millimetres": [0.4, 0.0, 1.2]})
    names, places = ["a", "b", "c"], {"longitude": [2.4, 2.5, 2.6], "latitude": [46.5, 46.6, 46.7]}
    hours.assign(station=names, **places).to_csv(folder / "gauges.csv", index=False)
    hours.assign(code=names).to_csv(folder / "gauges_of_stations.csv", index=False)
    stations = pd.DataFrame({"code": names, "lon": places["longitude"], "lat": places["latitude"]})
    stations.to_csv(folder / "stations.csv", index=False)
    return folder


def arguments(words: list[str], folder: Path) -> Iterator[str]:
    """Words of a command with the names of files in the place of patterns and placeholders."""
    runs = {"monitor": "3B-HHR-E.*"}
    for word in words:
        if word == "GRANULE…":
            word = runs.get(words[0], "3B-HHR.*")
        if word == "gauges.csv" and "--stations" in words:
            word = "gauges_of_stations.csv"
        if word.startswith("3B-") and "*" in word:
            # The shell would expand the pattern; that of Final does not mean the other runs here.
            pattern = word.replace("3B-HHR*", "3B-HHR.*")
            yield from sorted(path.name for path in folder.glob(pattern))
        else:
            yield word


def test_the_pages_have_commands_of_each_kind_that_is_run() -> None:
    assert {words[0] for words in documented()} == {
        *("score", "inspect", "explain", "verify", "monitor"),
    }


@pytest.mark.parametrize("words", documented(), ids=shlex.join)
def test_a_documented_command_runs(
    words: list[str], files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    for path in files.iterdir():
        (tmp_path / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)
    if words[0] in ("verify", "explain") or "--scored" in words:
        granules = [str(path) for path in sorted(files.glob("3B-HHR.*"))]
        assert main(["score", *granules, "--centre", "2.5", "46.6", "--out", "scored"]) == 0
    capsys.readouterr()
    assert main(list(arguments(words, tmp_path))) == 0, capsys.readouterr().err
    assert capsys.readouterr().out
