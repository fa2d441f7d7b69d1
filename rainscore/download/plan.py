"""What a download will be, before anything of it travels: how many files, how large, how long."""

import statistics
from pathlib import Path

import numpy as np
import pandas as pd
import s3fs

from rainscore.download.addresses import fields
from rainscore.download.earthdata import login, search
from rainscore.download.granules import Order, key, settled
from rainscore.download.hub import resumed, year_archives
from rainscore.download.journal import Journal
from rainscore.download.zarrstore import ENDPOINT, STORE, open_store, stands

SECONDS = 4.0
"""Time of a request of a subset where none has been made yet [s] (docs/data.md)."""


MEGABYTES_A_SECOND = 10.0
"""Rate of large files where none has arrived yet."""


WRITING = 0.1
"""Time to compress and write a frame of the store at 1 km, where none has been written yet [s]."""


OVERHEAD = 10_000


CODES = {"mw_source", "mw_minute", "ir_influence", "liquid_probability"}
"""Fields of two bytes a cell; the others have four."""


def plan_imerg(folder: Path, spans: dict[str, list[str]], order: Order) -> list[str]:
    """Lines that say what of IMERG is there and what is to come.

    Args:
        folder: Of the months' granules.
        spans: Month → its first half-hour and its end.
        order: What is asked for, and how.

    Raises:
        AccessRefused: The account is not let in.
        ArchiveBusy: The catalogue does not answer.
        RainscoreError: It has none of a month's granules.
    """
    auth = login()
    expected = listed = here = left = 0
    whole, seconds, sizes = 0.0, [], []
    for month, span in spans.items():
        start, end = (np.datetime64(when, "ns") for when in span)
        granules = search(auth, order.run, order.version, start, end)
        journal = Journal(folder / month / "journal.jsonl")
        records = settled(folder / month, journal.read(), order)
        present = [r for r in records.values() if r["state"] == "present"]
        expected += int((end - start) / np.timedelta64(30, "m"))
        listed += len(granules)
        here += len(present)
        left += sum(key(when) not in records for when in granules)
        whole += sum(granule.megabytes for granule in granules.values()) / 1e3
        seconds += [r["seconds"] for r in present]
        sizes += [r["size"] for r in present]
    size = statistics.mean(sizes) if sizes else _subset_size(order)
    if order.access == "whole":
        size = whole * 1e9 / listed
    pace = statistics.median(seconds) if seconds else SECONDS
    said = f"measured on {len(seconds)}" if seconds else "as measured elsewhere"
    return [
        f"IMERG {order.run} {order.version}: {expected} half-hours, {listed} in the catalogue "
        f"({expected - listed} missing at source), {here} here, {left} to fetch",
        f"  {left * size / 1e9:.2f} GB by {order.access} ({size / 1e3:.0f} kB each; whole granules "
        f"would be {whole:.1f} GB)",
        f"  {left * pace / order.max_connections / 3600:.1f} h with "
        f"{order.max_connections} connections ({pace:.2g} s each, {said})",
    ]


def plan_hub(folder: Path, months: list[str]) -> list[str]:
    """Lines that say which archives of the hub will be streamed, and how large they are.

    Raises:
        ArchiveBusy: The hub does not answer.
        RainscoreError: It has no archive of a year.
    """
    lines = []
    for year in sorted({month[:4] for month in months}):
        journal = Journal(folder / f"hub-{year}.jsonl")
        files = year_archives(year)
        wanted = [month for month in months if month.startswith(year)]
        left = sum(file.size - resumed(journal, file, wanted) for file in files)
        kept = len(wanted)
        lines.append(
            f"radar {year}: {', '.join(file.path for file in files)}, "
            f"{left / 1e9:.1f} GB to stream, about {left * kept / 12e9:.1f} GB to keep "
            f"({kept} of 12 months), {_hours(left, journal.read(), share=kept / 12)}"
        )
    return lines


def plan_store(folder: Path, spans: dict[str, list[str]]) -> list[str]:
    """Lines that say how many frames of the Zarr store are to come, by the size of some days.

    Raises:
        ArchiveBusy: The store cannot be reached.
    """
    times = pd.DatetimeIndex(open_store()["time"].to_numpy())
    s3 = s3fs.S3FileSystem(anon=True, endpoint_url=ENDPOINT)
    expected = there = 0
    sizes: list[float] = []
    records: dict[str, dict] = {}
    for month, span in spans.items():
        start, end = (pd.Timestamp(when) for when in span)
        places = np.flatnonzero((times >= start) & (times < end))
        expected += int((end - start) / pd.Timedelta(minutes=5))
        there += places.size
        found = Journal(folder / month / "journal.jsonl").read()
        records |= {k: r for k, r in found.items() if stands(folder / month, r, STORE)}
        if places.size:
            shard = f"{STORE.removeprefix('s3://')}/prate/c/{places[places.size // 2] // 288}/0/0"
            sizes.append(s3.size(shard) / 288)
    here = sum(record["state"] == "present" for record in records.values())
    left = max(there - here, 0)
    size = left * (statistics.mean(sizes) if sizes else 0.0)
    return [
        f"radar: {expected} frames, {there} in the store, {here} here, {left} to fetch, "
        f"{size / 1e9:.2f} GB, {_hours(size, records, frames=left)}"
    ]


def _subset_size(order: Order) -> float:
    """Bytes of a subset, which is not compressed, before one has arrived."""
    cell = sum(2 if field in CODES else 4 for field in fields(order.version))
    return OVERHEAD + cell * order.cells.size


def _hours(size: float, records: dict[str, dict], *, share: float = 1, frames: int = 0) -> str:
    """Time for so many bytes, of which a share is kept, at the rate at which what is here came.

    Where nothing is here, at an assumed rate and time to write each of the frames.
    """
    came = [r for r in records.values() if r.get("size") and r.get("fetched")]
    moments = pd.DatetimeIndex(sorted(r["fetched"] for r in came))
    gaps = np.diff(moments) / np.timedelta64(1, "s")
    worked = gaps[gaps < 60].sum()  # longer ones are nights between two runs
    seconds = size / 1e6 / MEGABYTES_A_SECOND + WRITING * frames
    said = "assumed: nothing is here yet"
    if worked:
        seconds = size * share * worked / sum(r["size"] for r in came)
        said = f"measured on {len(came)} frames"
    rate = size / 1e6 / seconds if seconds else 0.0
    return f"{seconds / 3600:.1f} h at {rate:.3g} MB/s ({said})"
