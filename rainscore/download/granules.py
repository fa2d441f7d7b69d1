"""Download of a month of IMERG granules, which resumes after an interruption."""

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import earthaccess
import numpy as np
import pandas as pd

from rainscore.download.addresses import ENDINGS, granule_address, version_fields
from rainscore.download.earthdata import ACCOUNT_STEPS, CatalogueEntry, list_granules, login
from rainscore.download.journal import (
    Journal,
    file_is_complete,
    journal_manifest,
    remove_partial_files,
    time_key,
    utc_now,
)
from rainscore.download.transfer import (
    RETRY_LATER,
    AccessRefused,
    ArchiveBusy,
    FetchResult,
    RetryPolicy,
    SharedPause,
    fetch,
)
from rainscore.errors import DamagedFile, DomainError
from rainscore.grids import Grid
from rainscore.hdf5files import open_hdf5
from rainscore.imerg.reader import GROUPS, Box, lattice_box, read_granule
from rainscore.runtime import progress_bar
from rainscore.times import HALF_HOUR, steps

MAX_CONSECUTIVE_FAILURES = 12
"""Number of damaged files in a row after which the network or the archive is taken to be faulty."""

MAX_INITIAL_FAILURES = 3
"""The same number before the first file has arrived."""

log = logging.getLogger("rainscore")


@dataclass(frozen=True)
class ImergRequest:
    """Request for IMERG granules from NASA's archive.

    Attributes:
        run: "early", "late" or "final".
        version: Version of the collection, such as "07".
        access: Access method: "opendap", "opendap-cloud", "harmony" or "whole".
        cells: Cells on IMERG's grid.
        max_connections: Number of simultaneous requests.
        retry_missing: Whether to request again the half-hours that the archive did not have.
        retry: Retries and time limits of a file.
    """

    run: str
    version: str
    access: str
    cells: Grid
    max_connections: int = 4
    retry_missing: bool = False
    retry: RetryPolicy = field(default_factory=RetryPolicy)

    @property
    def box(self) -> Box:
        """Box of the cells on IMERG's grid."""
        return lattice_box(self.cells)

    @property
    def label(self) -> str:
        """Text that identifies the requested files; stored as `asked` in the journal."""
        return f"{self.run} {self.version} {self.access} {'-'.join(map(str, self.box))}"


class GranuleRecord(NamedTuple):
    """Record of a granule in the journal, and whether a web page came instead of the file."""

    record: dict
    web_page: bool


def fetch_month(
    folder: Path, start: np.datetime64 | str, end: np.datetime64 | str, request: ImergRequest
) -> pd.DataFrame:
    """Download the granules of a period that are not on disk; return the manifest of all of them.

    A file gets its name after its content is checked, and each answer is recorded in
    `folder/journal.jsonl`. A second call, also after a kill, downloads only files that did not
    arrive or were damaged. Half-hours that the archive did not have are requested again only with
    `request.retry_missing`.

    Args:
        folder: Folder of the granules, with the name of the month.
        start, end: Period [start, end), UTC.
        request: Product, box and access method.

    Returns:
        Manifest (docs/contracts.md) with `source` (address) and `fetched` (UTC). File names are
        relative to the parent of `folder`.

    Raises:
        AccessRefused: If the account is refused.
        ArchiveBusy: If the archive cannot be reached, or sends damaged files only.
        RainscoreError: If the catalogue has no granule in the period.
    """
    folder.mkdir(parents=True, exist_ok=True)
    remove_partial_files(folder)
    journal = Journal(folder / "journal.jsonl")
    records = finished_records(folder, journal.read(), request)
    times = steps(start, end)
    remaining = [time for time in times if time_key(time) not in records]
    if remaining:
        log.info("%s: %d half-hours on disk, %d missing", folder.name, len(records), len(remaining))
        auth = login()
        catalogue = list_granules(
            auth, request.run, request.version, times[0], times[-1] + HALF_HOUR
        )
        fetcher = _GranuleFetcher(auth, folder, request, journal)
        answers = _fetch_all(fetcher, remaining, catalogue)
        for record in progress_bar(answers, desc=f"IMERG {folder.name}", total=len(remaining)):
            records[record["key"]] = record
    table = journal_manifest(folder, times, records)
    _log_summary(folder.name, table)
    return table


def finished_records(
    folder: Path, records: dict[str, dict], request: ImergRequest
) -> dict[str, dict]:
    """Select the records of the half-hours that need no further request."""

    def is_finished(record: dict) -> bool:
        if record["asked"] != request.label:
            return False
        if record["state"] == "present":
            return file_is_complete(folder, record)
        return record["state"] == "missing" and not request.retry_missing

    return {key: record for key, record in records.items() if is_finished(record)}


