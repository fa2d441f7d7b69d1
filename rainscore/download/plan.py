"""Estimates of a download before it starts: number of files, size and duration."""

import statistics
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
from zarr.core.sync import sync

from rainscore.download import zarrstore
from rainscore.download.addresses import version_fields
from rainscore.download.amounts import duration_text, size_text
from rainscore.download.earthdata import list_granules, login
from rainscore.download.granulefetcher import ImergRequest
from rainscore.download.granules import finished_records
from rainscore.download.hub import resume_offset, year_archives
from rainscore.download.journal import Journal, time_key
from rainscore.download.zarrstore import ENDPOINT, STORE, locate_store, open_store
from rainscore.times import HALF_HOUR

SECONDS_PER_SUBSET = 4.0
"""Assumed duration of the request of a subset [s] (docs/download.md)."""

MEGABYTES_PER_SECOND = 10.0
"""Assumed transfer rate of large files [MB/s]."""

SECONDS_PER_FRAME = 0.1
"""Assumed time to compress and write a radar frame of 1 km [s]."""

SUBSET_OVERHEAD = 10_000
"""Size of a subset without its fields [bytes]."""

TWO_BYTE_FIELDS = {"mw_source", "mw_minute", "ir_influence", "liquid_probability"}
"""Fields with two bytes per cell; the others have four."""

_FRAMES_PER_SHARD = 288
_MAX_GAP_S = 60  # longer gaps between two frames are interruptions


def plan_imerg(folder: Path, spans: dict[str, list[str]], request: ImergRequest) -> list[str]:
    """Describe the download of IMERG: granules on disk and to download, size and duration.

    Args:
        folder: Folder of the months.
        spans: First half-hour and end of each month, by month.
        request: Product, box and access method.

    Returns:
        Lines of text.

    Raises:
        AccessRefused: If the account is refused.
        ArchiveBusy: If the catalogue does not answer.
        RainscoreError: If the catalogue has no granule of a month.
    """
    auth = login()
    expected = remaining = 0
    catalogue_mb: list[float] = []
    present: list[dict] = []
    for month, span in spans.items():
        start, end = (np.datetime64(time, "ns") for time in span)
        granules = list_granules(auth, request.run, request.version, start, end)
        records = Journal(folder / month / "journal.jsonl").read()
        finished = finished_records(folder / month, records, request)
        present += [record for record in finished.values() if record["state"] == "present"]
        expected += int((end - start) / HALF_HOUR)
        remaining += sum(time_key(time) not in finished for time in granules)
        catalogue_mb += [granule.megabytes for granule in granules.values()]
    whole_size = sum(catalogue_mb) * 1e6
    size = _granule_size(request, present, whole_size / len(catalogue_mb))
    seconds, origin = SECONDS_PER_SUBSET, "assumed"
    if present:
        seconds = statistics.median(record["seconds"] for record in present)
        origin = f"measured on {len(present)} requests"
    listed = len(catalogue_mb)
    return [
        f"IMERG {request.run} {request.version}: {expected} half-hours, {listed} in the catalogue "
        f"({expected - listed} missing at source), {len(present)} on disk, "
        f"{remaining} to download",
        f"  {size_text(remaining * size)} by {request.access} ({size_text(size)} each; whole "
        f"granules would be {size_text(whole_size)})",
        f"  {duration_text(remaining * seconds / request.max_connections)} with "
        f"{request.max_connections} connections ({seconds:.2g} s each, {origin})",
    ]


def plan_hub(folder: Path, months: list[str]) -> list[str]:
    """Describe the download of the radar from the hub: archives, size and duration.

    Args:
        folder: Folder of the months.
        months: Months, such as "2020-01".

    Returns:
        One line of text per year.

    Raises:
        ArchiveBusy: If the hub does not answer.
        RainscoreError: If the hub has no archive of a year.
    """
    lines = []
    for year in sorted({month[:4] for month in months}):
        journal = Journal(folder / f"hub-{year}.jsonl")
        archives = year_archives(year)
        of_year = [month for month in months if month[:4] == year]
        remaining = sum(a.size - resume_offset(journal, a, of_year) for a in archives)
        share = len(of_year) / 12
        duration = _duration(remaining, _frame_records(journal), kept_share=share)
        lines.append(
            f"radar {year}: {', '.join(archive.path for archive in archives)}, "
            f"{size_text(remaining)} to stream, about {size_text(remaining * share)} to keep "
            f"({len(of_year)} of 12 months), {duration}"
        )
    return lines


