"""`rainscore score` from the command line to the files."""

import io
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr

from rainscore.cli import main
from rainscore.prediction import scoringmodels
from tests.world import month_pair, write_granules


@pytest.fixture(scope="module")
def granules(tmp_path_factory) -> list[Path]:
    """Granules of three half-hours of the world."""
    pair = month_pair("2019-05-01", "2019-05-01T01:30")
    return write_granules(tmp_path_factory.mktemp("granules"), pair)


def score(run, out: Path, *arguments: str | Path) -> int:
    return main(["score", *map(str, arguments), "--model", str(run.models), "--out", str(out)])


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_folder_of_granules_is_scored_with_a_line_a_file_and_a_picture_each(
    run, granules, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(run, tmp_path, granules[0].parent) == 0
    captured = capsys.readouterr()
    assert captured.out.count("map score") == captured.out.count("\n") == 3
    assert captured.err == (
        "rainscore: the model learned from simulated satellites in the domain 'test'; verified on "
        "no real data\n"
    )
    stems = {f"{path.stem}_46.617N_2.488E_320x320km" for path in granules}
    assert names(tmp_path) == {f"{stem}.{end}" for stem in stems for end in ("nc", "png")}


def test_two_windows_of_one_granule_are_two_files(run, granules, tmp_path: Path) -> None:
    for window in (["--centre", "2.6", "46.6"], ["--bbox", "0.5", "45", "4.5", "48"], []):
        assert score(run, tmp_path, granules[0], "--no-png", *window) == 0
    assert len(names(tmp_path)) == 3


def test_several_processes_give_what_one_gives(
    run, granules, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(run, tmp_path / "one", *granules, "--no-png") == 0
    one = sorted(line.partition("→")[0] for line in capsys.readouterr().out.splitlines())
    assert score(run, tmp_path / "two", *granules, "--no-png", "--jobs", "2") == 0
    two = sorted(line.partition("→")[0] for line in capsys.readouterr().out.splitlines())
    assert one == two and len(two) == 3
    for path in (tmp_path / "one").iterdir():
        with xr.open_dataset(path) as a, xr.open_dataset(tmp_path / "two" / path.name) as b:
            xr.testing.assert_identical(a.drop_attrs(), b.drop_attrs())


def test_json_has_an_object_for_each_granule_also_if_it_cannot_be_scored(
    run, granules, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / granules[2].name
    bad.write_bytes(b"<html>Sign in</html>")
    assert score(run, tmp_path / "out", granules[0], bad, "--json") == 1
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    refused, scored = sorted(objects, key=lambda one: one["scored"])
    assert refused["granule"] == str(bad) and "not scored" in refused["error"]
    with xr.open_dataset(scored["file"]) as dataset:
        assert scored["map_score"] == pytest.approx(float(dataset["map_score"]), abs=1e-6)
        assert scored["verified_on"] == dataset.attrs["verified_on"] == ""
    assert scored["grade"] in ("poor", "fair", "good")
    assert Path(scored["picture"]).stat().st_size > 10_000


def test_a_geotiff_has_the_fields_of_the_netcdf_file(run, granules, tmp_path: Path) -> None:
    for form in ("nc", "tif"):
        assert score(run, tmp_path, granules[1], "--format", form, "--no-png") == 0
    (path,) = tmp_path.glob("*.tif")
    with rasterio.open(path) as image, xr.open_dataset(path.with_suffix(".nc")) as dataset:
        assert image.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert image.crs.to_dict()["proj"] == "stere" and np.isnan(image.nodata)
        assert float(image.tags()["map_score"]) == pytest.approx(float(dataset["map_score"]))
        for band, name in zip(image.indexes, image.descriptions, strict=True):
            np.testing.assert_array_equal(image.read(band), dataset[name].values)
        assert image.descriptions[:2] == ("precipitation", "score")
        x, y = image.xy(3, 5)
        assert (x, y) == pytest.approx((float(dataset["x"][5]), float(dataset["y"][3])))


def test_a_zarr_store_holds_the_dataset_and_is_replaced_as_a_whole(
    run, granules, tmp_path: Path
) -> None:
    for _ in range(2):
        assert score(run, tmp_path, granules[1], "--format", "zarr", "--no-png") == 0
    assert score(run, tmp_path, granules[1], "--no-png") == 0
    (path,) = tmp_path.glob("*.zarr")
    with xr.open_dataset(path.with_suffix(".nc")) as expected:
        xr.testing.assert_allclose(xr.open_zarr(path), expected)


def test_the_granules_of_a_list_on_standard_input_are_scored(
    run, granules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = io.BytesIO(b"\n".join(map(os.fsencode, granules[:2])))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(listed))
    assert score(run, tmp_path, "-", "--no-png") == 0
    assert len(names(tmp_path)) == 2


def test_scores_by_clusters_need_a_code_book(
    run, granules, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(run, tmp_path, granules[0], "--by", "clusters") == 2
    error = capsys.readouterr().err
    assert "scores by codes need the code book" in error and "--model results/models" in error
    assert names(tmp_path) == set()


def test_without_a_model_of_its_own_the_package_asks_for_one(
    granules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scoringmodels, "SHIPPED", tmp_path)
    assert main(["score", str(granules[0])]) == 2
    assert "give the models of a run by --model" in capsys.readouterr().err


def test_the_model_of_the_package_is_the_default_and_states_its_origin(
    run, granules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    shipped, out = tmp_path / "model", tmp_path / "out"
    shipped.mkdir()
    for path in run.models.glob("unet*"):
        shutil.copy(path, shipped)
    about = {"learned_from": "24 simulated worlds", "verified_on": "12 radar sequences (0.4)"}
    (shipped / "about.json").write_text(json.dumps(about))
    monkeypatch.setattr(scoringmodels, "SHIPPED", shipped)
    assert main(["score", str(granules[1]), "--out", str(out)]) == 0
    captured = capsys.readouterr()
    origin = "learned from 24 simulated worlds; verified on 12 radar sequences (0.4)\n"
    assert captured.err == f"rainscore: the model {origin}"
    assert "cluster" not in captured.out
    (path,) = out.glob("*.nc")
    with xr.open_dataset(path) as dataset:
        assert {name: dataset.attrs[name] for name in about} == about
        assert np.isnan(float(dataset["cluster"]))
    (shipped / "about.json").write_text('{"learned_from": 1, "verified_on": ""}')
    assert main(["score", str(granules[1]), "--out", str(out)]) == 2
    assert "about.json: it does not hold the texts" in capsys.readouterr().err
