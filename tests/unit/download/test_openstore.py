"""Icechunk stores: those in the layout of the open stores, and those that are not."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import icechunk
import numpy as np
import pandas as pd
import pytest
import zarr

from rainscore.download.openstore import OpenStore, open_store
from rainscore.download.storeblocks import read_window
from rainscore.download.storecatalogue import StoreSettings
from rainscore.download.storewindows import find_window
from rainscore.download.transfer import ArchiveBusy
from rainscore.errors import DamagedFile, DomainError, RainscoreError
from tests.stores import write_imerg, write_repository

TIMES = pd.date_range("2021-06-01", periods=96, freq="30min")
RAIN = np.round(np.random.default_rng(1).gamma(0.3, 2.0, (96, 20, 30)), 2)


def settings(path: Path, **changes: Any) -> StoreSettings:
    found = StoreSettings(
        str(path), "https://catalogue.invalid/catalog.json", "nasa-imerg-analysis-late", "0.1.0",
        "precipitation_surface", "precipitation_quality_index_surface",
    )  # fmt: skip
    return replace(found, **changes)


def opened(path: Path, **changes: Any) -> OpenStore:
    return open_store(settings(path, **changes), step_minutes=30)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "late.icechunk"
    write_imerg(path, TIMES, RAIN, south=30, west=-100)
    return path


def edit(store: Path, name: str, **attributes: str) -> None:
    """Change attributes of a variable, or of the group with an empty name; commit."""
    repository = icechunk.Repository.open(icechunk.local_filesystem_storage(str(store)))
    session = repository.writable_session("main")
    group = zarr.open_group(session.store, mode="a")
    (group[name] if name else group).attrs.update(attributes)
    session.commit("edited")


@pytest.fixture
def copy(store: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(store, tmp_path / "copy"))


def test_axes_units_and_snapshot_of_a_store_are_read(store: Path) -> None:
    found = opened(store)
    assert found.dataset == "nasa-imerg-analysis-late 0.1.0"
    assert found.factor == 3600
    assert (found.times == TIMES).all()
    assert (found.grid.x0, found.grid.y0) == pytest.approx((-100, 32))
    assert (found.reversed_rows, found.reversed_columns) == (False, False)
    assert found.source == f"{store}@{found.snapshot}" and len(found.snapshot) == 20


def test_a_block_has_the_values_of_the_store_in_its_units(store: Path) -> None:
    block = opened(store).read("rain", (slice(3, 5), slice(0, 20), slice(0, 30)))
    np.testing.assert_allclose(block[:, ::-1] * 3600, RAIN[3:5], rtol=2**-8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rain": "rain"}, "it has no variable rain, only precipitation_quality_index_surface, "),
        ({"version": "0.2.0"}, "its version is 0.1.0, not 0.2.0; correct the key version"),
        ({"dataset": "nasa-imerg-analysis-early"}, "its dataset is nasa-imerg-analysis-late, not"),
    ],
)
def test_another_variable_dataset_or_version_is_one_clear_error(
    store: Path, changes: dict[str, str], message: str
) -> None:
    with pytest.raises(RainscoreError, match=message):
        opened(store, **changes)


def test_an_absent_folder_is_an_error_and_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(RainscoreError, match="no such folder; correct the address"):
        opened(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()


def test_a_folder_without_a_store_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RainscoreError, match="there is no Icechunk store; correct the address"):
        opened(tmp_path / "empty")


@pytest.mark.skipif(hasattr(icechunk, "http_storage"), reason="icechunk 2 reads its format")
def test_a_store_of_icechunk_2_names_the_package_and_the_python(copy: Path) -> None:
    (copy / "repo").write_bytes(b"ICE")  # the file by which the format 2 is recognised
    with pytest.raises(RainscoreError, match=r"icechunk 2 and Python 3\.12 or newer"):
        opened(copy)


def test_an_absent_package_names_the_extra(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "icechunk", None)
    with pytest.raises(RainscoreError, match=r"pip install '\.\[open-data\]'"):
        opened(store)


def test_an_address_over_https_without_bucket_needs_icechunk_2(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(icechunk, "http_storage", raising=False)
    with pytest.raises(RainscoreError, match="format of Icechunk 2"):
        open_store(settings(Path(), address="https://data.example.org/a"), step_minutes=30)


@pytest.mark.parametrize(
    "text",
    [
        "  x error\n  |-> dispatch failure\n  `-> failed to lookup address information\n",
        "failed to lookup address information\n\ncontext:\n   0: icechunk::asset_manager::fetch\n",
    ],
    ids=["icechunk 1", "icechunk 2"],
)
def test_a_network_that_does_not_answer_is_named_with_its_cause(
    store: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:

    def refuse(*arguments: object, **options: object) -> None:
        raise icechunk.IcechunkError(text)

    monkeypatch.setattr(icechunk.Repository, "open", refuse)
    with pytest.raises(ArchiveBusy, match=r"\(failed to lookup address information\); check the"):
        opened(store)


@pytest.mark.parametrize(
    ("name", "attributes", "message"),
    [
        ("precipitation_surface", {"units": "K"}, "the unit of precipitation_surface is 'K'"),
        ("precipitation_surface", {"units": "kg m-2"}, "not a rain rate"),
        ("precipitation_surface", {"units": ""}, "is '', not a rain rate"),
        ("time", {"units": "hours since 1970-01-01"}, "cannot be decoded"),
        ("time", {"units": "days since -9999-01-01 mars"}, "cannot be decoded"),
        ("spatial_ref", {"grid_mapping_name": "moon"}, "not a projection that PROJ knows"),
    ],
)
def test_a_store_with_other_metadata_is_one_clear_error(
    copy: Path, name: str, attributes: dict[str, str], message: str
) -> None:
    edit(copy, name, **attributes)
    with pytest.raises(RainscoreError, match=message):
        opened(copy)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (TIMES[::-1], "its times do not ascend"),
        (pd.DatetimeIndex([TIMES[0]] * 96), "its times do not ascend"),
        (pd.date_range("2021-06-01", periods=96, freq="1h"), "its maps are 60 min apart"),
        (TIMES + pd.Timedelta(minutes=15), "its times are not at multiples of 30 min"),
    ],
)
def test_times_that_are_not_half_hours_in_order_are_an_error(
    tmp_path: Path, times: pd.DatetimeIndex, message: str
) -> None:
    write_imerg(tmp_path / "store", times, RAIN, south=30, west=-100)
    with pytest.raises(RainscoreError, match=message):
        opened(tmp_path / "store")


def test_absent_chunks_that_would_be_dry_are_an_error(tmp_path: Path) -> None:
    write_imerg(tmp_path / "store", TIMES, RAIN, south=30, west=-100, fill=0.0)
    with pytest.raises(RainscoreError, match=r"precipitation_surface lacks would be 0\.0, not"):
        opened(tmp_path / "store")


def test_an_irregular_axis_is_an_error(tmp_path: Path) -> None:
    lat = np.linspace(31.95, 30.05, 20) + np.eye(20)[7] * 0.3
    write_repository(
        tmp_path / "store", TIMES, lat, np.linspace(-99.95, -97.05, 30),
        {"precipitation_surface": RAIN / 3600}, dataset="nasa-imerg-analysis-late",
        version="0.1.0", chunks=(96, 10, 10), shards=(96, 20, 20),
    )  # fmt: skip
    with pytest.raises(RainscoreError, match="latitude is not regular"):
        opened(tmp_path / "store", quality="")


def test_rates_in_another_unit_than_stated_are_an_error(tmp_path: Path) -> None:
    write_imerg(tmp_path / "store", TIMES, RAIN * 3600, south=30, west=-100)
    everything = (slice(0, 96), slice(0, 20), slice(0, 30))
    with pytest.raises(DamagedFile, match="its unit or content is not what it states"):
        opened(tmp_path / "store").read("rain", everything)


def test_single_impossible_rates_become_missing(tmp_path: Path) -> None:
    rain = RAIN.copy()
    rain[0, 0, 0], rain[0, 19, 29] = 400.0, -3.0
    write_imerg(tmp_path / "store", TIMES, rain, south=30, west=-100)
    block = opened(tmp_path / "store").read("rain", (slice(0, 1), slice(0, 20), slice(0, 30)))
    assert np.isnan(block[0, [19, 0], [0, 29]]).all()
    assert np.isfinite(block).sum() == 598


def test_a_chunk_that_does_not_decode_is_one_clear_error(copy: Path) -> None:
    for chunk in (copy / "chunks").iterdir():
        content = bytearray(chunk.read_bytes())
        content[100:4000] = bytes(3900)
        chunk.write_bytes(content)
    with pytest.raises(DamagedFile, match="cannot be decoded"):
        opened(copy).read("rain", (slice(0, 96), slice(0, 20), slice(0, 30)))


def test_a_chunk_that_is_gone_is_one_clear_error(copy: Path) -> None:
    shutil.rmtree(copy / "chunks")
    with pytest.raises(ArchiveBusy, match="the store cannot be read"):
        opened(copy).read("rain", (slice(0, 96), slice(0, 20), slice(0, 30)))


def test_a_period_outside_the_store_names_what_it_covers(store: Path) -> None:
    with pytest.raises(RainscoreError, match="it covers 2021-06-01T00:00 to 2021-06-02T23:30"):
        opened(store).find_times(np.array(["2022-01-01"], "datetime64[ns]"))


def test_a_domain_outside_the_store_names_what_it_covers(store: Path) -> None:
    with pytest.raises(DomainError, match="longitudes -100 to -97 and latitudes 30 to 32"):
        find_window(opened(store), (2.0, 46.0, 3.0, 47.0))


@pytest.mark.parametrize("north_first", [True, False])
def test_the_window_covers_the_box_in_the_order_of_the_store(
    tmp_path: Path, north_first: bool
) -> None:
    write_imerg(tmp_path / "s", TIMES, RAIN, south=30, west=-100, north_first=north_first)
    window = find_window(opened(tmp_path / "s"), (-99.5, 30.3, -98.0, 31.5))
    assert window.columns == ((slice(5, 20), 0),)
    assert window.rows == (slice(5, 17) if north_first else slice(3, 15))
    assert (window.grid.x0, window.grid.y0) == pytest.approx((-99.5, 31.5))


def rain_by_longitude(path: Path, lon: np.ndarray) -> OpenStore:
    """Store of 1° pixels whose rain [mm/h] is half of the longitude + 180°."""
    rain = np.broadcast_to((lon + 180) % 360 / 2 / 3600, (96, 4, lon.size))
    write_repository(
        path, TIMES, np.array([1.5, 0.5, -0.5, -1.5]), lon, {"precipitation_surface": rain},
        dataset="nasa-imerg-analysis-late", version="0.1.0", chunks=(96, 2, 40),
        shards=(96, 4, 80),
    )  # fmt: skip
    return opened(path, quality="")


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize("edge", [-180, 0])
def test_a_window_around_the_edge_of_the_store_has_the_columns_of_both_sides(
    tmp_path: Path, edge: int, step: int
) -> None:
    store = rain_by_longitude(tmp_path / "store", (edge + 0.5 + np.arange(360.0))[::step])
    for west, east in ((160, 210), (-200, -160), (-20, 20), (170, 180), (-180, 180)):
        window = find_window(store, (west, -1, east, 1))
        rain = read_window(store, window, "rain", slice(3, 5))
        expected = (np.arange(west, east) + 0.5 + 180) % 360
        np.testing.assert_allclose(rain * 7200, np.broadcast_to(expected, rain.shape), rtol=2**-8)
        assert (window.grid.x0, window.grid.shape) == (west, (2, east - west))


def test_longitudes_between_the_ends_of_a_store_are_missing(tmp_path: Path) -> None:
    store = rain_by_longitude(tmp_path / "store", -175.5 + np.arange(352.0))  # −176° to 176°
    window = find_window(store, (174, -1, 186, 1))
    rain = read_window(store, window, "rain", slice(0, 1))[0, 0] * 7200
    expected = [354.5, 355.5, *[np.nan] * 8, 4.5, 5.5]
    np.testing.assert_allclose(rain, expected, rtol=2**-8)
