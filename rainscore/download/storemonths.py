"""Download of a month of maps from an open Icechunk store, which resumes after an interruption."""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.download.amounts import files_size, size_text
from rainscore.download.journal import (
    Journal,
    file_is_complete,
    journal_manifest,
    time_key,
    utc_now,
)
from rainscore.download.openstore import OpenStore, open_store
from rainscore.download.storeblocks import Block, BlockFolder, list_blocks
from rainscore.download.storecatalogue import StoreSettings
from rainscore.download.storewindows import StoreWindow, find_window
from rainscore.grids import Grid
from rainscore.times import steps
from rainscore.writing import remove_partial_files

ABSENT = {
    "state": "missing", "file": "", "index": 0, "size": 0, "sha256": "", "version": "",
    "detail": "the store has no value in the domain",
}  # fmt: skip
"""Part of the record of a map that the store does not have."""

log = logging.getLogger("rainscore")

Fields = Mapping[str, np.ndarray]
"""Maps by role, dims (time, y, x), row 0 north, NaN where missing; `rain` in mm/h."""

MapWriter = Callable[[Path, np.ndarray, Fields, Grid], list[dict]]
"""Function that writes the maps of a day to files in a folder.

Args: folder, times (start of each map, dims (time,)), fields, grid. Returns of each map: `file`
(name), `index` (position in the file) and `version`.
"""


@dataclass(frozen=True)
class StoreRequest:
    """Request for the maps of a store over a box.

    Attributes:
        settings: Address and names of the store.
        bounds: West, south, east, north [degrees]; longitudes may exceed ±180.
        step_minutes: Time between maps [min].
        shift_minutes: Time from the start of a map to its time in the store [min].
    """

    settings: StoreSettings
    bounds: tuple[float, float, float, float]
    step_minutes: int
    shift_minutes: int = 0

    @property
    def label(self) -> str:
        """Text that identifies what is requested; files of another label are requested again."""
        s = self.settings
        names = f"{s.dataset} {s.version} {s.rain} {s.quality}"
        return f"{names} {self.bounds} {self.shift_minutes} {s.address}"


def bounds_of(cells: Grid) -> tuple[float, float, float, float]:
    """West, south, east, north of cells in longitude and latitude, row 0 south [degrees].

    East is above 180 for cells across the date line.
    """
    return cells.x0, cells.y0, cells.x0 + cells.nx * cells.dx, cells.y0 + cells.ny * cells.dy


def fetch_maps(
    folder: Path,
    start: np.datetime64 | str,
    end: np.datetime64 | str,
    request: StoreRequest,
    write: MapWriter,
) -> pd.DataFrame:
    """Download the maps of a period that are not on disk; return the manifest of all of them.

    The chunks are read first (`storeblocks`), then the files of each day are written and recorded
    in `folder/journal.jsonl`. A second call, also after a kill, reads only chunks that did not
    arrive, from the same snapshot. Maps that a snapshot does not have are requested again from a
    newer one.

    Args:
        folder: Folder of the files, with the name of the month.
        start, end: Period [start, end) of the starts of the maps, UTC.
        request: Store, box and times.
        write: Writer of the files.

    Returns:
        Manifest (docs/contracts.md) with `source` (address and snapshot) and `fetched`. File names
        are relative to the parent of `folder`. Maps without any value in the box are missing.

    Raises:
        ArchiveBusy: The store cannot be reached; chunks that have arrived are kept.
        DomainError: The box is outside the store.
        RainscoreError: The store cannot be used, or has no map of the period.
    """
    folder.mkdir(parents=True, exist_ok=True)
    remove_partial_files(folder)
    journal, times = Journal(folder / "journal.jsonl"), steps(start, end, request.step_minutes)
    records = present_records(folder, journal.read(), request.label)
    blocks = BlockFolder(folder, request.label)
    if any(time_key(time) not in records for time in times):
        store = open_store(
            request.settings, step_minutes=request.step_minutes, snapshot=blocks.snapshot
        )
        records |= _missing_at(store.snapshot, journal.read(), request.label)
        days = _incomplete_days(times, records)
        for record in _fetch(folder, store, times, days, request, write) if days.size else ():
            journal.add(record)
            records[record["key"]] = record
    blocks.remove()  # also those that a kill after the last record has left
    table = journal_manifest(folder, times, records)
    states = ", ".join(f"{n} {state}" for state, n in table["state"].value_counts().items())
    log.info("%s: %s, %s", folder.name, states, size_text(files_size(table)))
    return table


