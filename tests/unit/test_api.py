"""The public names of the package."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import rainscore
from rainscore.paths import CHECKOUT
from tests.data import shared
from tests.world import month_pair, write_granules

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CHECKOUT)}


@pytest.fixture(scope="module")
def granules(tmp_path_factory) -> list[Path]:
    """Granules of three half-hours of the world."""
    pair = month_pair("2019-05-01", "2019-05-01T01:30")
    return write_granules(tmp_path_factory.mktemp("granules"), pair)


def test_every_public_name_can_be_used_and_is_listed() -> None:
    page = (CHECKOUT / "docs/api.md").read_text()
    for name in rainscore.__all__:
        assert getattr(rainscore, name).__doc__
        assert name in dir(rainscore) and f"`rainscore.{name}" in page
    with pytest.raises(AttributeError, match="no attribute 'frobnicate'"):
        rainscore.frobnicate  # noqa: B018  # evaluated for its error


def test_importing_the_package_imports_none_of_the_large_libraries() -> None:
    code = (
        "import sys, time; start = time.process_time(); import rainscore\n"
        "print(time.process_time() - start < 0.3,"
        "{'numpy', 'xarray', 'torch', 'numba'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT
    )
    assert run.stdout == "True set()\n"


def test_a_file_and_its_dataset_get_the_same_scores(run, granules) -> None:
    model = rainscore.load_model(run.models)
    of_file = rainscore.score(granules[1], context=[granules[0], granules[2]], model=model)
    loaded = [rainscore.read_granule(path) for path in granules]
    of_dataset = rainscore.score(loaded[1], context=[loaded[0], loaded[2]], model=model)
    assert np.isfinite(float(of_file["map_score"]))
    xr.testing.assert_identical(of_file.drop_attrs(deep=False), of_dataset.drop_attrs(deep=False))
    without = {"source_sha256"}
    assert {k: v for k, v in of_file.attrs.items() if k not in without} == {
        k: v for k, v in of_dataset.attrs.items() if k not in without
    }


def test_a_dataset_opened_by_xarray_is_scored_in_any_orientation(run) -> None:
    path = shared("imerg/GPM_3IMERGHH_bounds.nc4")
    model = rainscore.load_model(run.models, any_product=True)
    expected = rainscore.score(path, model=model, centre=[-22, 37])
    with xr.open_dataset(path, group="Grid") as opened:
        turned = opened.transpose().isel(lat=slice(None, None, -1)).rename(lat="latitude")
        turned.attrs |= {"run": "final", "version": "V06B"}
        got = rainscore.score(turned, model=model, centre=[-22, 37])
    np.testing.assert_array_equal(got["precipitation"], expected["precipitation"])
    np.testing.assert_allclose(got["score"], expected["score"], atol=1e-6)
    assert got["time"] == expected["time"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.drop_vars("precipitation"), "no variable precipitation"),
        (lambda d: d.drop_vars("time"), "has 0 times"),
        (lambda d: d.assign_coords(lat=d["lat"] + 0.03), "not that of IMERG's cells"),
        (lambda d: d.isel(lon=[0, 1, 3]), "has gaps"),
        (lambda d: d.drop_vars("lon"), "no coordinate lon"),
    ],
)
def test_a_dataset_that_is_not_a_half_hour_of_imerg_is_refused(
    change, message: str, run, granules
) -> None:
    dataset = change(rainscore.read_granule(granules[0]))
    with pytest.raises(rainscore.RainscoreError, match=message):
        rainscore.score(dataset, model=run.models)


def test_a_file_that_cannot_be_scored_raises_its_error(run, tmp_path: Path) -> None:
    (tmp_path / "a.HDF5").write_bytes(b"<html>")
    with pytest.raises(rainscore.RainscoreError, match=r"a\.HDF5"):
        rainscore.score(tmp_path / "a.HDF5", model=run.models)
    with pytest.raises(rainscore.RainscoreError, match="only one of bbox, centre"):
        rainscore.score(tmp_path / "a.HDF5", centre=[0, 0], globe=True)


def test_the_package_is_typed() -> None:
    assert (Path(str(importlib.import_module("rainscore").__file__)).parent / "py.typed").is_file()
