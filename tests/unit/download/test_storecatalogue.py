"""Addresses of the open stores in a simulated catalogue."""

import json
from pathlib import Path

import pytest

from rainscore.config import load_config
from rainscore.download.storecatalogue import (
    IMERG,
    StorePlace,
    StoreSettings,
    bucket_of,
    find_store,
)
from rainscore.errors import RainscoreError
from tests.servers import Answer, Archive, Loopback, Request

HOST = "stac.dynamical.org"
LATE = StoreSettings(**{**vars(IMERG), "dataset": "nasa-imerg-analysis-late"})


def catalogue(assets: dict) -> Archive:
    """Catalogue with two collections, of which that of IMERG Late has the given assets."""
    names = ("nasa-imerg-analysis-late", "noaa-mrms-conus-analysis-hourly")
    links = [{"rel": "child", "href": f"./{name}/collection.json"} for name in names]
    links.append({"rel": "root", "href": "./catalog.json"})

    def answer(request: Request) -> Answer:
        documents = {
            "/catalog.json": {"type": "Catalog", "links": links},
            f"/{names[0]}/collection.json": {"type": "Collection", "assets": assets},
        }
        document = documents.get(request.path)
        return Answer(404) if document is None else Answer(200, json.dumps(document).encode())

    return answer


BUCKET = {
    "href": "s3://dynamical-nasa-imerg/nasa-imerg-analysis-late/v0.2.0.icechunk/",
    "xarray:storage_options": {"anon": True, "client_kwargs": {"region_name": "us-east-1"}},
}


def found(
    archive: Archive, folder: Path, monkeypatch: pytest.MonkeyPatch, settings: StoreSettings = LATE
) -> StorePlace:
    with Loopback({HOST: archive}, folder) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        return find_store(settings)


def test_the_address_and_the_region_are_those_of_the_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = found(catalogue({"icechunk": BUCKET}), tmp_path, monkeypatch)
    assert bucket_of(place) == (
        "dynamical-nasa-imerg", "nasa-imerg-analysis-late/v0.2.0.icechunk", "us-east-1"
    )  # fmt: skip


def test_an_asset_over_https_is_used_if_there_is_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    href = "https://dynamical-nasa-imerg.s3.us-west-2.amazonaws.com/late/v0.1.0.icechunk"
    place = found(catalogue({"icechunk-https": {"href": href}}), tmp_path, monkeypatch)
    assert place.address == href
    assert bucket_of(place) == ("dynamical-nasa-imerg", "late/v0.1.0.icechunk", "us-west-2")


def test_a_dataset_that_the_catalogue_lacks_is_an_error_with_those_that_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = StoreSettings(**{**vars(IMERG), "dataset": "nasa-imerg-analysis-final"})
    message = "no dataset nasa-imerg-analysis-final; it has nasa-imerg-analysis-late, noaa-mrms"
    with pytest.raises(RainscoreError, match=message):
        found(catalogue({}), tmp_path, monkeypatch, settings)


def test_a_dataset_without_store_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RainscoreError, match="the dataset has no Icechunk store"):
        found(catalogue({"zarr": {"href": "https://a/b"}}), tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(503),
        Answer(200, b"<html>maintenance</html>"),
        Answer(200, b"[]"),
        Answer(200, b'{"links": [{"rel": "child"}]}'),
        Answer(200, b'{"links": []}'),
        Answer(200, b"{}"),
        Answer(200, b""),
    ],
)
def test_the_usual_bucket_is_used_where_the_catalogue_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    answer: Answer,
) -> None:  # fmt: skip
    place = found(lambda _: answer, tmp_path, monkeypatch)
    assert place.address == "s3://dynamical-nasa-imerg/nasa-imerg-analysis-late/v0.1.0.icechunk"
    assert place.region == "us-west-2"
    assert "the usual address is used" in caplog.text


def test_the_usual_bucket_is_used_where_the_catalogue_says_nothing_of_the_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = found(catalogue({}), tmp_path, monkeypatch)
    assert place.address == "s3://dynamical-nasa-imerg/nasa-imerg-analysis-late/v0.1.0.icechunk"


def test_an_unknown_dataset_of_a_silent_catalogue_needs_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = StoreSettings(**{**vars(IMERG), "dataset": "other-radar"})
    with pytest.raises(RainscoreError, match="no address of other-radar is known; give the addr"):
        found(lambda _: Answer(503), tmp_path, monkeypatch, settings)


def test_a_given_address_needs_no_catalogue() -> None:
    assert find_store(LATE.at("s3://mirror/late")).address == "s3://mirror/late"


def test_the_defaults_are_those_of_the_configuration() -> None:
    assert StoreSettings(**load_config()["imerg"]["icechunk"]) == IMERG