def present_records(folder: Path, records: dict[str, dict], label: str) -> dict[str, dict]:
    """Select the records of the maps of a request whose file is on disk."""
    return {
        key: record
        for key, record in records.items()
        if (record["asked"], record["state"]) == (label, "present")
        and file_is_complete(folder, record)
    }


def _missing_at(snapshot: str, records: dict[str, dict], label: str) -> dict[str, dict]:
    """Records of the maps that a snapshot does not have."""
    return {
        key: record
        for key, record in records.items()
        if (record["asked"], record["state"]) == (label, "missing")
        and record["snapshot"] == snapshot
    }


def _incomplete_days(times: np.ndarray, records: dict[str, dict]) -> np.ndarray:
    """Days of the times without a record; a file may hold a day, so days are written as a whole."""
    without = [time for time in times if time_key(time) not in records]
    return np.unique(np.array(without, "datetime64[D]"))


def _fetch(
    folder: Path,
    store: OpenStore,
    times: np.ndarray,
    days: np.ndarray,
    request: StoreRequest,
    write: MapWriter,
) -> Iterator[dict]:
    """Read the chunks of a period, write the files of some days, and yield a record of each map."""
    positions = store.find_times(times + np.timedelta64(request.shift_minutes, "m"))
    window = find_window(store, request.bounds)
    found = positions[positions >= 0]
    blocks = list_blocks(store, window, slice(int(found.min()), int(found.max()) + 1))
    arrived = BlockFolder(folder, request.label)
    arrived.fetch(store, blocks)
    common = {"asked": request.label, "source": store.source, "snapshot": store.snapshot}
    for day in days:
        of_day = times.astype("datetime64[D]") == day
        fields = _read_day(arrived, store, window, blocks, positions[of_day])
        for record in _write_day(folder, times[of_day], fields, window.grid, write):
            yield common | {"fetched": utc_now()} | record


def _write_day(
    folder: Path, times: np.ndarray, fields: Fields, grid: Grid, write: MapWriter
) -> Iterator[dict]:
    """Write the maps of a day that have values, and yield the own part of the record of each."""
    has_values = np.asarray(np.isfinite(fields["rain"]).any(axis=(1, 2)))
    kept = {role: values[has_values] for role, values in fields.items()}
    written = iter(write(folder, times[has_values], kept, grid) if has_values.any() else [])
    contents: dict[str, tuple[int, str]] = {}
    for time, present in zip(times, has_values, strict=True):
        if not present:
            yield ABSENT | {"key": time_key(time)}
            continue
        part = next(written)
        if part["file"] not in contents:
            content = (folder / part["file"]).read_bytes()
            contents[part["file"]] = len(content), hashlib.sha256(content).hexdigest()
        size, digest = contents[part["file"]]
        yield part | {
            "key": time_key(time), "state": "present", "size": size, "sha256": digest, "detail": "",
        }  # fmt: skip


def _read_day(
    arrived: BlockFolder,
    store: OpenStore,
    window: StoreWindow,
    blocks: list[Block],
    positions: np.ndarray,
) -> dict[str, np.ndarray]:
    """Maps at some positions in the store, by role, dims (time, y, x); rain in mm/h."""
    known = positions >= 0
    fields = {}
    for role in store.arrays:
        fields[role] = np.full((positions.size, *window.grid.shape), np.nan, np.float32)
        if known.any():
            first = int(positions[known].min())
            maps = slice(first, int(positions[known].max()) + 1)
            values = arrived.read(store, window, blocks, role, maps)
            fields[role][known] = values[positions[known] - first]
    fields["rain"] *= np.float32(store.factor)
    return fields