def check_content(path: Path, start: np.datetime64, request: ImergRequest) -> None:
    """Read all fields over the cells, and compare time, box and fields with the request.

    Raises:
        DamagedFile: If the file cannot be used.
    """
    remedy = "download it again"
    try:
        granule = read_granule(path, request.cells)
    except DomainError:
        raise DamagedFile(path, "it lies outside the box", remedy) from None
    if granule["time"].values != start:
        stored_time = granule["time"].values.astype("datetime64[m]")
        raise DamagedFile(path, f"it holds {stored_time}, not {time_key(start)}", remedy)
    lacking = set(version_fields(request.version)).intersection(granule.attrs["absent"].split())
    if lacking:
        raise DamagedFile(path, f"it lacks {', '.join(sorted(lacking))}", remedy)
    with open_hdf5(path) as file:
        for axis in ("lat", "lon"):
            stored = next(file[group + axis] for group in GROUPS if group + axis in file)
            cells = granule[axis].values
            if stored[0] > cells[0] + 0.05 or stored[-1] < cells[-1] - 0.05:
                raise DamagedFile(path, f"its {axis} does not cover the box", remedy)


class _ThreadSession(threading.local):
    """Logged-in session of each thread, since sessions are not safe between threads."""

    def __init__(self, auth: earthaccess.Auth) -> None:
        self.session = auth.get_session()


class _GranuleFetcher:
    """Downloads granules and records each answer in the journal; can be used by many threads."""

    def __init__(
        self, auth: earthaccess.Auth, folder: Path, request: ImergRequest, journal: Journal
    ) -> None:
        self.request, self.journal = request, journal
        self._folder, self._local, self._pause = folder, _ThreadSession(auth), SharedPause()

    def fetch(self, granule: CatalogueEntry) -> GranuleRecord:
        """Download a granule."""
        request = self.request
        url = granule_address(request.access, granule, request.run, request.version, request.box)
        name = granule.name + ENDINGS[request.access]
        begun = time.monotonic()
        try:
            result = fetch(
                self._local.session,
                url,
                self._folder / name,
                check=partial(check_content, start=granule.start, request=request),
                shared_pause=self._pause,
                retry=request.retry,
            )
        except AccessRefused as error:
            raise AccessRefused(f"{error}; {ACCOUNT_STEPS}") from None
        record = self._record(
            granule.start,
            result,
            # A manifest names a file unless it is missing.
            file="" if result.state == "missing" else name,
            version=granule.version,
            source=url,
            seconds=round(time.monotonic() - begun, 3),
        )
        return GranuleRecord(record, result.web_page)

    def record_missing(self, start: np.datetime64) -> dict:
        """Record a half-hour that is not in the catalogue."""
        return self._record(start, FetchResult("missing", 0, "", "not in the catalogue"))

    def _record(self, start: np.datetime64, result: FetchResult, **columns: str | float) -> dict:
        record = {
            "key": time_key(start),
            "asked": self.request.label,
            "state": result.state,
            "size": result.size,
            "sha256": result.sha256,
            "detail": result.detail,
            **{"file": "", "version": "", "source": "", "seconds": 0.0, **columns},
            "fetched": utc_now(),
        }
        self.journal.add(record)
        return record


def _fetch_all(
    fetcher: _GranuleFetcher,
    times: list[np.datetime64],
    catalogue: dict[np.datetime64, CatalogueEntry],
) -> Iterator[dict]:
    """Download the half-hours that are in the catalogue; yield the record of each half-hour."""
    for start in times:
        if start not in catalogue:
            yield fetcher.record_missing(start)
    failures, has_arrived = 0, False
    granules = [catalogue[start] for start in times if start in catalogue]
    for record, web_page in _first_then_parallel(fetcher, granules):
        failures = failures + 1 if record["state"] == "damaged" else 0
        has_arrived = has_arrived or not failures
        if web_page and not has_arrived and failures > 1:
            raise AccessRefused(f"the archive sends web pages instead of files; {ACCOUNT_STEPS}")
        if failures == (MAX_CONSECUTIVE_FAILURES if has_arrived else MAX_INITIAL_FAILURES):
            raise ArchiveBusy(
                f"{failures} files in a row cannot be used, the last because of: "
                f"{record['detail']}; {RETRY_LATER}"
            )
        yield record


def _first_then_parallel(
    fetcher: _GranuleFetcher, granules: Iterable[CatalogueEntry]
) -> Iterator[GranuleRecord]:
    """Download granules one by one until the first has arrived, then the others in parallel.

    A refused account is thus detected after few requests.
    """
    remaining = iter(granules)
    for granule in remaining:
        answer = fetcher.fetch(granule)
        yield answer
        if answer.record["state"] == "present":
            break
    with ThreadPoolExecutor(fetcher.request.max_connections) as pool:
        try:
            for future in as_completed([pool.submit(fetcher.fetch, g) for g in remaining]):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _log_summary(month: str, manifest: pd.DataFrame) -> None:
    """Log the states, the size and the versions of the files of a month."""
    states = ", ".join(f"{n} {state}" for state, n in manifest["state"].value_counts().items())
    log.info("%s: %s, %.3f GB", month, states, manifest["size"].sum() / 1e9)
    versions = sorted(set(manifest["version"]) - {""})
    if len(versions) > 1:
        log.warning(
            "%s: the archive mixes %s, repairs of one version", month, " and ".join(versions)
        )