def plan_store(
    folder: Path,
    spans: dict[str, list[str]],
    *,
    address: str = STORE,
    endpoint: str = ENDPOINT,
) -> list[str]:
    """Describe the download of the radar from the Zarr store: frames, size and duration.

    The size is estimated from one day of each month.

    Args:
        folder: Folder of the months.
        spans: First half-hour and end of each month, by month.
        address, endpoint: See `zarrstore.locate_store`.

    Returns:
        One line of text.

    Raises:
        ArchiveBusy: If the store cannot be reached.
    """
    times = pd.DatetimeIndex(open_store(address, endpoint)["time"].to_numpy())
    store = locate_store(address, endpoint)
    expected = available = 0
    sizes: list[float] = []
    present: list[dict] = []
    for month, span in spans.items():
        start, end = (pd.Timestamp(time) for time in span)
        indices = np.flatnonzero((times >= start) & (times < end))
        expected += int((end - start) / pd.Timedelta(minutes=5))
        available += indices.size
        records = Journal(folder / month / "journal.jsonl").read()
        finished = zarrstore.finished_records(folder / month, records, address)
        present += [record for record in finished.values() if record["state"] == "present"]
        if indices.size:
            day = indices[indices.size // 2] // _FRAMES_PER_SHARD
            with suppress(FileNotFoundError):  # a day without frames, or a store without shards
                sizes.append(sync(store.getsize(f"prate/c/{day}/0/0")) / _FRAMES_PER_SHARD)
    remaining = max(available - len(present), 0)
    size = remaining * (statistics.mean(sizes) if sizes else 0.0)
    return [
        f"radar: {expected} frames, {available} in the store, {len(present)} on disk, "
        f"{remaining} to download, {size_text(size)}, "
        f"{_duration(size, present, frames=remaining)}"
    ]


def _granule_size(request: ImergRequest, present: list[dict], whole_size: float) -> float:
    """Mean size of a file [bytes]: that of a whole granule, or of the subsets on disk, or assumed.

    Subsets are taken to be uncompressed.
    """
    if request.access == "whole":
        return whole_size
    if present:
        return statistics.mean(record["size"] for record in present)
    fields = version_fields(request.version)
    cell = sum(2 if field in TWO_BYTE_FIELDS else 4 for field in fields)
    return SUBSET_OVERHEAD + cell * request.cells.size


def _frame_records(journal: Journal) -> list[dict]:
    """Records of the frames in the journal of an archive of the hub."""
    return [record for record in journal.read().values() if record.get("fetched")]


def _duration(size: float, present: list[dict], *, kept_share: float = 1, frames: int = 0) -> str:
    """Describe the duration of a download.

    Args:
        size: Size to transfer [bytes].
        present: Records of the frames on disk, from which the transfer rate is measured.
        kept_share: Share of the transferred data that is kept.
        frames: Number of frames to write, used where no rate is measured.
    """
    fetched = pd.DatetimeIndex(sorted(record["fetched"] for record in present))
    gaps = np.diff(fetched) / np.timedelta64(1, "s")
    working_time = gaps[gaps < _MAX_GAP_S].sum()
    if working_time:
        kept_size = sum(record["size"] for record in present)
        seconds = size * kept_share * working_time / kept_size
        origin = f"measured on {len(present)} frames"
    else:
        seconds = size / 1e6 / MEGABYTES_PER_SECOND + SECONDS_PER_FRAME * frames
        origin = "assumed: nothing is on disk yet"
    rate = size / 1e6 / seconds if seconds else 0.0
    return f"{duration_text(seconds)} at {rate:.3g} MB/s ({origin})"
