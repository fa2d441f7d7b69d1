"""Download of a month of IMERG granules, which resumes after an interruption."""

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.download.amounts import files_size, size_text
from rainscore.download.earthdata import ACCOUNT_STEPS, CatalogueEntry, list_granules, login
from rainscore.download.granulefetcher import GranuleFetcher, GranuleRecord, ImergRequest
from rainscore.download.journal import (
    Journal,
    file_is_complete,
    journal_manifest,
    time_key,
)
from rainscore.download.transfer import RETRY_LATER, AccessRefused, ArchiveBusy
from rainscore.runtime import progress_bar
from rainscore.times import HALF_HOUR, steps
from rainscore.writing import remove_partial_files

MAX_CONSECUTIVE_FAILURES = 12
"""Number of damaged files in a row after which the network or the archive is taken to be faulty."""

MAX_INITIAL_FAILURES = 3
"""The same number before the first file has arrived."""

log = logging.getLogger("rainscore")


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
        FilesNotFound: If the archive has none of the files that are in the catalogue.
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
        fetcher = GranuleFetcher(auth, folder, request, journal)
        has_files = any(record["state"] == "present" for record in records.values())
        answers = _fetch_all(fetcher, remaining, catalogue, has_files=has_files)
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


def _fetch_all(
    fetcher: GranuleFetcher,
    times: list[np.datetime64],
    catalogue: dict[np.datetime64, CatalogueEntry],
    *,
    has_files: bool,
) -> Iterator[dict]:
    """Download the half-hours that are in the catalogue; yield the record of each half-hour.

    Granules that are in the catalogue, but not at their address, are recorded as missing at the
    end, and only if the service has sent a file and has not lacked many of them in a row.
    """
    for start in times:
        if start not in catalogue:
            yield fetcher.record_missing(start)
    failures, in_a_row, has_arrived, absent = 0, 0, False, list[dict]()
    granules = [catalogue[start] for start in times if start in catalogue]
    for record, web_page in _first_then_parallel(fetcher, granules):
        if record["state"] == "missing":
            absent.append(record)
            in_a_row += 1
            if in_a_row == MAX_CONSECUTIVE_FAILURES:
                raise fetcher.files_not_found(in_a_row)
            continue
        in_a_row = 0
        failures = failures + 1 if record["state"] == "damaged" else 0
        has_arrived = has_arrived or not failures
        _check_failures(record, failures, web_page, has_arrived)
        yield record
    if absent and not (has_arrived or has_files):
        raise fetcher.files_not_found(len(absent))
    yield from map(fetcher.confirm_missing, absent)


def _check_failures(record: dict, failures: int, web_page: bool, has_arrived: bool) -> None:
    """Raise where so many files in a row are damaged that the cause is not the files."""
    if web_page and not has_arrived and failures > 1:
        raise AccessRefused(
            f"{record['detail']}, {failures} times in a row; "
            f"if the page is a login, {ACCOUNT_STEPS}"
        )
    if failures == (MAX_CONSECUTIVE_FAILURES if has_arrived else MAX_INITIAL_FAILURES):
        raise ArchiveBusy(
            f"{failures} files in a row cannot be used, the last because of: {record['detail']}; "
            f"{RETRY_LATER}"
        )


def _first_then_parallel(
    fetcher: GranuleFetcher, granules: Iterable[CatalogueEntry]
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
    log.info("%s: %s, %s", month, states, size_text(files_size(manifest)))
    versions = sorted(set(manifest["version"]) - {""})
    if len(versions) > 1:
        log.warning(
            "%s: the archive mixes %s, repairs of one version", month, " and ".join(versions)
        )
