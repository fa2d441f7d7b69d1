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


def test_a_half_hour_that_is_still_being_written_is_left_out(tmp_path: Path) -> None:
    rain = RAIN[:6].copy()
    rain[-1, :, 24:] = np.nan  # of the ten columns of the cells, four have arrived
    rain[:, :12] = np.nan  # never observed
    write_imerg(tmp_path / "store", TIMES[:6], rain, south=44, west=-1, chunks=(24, 20, 20))
    files = fetch_latest(tmp_path, CELLS, settings=IMERG.at(str(tmp_path / "store")))
    assert [file.name[32:39] for file in files] == ["S010000", "S013000", "S020000"]


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


@pytest.fixture(scope="module")
def globe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store between 29° and 15° south, all around the Earth; rain grows with the column."""
    path = tmp_path_factory.mktemp("globe") / "store"
    rain = RAIN[:6].repeat(3, axis=1)[:, :140].repeat(52, axis=2)[:, :, :3600]
    write_imerg(path, TIMES[:6], rain, south=-29, west=-180, chunks=(24, 70, 300))
    return path


def latest(run, store: Path | str, out: Path, *centre: str, imerg_run: str = "late") -> int:
    """Exit status of the command."""
    return main(
        ["latest", "--centre", *centre, "--model", str(run.models), "--store", str(store),
         "--run", imerg_run, "--out", str(out)]
    )  # fmt: skip


@pytest.mark.parametrize("longitude", ["178", "180", "-179.5"])
def test_a_window_across_the_date_line_is_joined_from_both_sides(
    globe: Path, run, tmp_path: Path, longitude: str
) -> None:
    assert latest(run, globe, tmp_path, longitude, "-22") == 0
    (scored,) = tmp_path.glob("3B*.nc")
    with xr.open_dataset(scored) as maps:
        rain, score = maps["precipitation"].values, maps["score"]
        assert np.isfinite(rain).all() and np.isfinite(score).any()
        assert maps.attrs["short_margin"] == ""
    file = sorted((tmp_path / "granules").iterdir())[-1]
    granule = read_granule(file)["precipitation"]
    stored = RAIN[5].repeat(3, axis=0)[:140].repeat(52, axis=1)[:, :3600]
    for column in (5, 3595):  # 179.55° west and east
        part = granule[:, column].dropna("lat")
        rows = np.round((part["lat"].values + 29) * 10 - 0.5).astype(int)
        np.testing.assert_allclose(part, stored[rows, column], rtol=2**-8)
    assert np.isnan(granule[:, 1800]).all()  # not requested


@pytest.mark.parametrize(
    ("centre", "message"),
    [
        (("0", "89.5"), "the window contains a pole, where IMERG's array ends"),
        (("0", "-90"), "the window contains a pole, where IMERG's array ends"),
        (("0", "46.6"), "latitudes -29 to -15; change --centre"),
        (("0", "-100"), "give longitude, then latitude"),
        (("1000", "0"), "give longitude, then latitude"),
    ],
)
def test_a_place_that_cannot_be_scored_is_one_line_that_names_the_option(
    globe: Path, run, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    centre: tuple[str, str], message: str,
) -> None:  # fmt: skip
    assert latest(run, globe, tmp_path, *centre) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_another_run_than_that_of_the_store_names_the_option(
    globe: Path, run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert latest(run, globe, tmp_path, "0", "-22", imerg_run="early") == 2
    assert "not nasa-imerg-analysis-early; correct --run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rain", "status", "message"),
    [
        (0.0, 0, "no rain"),
        (np.nan, 2, "have no value at this place; choose another run or place"),
        (2.0, 1, "not scored"),
        (1e6, 2, "its unit or content is not what it states"),
    ],
    ids=["dry", "missing", "uniform", "impossible"],
)
def test_maps_without_usable_rain_are_one_line(
    run, tmp_path: Path, capsys: pytest.CaptureFixture[str], rain: float, status: int, message: str
) -> None:
    maps = np.full((6, 60, 70), rain)
    write_imerg(tmp_path / "store", TIMES[:6], maps, south=44, west=-1, chunks=(24, 20, 20))
    assert latest(run, tmp_path / "store", tmp_path, "2.5", "46.6") == status
    captured = capsys.readouterr()
    lines = [line for line in (captured.out + captured.err).splitlines() if "learned" not in line]
    assert len(lines) == 1 and message in lines[0]


def test_an_absent_store_is_one_line(
    run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert latest(run, "/nowhere", tmp_path, "2.5", "46.6") == 2
    assert capsys.readouterr().err == (
        "rainscore: /nowhere: no such folder; correct the address of the store\n"
    )
