"""`rainscore inspect` and `rainscore explain`."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from rainscore.cli import main
from rainscore.imerg.granulefacts import describe_granule
from rainscore.io import write_netcdf
from rainscore.prediction.reasons import reasons
from rainscore.radar.fr_radar import frame_name, mosaic_grid, write_frame
from tests.data import shared
from tests.unit.report.test_plot_scored import scored
from tests.world import month_pair, write_granules


def test_a_simulated_granule_is_described(tmp_path: Path) -> None:
    (path,) = write_granules(tmp_path, month_pair("2019-05-01", "2019-05-01T00:30"))
    facts = describe_granule(path)
    assert facts["product"] == "IMERG, final run, version V07B (simulated)"
    assert facts["period"] == "2019-05-01 00:00 to 2019-05-01 00:30 UTC"
    assert facts["missing"] == "0 % of the cells have no rain estimate"
    assert str(facts["microwave"]).startswith(("100 % of the cells", "0 % of the cells"))


def test_the_real_whole_globe_granule_is_described() -> None:
    path = shared("imerg/3B-HHR-E.MS.MRG.3IMERG.20151001-S000000-E002959.0000.V03E.RT-H5")
    facts = describe_granule(path)
    assert facts["product"] == "IMERG, early run, version V03E"
    assert facts["grid"] == "3600 × 1800 cells of 0.1°, the whole globe"
    assert str(facts["microwave"]).startswith("29 % of the cells with an estimate")
    assert facts["fields not in the file"] == "quality index"
    assert "odd" not in facts


def test_a_granule_of_unknown_product_is_odd(tmp_path: Path) -> None:
    copy = tmp_path / "subset.nc4"
    copy.write_bytes(shared("pairs-brazil-halfhourly/granules").glob("*").__next__().read_bytes())
    facts = describe_granule(copy)
    assert facts["grid"].endswith("longitude -62.5 to -43.3, latitude -34.4 to -21.6")  # type: ignore[union-attr]  # a text
    assert facts["microwave"] == "unknown: the file does not state the sensor of each cell"


def test_a_radar_file_is_described_with_its_period_and_its_grid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rate = np.zeros((96, 96))
    rate[:48] = 5.0
    rate[0, 0] = np.nan
    path = tmp_path / frame_name(np.datetime64("2024-08-12T00:05"))
    write_frame(path, rate, mosaic_grid(96))
    assert main(["inspect", str(path)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{path}\n")
    assert "radar, format fr-radar-rainfall" in printed
    assert "1 frame, 2024-08-12 00:05 UTC" in printed
    assert "96 × 96 pixels of" in printed and "Polar Stereographic" in printed
    assert "50 % of the pixels of the first frame with 0.1 mm/h or more, at most" in printed


@pytest.mark.parametrize(
    ("name", "product", "period"),
    [
        ("opera/20180824/T_PAAH21_C_EUOC_20180824180000.hdf", "format odim", "2018-08-24 17:45"),
        ("comephore/2011110421_RR.gtif", "format comephore", "2011-11-04 20:00"),
        ("radar-sequences/fmi_20160928.nc", "format netcdf", "2016-09-28"),
    ],
)
def test_a_real_radar_file_is_recognised(name: str, product: str, period: str, capsys) -> None:
    assert main(["inspect", str(shared(name))]) == 0
    printed = capsys.readouterr().out
    assert product in printed and period in printed


def test_json_has_an_object_for_each_file_also_if_it_is_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_granules(tmp_path, month_pair("2019-05-01", "2019-05-01T00:30"))
    (tmp_path / "z.txt").write_text("text")
    assert main(["inspect", str(tmp_path), "--json"]) == 1
    granule, unknown = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert granule["product"].startswith("IMERG")
    assert "neither half-hourly IMERG nor a known radar file" in unknown["error"]


def test_the_reasons_state_the_score_the_rain_the_doubt_and_the_model() -> None:
    dataset = scored(map_score=0.617, map_score_low=0.5, map_score_high=0.71, novelty=1.0)
    dataset.attrs |= {"learned_from": "24 worlds", "verified_on": "", "unavailable_inputs": "x"}
    text = "\n".join(reasons(dataset))
    assert text.startswith(
        "Map score 0.62, good (poor below 0.4, fair below 0.6, good from 0.6); 9"
    )
    assert "between 0.50 and 0.71" in text and "its 90 % interval is 0.20 wide" in text
    assert "hidden with a mean probability of 0.20" in text
    assert "It looks like cluster 3 (broad light showers)" in text
    assert "It differs from the training maps" in text and "Not available to the model: x." in text
    assert text.endswith("The model learned from 24 worlds; verified on no real data.")
    dry = dataset.assign(map_score=((), np.nan))
    assert reasons(dry)[0] == "The map has no score: it has no rain."
    without = dry.assign(precipitation=xr.zeros_like(dry["precipitation"]))
    assert "IMERG has 0.1 mm/h or more in 0 % of the window, at most 0.0 mm/h." in reasons(without)


@pytest.mark.parametrize("json_option", [[], ["--json"]])
def test_no_label_of_a_file_reaches_the_terminal_as_a_control_sequence(
    json_option: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = scored()
    dataset.attrs |= {"learned_from": "\x9b2J", "verified_on": "", "cluster_name": "\x1b[2J\u202e"}
    write_netcdf(dataset, tmp_path / "map\x1b.nc")
    assert main(["explain", str(tmp_path), *json_option]) == 0
    printed = capsys.readouterr().out
    assert all(line.isprintable() for line in printed.splitlines())
    if json_option:
        assert "\x1b[2J\u202e" in " ".join(json.loads(printed)["reasons"])


def test_a_file_that_is_no_scored_map_is_reported_and_the_others_are_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = scored()
    dataset.attrs |= {"learned_from": "24 worlds", "verified_on": "12 sequences"}
    write_netcdf(dataset, tmp_path / "map.nc")
    (tmp_path / "other.nc").write_bytes(b"text")
    assert main(["explain", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert f"{tmp_path / 'map.nc'}\n  Map score 0.50, fair" in captured.out
    assert captured.err.count("\n") == 1 and "other.nc: it is not a scored map" in captured.err
