"""Download of IMERG from a loopback server that behaves like the real archive."""

import time
from pathlib import Path

import numpy as np
import pytest

from rainscore.download.earthdata import list_granules, login
from rainscore.download.granulefetcher import GranuleFetcher
from rainscore.download.granules import fetch_month
from rainscore.download.journal import Journal
from rainscore.download.transfer import ArchiveBusy, FilesNotFound, RetryPolicy
from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.imerg.manifests import read_manifest, write_manifest
from rainscore.imerg.reader import read_granule
from rainscore.times import steps
from tests.archives import ADDRESSES, CELLS, DAY, OPENDAP, STORED, Earthdata, imerg_request
from tests.servers import Loopback


def test_every_half_hour_arrives_and_the_manifest_has_its_address_and_time(
    earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    nasa, _ = earthdata
    table = fetch_month(tmp_path / "2019-06", *DAY, imerg_request())
    assert list(table["state"]) == ["present"] * 12
    assert set(nasa.served.values()) == {1}
    granule = read_granule(tmp_path / table["file"][3], CELLS)
    assert granule["time"].values == np.datetime64("2019-06-03T01:30")
    assert granule["precipitation"].notnull().all()
    assert granule.attrs["absent"] == ""
    assert table["source"][3].startswith(
        "https://opendap.earthdata.nasa.gov/collections/C2723754847"
    )
    assert table["fetched"].notna().all()
    write_manifest(table, tmp_path / "2019-06.parquet")
    assert read_manifest(tmp_path / "2019-06.parquet")["version"].eq("V07B").all()


@pytest.mark.parametrize(
    ("access", "groups"),
    [("opendap", True), ("opendap", False), ("harmony", True), ("whole", True)],
)
def test_each_access_method_and_layout_gives_the_same_fields(
    access: str, groups: bool, earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    earthdata[0].groups = groups
    table = fetch_month(
        tmp_path / "2019-06", "2019-06-03", "2019-06-03T01:00", imerg_request(access=access)
    )
    assert list(table["state"]) == ["present"] * 2
    rain = read_granule(tmp_path / table["file"][0], CELLS)["precipitation"].values
    hours = int(np.datetime64("2019-06-03", "m").astype(int)) // 30
    stored = np.random.default_rng(hours).gamma(0.3, 2.0, STORED.shape).astype(np.float32)
    np.testing.assert_array_equal(rain, stored[2:11, 5:17])


def test_the_catalogue_is_read_page_by_page(earthdata: tuple[Earthdata, Loopback]) -> None:
    nasa, server = earthdata
    nasa.times = steps("2019-01-01", "2019-04-01")
    start, end = np.datetime64("2019-01-01", "ns"), np.datetime64("2019-04-01", "ns")
    assert len(list_granules(login(), "final", "07", start, end)) == 90 * 48
    assert sum(received.host == "cmr.earthdata.nasa.gov" for received, _ in server.log) == 3


def test_of_several_letters_of_a_version_the_last_is_downloaded(
    earthdata: tuple[Earthdata, Loopback], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nasa, _ = earthdata
    nasa.repaired = {"2019-06-03T00:30"}
    table = fetch_month(tmp_path / "2019-06", "2019-06-03", "2019-06-03T01:30", imerg_request())
    assert list(table["version"]) == ["V07B", "V07C", "V07B"]
    assert "mixes V07B and V07C" in caplog.text


@pytest.mark.parametrize(
    ("faults", "state", "why"),
    [
        (["429", "503"], "present", ""),
        (["502", "504"], "present", ""),
        (["cut", "long"], "present", ""),
        (["truncated", "4kB"], "present", ""),
        (["html", "disguised"], "present", ""),
        (["slow"], "present", ""),
        (["cut", "always"], "damaged", "cut off"),
        (["long", "always"], "damaged", "cut off"),
        (["short", "always"], "damaged", "HDF5 cannot read it"),
        (["truncated", "always"], "damaged", "HDF5 cannot read it"),
        (["4kB", "always"], "damaged", "HDF5 cannot read it"),
        (["html", "always"], "damaged", "web page"),
        (["disguised", "always"], "damaged", 'a web page instead of the file: "Earthdata Login"'),
        (["json", "always"], "damaged", 'JSON message instead of the file: "The job is being'),
        (["other", "always"], "damaged", "it holds 2019-06-03T02:30, not 2019-06-03T02:00"),
        (["slow", "always"], "damaged", "not complete after 1 s"),
        (["500", "always"], "damaged", "answers 500 (attempt 3)"),
        (["400"], "damaged", "answers 400 (attempt 1)"),
        (["404", "always"], "missing", "the archive does not have it"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else value,
)
def test_a_fault_sets_the_state_of_its_half_hour_only(
    faults: list[str],
    state: str,
    why: str,
    earthdata: tuple[Earthdata, Loopback],
    tmp_path: Path,
) -> None:
    nasa, _ = earthdata
    nasa.faults = {"2019-06-03T02:00": faults}
    table = fetch_month(tmp_path / "2019-06", "2019-06-03", "2019-06-03T03:00", imerg_request())
    assert list(table["state"]) == ["present"] * 4 + [state] + ["present"]
    assert why in table["detail"][4]
    assert not list((tmp_path / "2019-06").glob(".*"))
    assert len(list((tmp_path / "2019-06").glob("3B*"))) == (table["state"] == "present").sum()


@pytest.mark.parametrize("access", ["opendap", "whole"])
def test_a_service_without_any_granule_of_the_catalogue_is_an_error_and_nothing_is_missing(
    access: str, earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    nasa, _ = earthdata
    nasa.gone = {str(t.astype("datetime64[m]")) for t in nasa.times}
    for end in ("2019-06-05", "2019-06-03T01:00"):
        with pytest.raises(FilesNotFound, match=rf"404.*imerg.addresses.{access} .*not recorded"):
            fetch_month(tmp_path / "2019-06", "2019-06-03", end, imerg_request(access=access))
    assert Journal(tmp_path / "2019-06/journal.jsonl").read() == {}
    nasa.gone = set()
    table = fetch_month(tmp_path / "2019-06", *DAY, imerg_request(access=access))
    assert list(table["state"]) == ["present"] * 12


def test_granules_that_disappear_during_the_download_are_an_error(
    earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    nasa, _ = earthdata
    nasa.gone = {str(t.astype("datetime64[m]")) for t in nasa.times[20:]}
    with pytest.raises(FilesNotFound, match="any of 12 granules in a row"):
        fetch_month(tmp_path / "2019-06", "2019-06-03", "2019-06-05", imerg_request())
    records = Journal(tmp_path / "2019-06/journal.jsonl").read().values()
    assert {record["state"] for record in records} == {"present"}


def test_an_address_that_does_not_answer_is_an_error_that_names_its_key(
    earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    moved = {**ADDRESSES, "opendap": "https://retired.example/collections"}
    with pytest.raises(
        ArchiveBusy, match=r"retired\.example: no answer.*imerg\.addresses\.opendap"
    ):
        fetch_month(tmp_path / "2019-06", *DAY, imerg_request(addresses=moved))


def test_the_description_is_read_once_for_the_granules_of_a_version(
    earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    nasa, server = earthdata
    nasa.repaired = {"2019-06-03T03:00"}
    fetch_month(tmp_path / "2019-06", *DAY, imerg_request())
    assert sum(received.path.endswith(".dmr.xml") for received, _ in server.log) == 2


def test_a_granule_with_another_layout_than_the_first_is_requested_by_its_own_description(
    earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    nasa, _ = earthdata
    fetcher = GranuleFetcher(login(), tmp_path, imerg_request(), Journal(tmp_path / "journal"))
    start, end = np.datetime64("2019-06-03", "ns"), np.datetime64("2019-06-03T01:00", "ns")
    first, second = list_granules(login(), "final", "07", start, end).values()
    assert fetcher.fetch(first).record["state"] == "present"
    nasa.groups = False
    answer = fetcher.fetch(second).record
    assert answer["state"] == "present"
    assert "?dap4.ce=/precipitation[0][1795" in answer["source"]


def test_half_hours_that_the_archive_lacks_are_requested_again_only_with_retry_missing(
    earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    nasa, server = earthdata
    nasa.unlisted, nasa.gone = {"2019-06-03T01:00"}, {"2019-06-03T03:30"}
    table = fetch_month(tmp_path / "2019-06", *DAY, imerg_request())
    assert list(table.index[table["state"] == "missing"]) == [2, 7]
    requests = len(server.log)
    repeated = fetch_month(tmp_path / "2019-06", *DAY, imerg_request())
    assert len(server.log) == requests
    assert repeated.equals(table)
    still = fetch_month(tmp_path / "2019-06", *DAY, imerg_request(retry_missing=True))
    assert list(still["state"]) == list(table["state"])
    nasa.unlisted, nasa.gone = set(), set()
    retried = fetch_month(tmp_path / "2019-06", *DAY, imerg_request(retry_missing=True))
    assert list(retried["state"]) == ["present"] * 12
    assert set(nasa.served.values()) == {1}


def test_a_damaged_file_is_downloaded_again_by_the_next_run(
    earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    nasa, _ = earthdata
    nasa.faults = {"2019-06-03T02:00": ["truncated"] * 3}
    assert fetch_month(tmp_path / "2019-06", *DAY, imerg_request())["state"][4] == "damaged"
    assert fetch_month(tmp_path / "2019-06", *DAY, imerg_request())["state"][4] == "present"
    assert set(nasa.served.values()) == {1}


def test_another_box_is_downloaded_although_files_are_on_disk(
    earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    fetch_month(tmp_path / "2019-06", "2019-06-03", "2019-06-03T01:00", imerg_request())
    wider = Grid("EPSG:4326", -0.6, 45.2, 0.1, 0.1, 13, 9)
    table = fetch_month(
        tmp_path / "2019-06", "2019-06-03", "2019-06-03T01:00", imerg_request(cells=wider)
    )
    rain = read_granule(tmp_path / table["file"][0], wider)["precipitation"]
    assert rain.notnull().all()


def test_an_archive_that_stays_busy_is_an_error_and_files_that_arrived_are_kept(
    earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    nasa, _ = earthdata
    nasa.faults = {"2019-06-03T02:00": ["503", "always"]}
    with pytest.raises(ArchiveBusy, match=r"answers 503.*run the workflow again later"):
        fetch_month(tmp_path / "2019-06", *DAY, imerg_request())
    nasa.faults = {}
    assert (
        list(fetch_month(tmp_path / "2019-06", *DAY, imerg_request())["state"]) == ["present"] * 12
    )
    assert max(nasa.served.values()) == 1


def test_all_connections_pause_for_as_long_as_the_server_asks(
    earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    nasa, server = earthdata
    nasa.retry_after = "1"
    nasa.faults = {"2019-06-03T02:00": ["429"]}
    retry = RetryPolicy(attempts=3, max_pause=5, read_timeout=2, total_timeout=2)
    begun = time.monotonic()
    table = fetch_month(tmp_path / "2019-06", *DAY, imerg_request(retry=retry))
    assert time.monotonic() - begun > 1
    assert list(table["state"]) == ["present"] * 12
    statuses = [status for received, status in server.log if received.host == OPENDAP]
    # No further request is sent before the pause is over.
    assert statuses.count(429) == 1


@pytest.mark.parametrize(("arrive", "message"), [(0, "3 files in a row"), (9, "12 files in a row")])
def test_many_damaged_files_in_a_row_are_an_error(
    arrive: int, message: str, earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    nasa, _ = earthdata
    nasa.faults = {str(t.astype("datetime64[m]")): ["cut", "always"] for t in nasa.times[arrive:]}
    with pytest.raises(ArchiveBusy, match=message):
        fetch_month(
            tmp_path / "2019-06", "2019-06-03", "2019-06-04", imerg_request(max_connections=1)
        )


def test_the_number_of_connections_is_limited(
    earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    nasa, _ = earthdata
    fetch_month(tmp_path / "2019-06", "2019-06-03", "2019-06-04", imerg_request(max_connections=3))
    assert 1 <= nasa.max_simultaneous <= 3


def test_a_month_without_granules_in_the_catalogue_is_an_error(
    earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    with pytest.raises(RainscoreError, match=r"no granule of GPM_3IMERGHH version 07"):
        fetch_month(tmp_path / "2031-01", "2031-01-01", "2031-01-02", imerg_request())


@pytest.mark.parametrize(("run", "letter"), [("late", "L"), ("early", "E")])
def test_late_and_early_have_their_own_collections(
    run: str, letter: str, earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    table = fetch_month(
        tmp_path / "2019-06", "2019-06-03", "2019-06-03T00:30", imerg_request(run=run)
    )
    assert list(table["state"]) == ["present"]
    assert f"/GPM_3IMERGHH{letter}.07%3A3B-HHR-{letter}.MS." in table["source"][0]
