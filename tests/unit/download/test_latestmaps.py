"""The newest half-hours of IMERG over a place, from a local store."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.cli import main
from rainscore.download.latestmaps import fetch_latest
from rainscore.download.storecatalogue import IMERG
from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.imerg.reader import read_granule
from tests.stores import write_imerg

TIMES = pd.date_range("2021-06-01", periods=60, freq="30min")
CELLS = Grid("EPSG:4326", 1.0, 45.0, 0.1, 0.1, 10, 12)
RAIN = np.round(np.random.default_rng(1).gamma(0.3, 2.0, (60, 60, 70)), 2)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose last two half-hours have no value yet."""
    rain = RAIN.copy()
    rain[-2:] = np.nan
    path = tmp_path_factory.mktemp("latest") / "store"
    write_imerg(path, TIMES, rain, south=44, west=-1, chunks=(24, 20, 20))
    return path


def test_the_newest_half_hours_with_values_are_written_in_order(
    store: Path, tmp_path: Path
) -> None:
    files = fetch_latest(tmp_path, CELLS, settings=IMERG.at(str(store)))
    assert [file.name[23:39] for file in files] == [
        "20210602-S033000", "20210602-S040000", "20210602-S043000"
    ]  # fmt: skip
    newest = read_granule(files[-1], CELLS)
    expected = RAIN[57, 10:22, 20:30]
    np.testing.assert_allclose(newest["precipitation"], expected, rtol=2**-8)


def test_a_place_without_values_is_one_clear_error(tmp_path: Path) -> None:
    rain = np.full((60, 60, 70), np.nan)
    write_imerg(tmp_path / "store", TIMES, rain, south=44, west=-1, chunks=(24, 20, 20))
    with pytest.raises(RainscoreError, match=r"up to 2021-06-02T05:30 \(UTC\), have no value"):
        fetch_latest(tmp_path, CELLS, settings=IMERG.at(str(tmp_path / "store")))


def test_one_command_scores_the_newest_map_of_a_place(
    store: Path, run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--centre", "2.5", "46.6", "--model", str(run.models), "--store", str(store)]
    assert main(["latest", *arguments, "--out", str(tmp_path)]) == 0
    output = capsys.readouterr().out
    assert output.count("map score") == 1
    assert {file.suffix for file in tmp_path.glob("3B*")} == {".nc", ".png"}
    assert len(granules := list((tmp_path / "granules").iterdir())) == 3
    # The margins that the networks read reach beyond this small store.
    assert read_granule(granules[0])["precipitation"].shape == RAIN.shape[1:]
    (scored,) = tmp_path.glob("3B*.nc")
    with xr.open_dataset(scored) as result:
        # The newest half-hour has no next one.
        assert result.attrs["calibration_state"] == "rain and quality index, alone"
        assert "microwave source" in result.attrs["unavailable_inputs"]
        assert "quality index" not in result.attrs["unavailable_inputs"]


def test_an_absent_store_is_one_line(
    run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--centre", "2.5", "46.6", "--model", str(run.models), "--store", "/nowhere"]
    assert main(["latest", *arguments, "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        "rainscore: /nowhere: no such folder; check the key address of icechunk\n"
    )
