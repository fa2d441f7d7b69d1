"""Estimate of a download from an open Icechunk store: chunks, size and duration."""

import statistics
from math import prod
from pathlib import Path

import numpy as np
import zarr
from zarr.core.sync import sync

from rainscore.download.amounts import duration_text, size_text
from rainscore.download.icechunkaccess import store_errors
from rainscore.download.journal import Journal, time_key
from rainscore.download.openstore import OpenStore, open_store
from rainscore.download.storeblocks import CONNECTIONS, Block, list_blocks
from rainscore.download.storemonths import StoreRequest, present_records
from rainscore.download.storewindows import find_window
from rainscore.times import steps

MEGABYTES_PER_SECOND = 10.0
"""Assumed transfer rate [MB/s]."""

SECONDS_PER_CHUNK = 1.0
"""Assumed time to request and decode a chunk [s]."""


def plan_maps(
    name: str, folder: Path, spans: dict[str, list[str]], request: StoreRequest
) -> list[str]:
    """Describe the download of the maps of a store; only metadata and axes are transferred.

    Args:
        name: Name of the maps, such as IMERG.
        folder: Folder of the months.
        spans: First map and end of each month, by month.
        request: Store, box and times.

    Returns:
        Lines of text.

    Raises:
        ArchiveBusy, DomainError, RainscoreError: See `storemonths.fetch_maps`.
    """
    store = open_store(request.settings, step_minutes=request.step_minutes)
    window = find_window(store, request.bounds)
    expected = available = on_disk = 0
    blocks: list[Block] = []
    for month, span in spans.items():
        start, end = span
        times = steps(start, end, request.step_minutes)
        records = Journal(folder / month / "journal.jsonl").read()
        present = present_records(folder / month, records, request.label)
        positions = store.find_times(times + np.timedelta64(request.shift_minutes, "m"))
        found = positions[positions >= 0]
        expected += times.size
        available += found.size
        on_disk += len(present)
        if not all(time_key(time) in present for time in times):
            blocks += list_blocks(store, window, slice(int(found.min()), int(found.max()) + 1))
    size = _size(store, blocks)
    seconds = max(size / 1e6 / MEGABYTES_PER_SECOND, len(blocks) * SECONDS_PER_CHUNK / CONNECTIONS)
    return [
        f"{name} from {store.dataset}, snapshot {store.snapshot}: {expected} maps, {available} in "
        f"the store, {on_disk} on disk",
        f"  {len(blocks)} chunks to read, about {size_text(size)}, "
        f"{duration_text(seconds)} (assumed: {MEGABYTES_PER_SECOND:g} MB/s, {CONNECTIONS} chunks "
        f"at a time of {SECONDS_PER_CHUNK:g} s)",
    ]


def _size(store: OpenStore, blocks: list[Block]) -> float:
    """Size of the chunks of some blocks [bytes], from the mean size of a chunk in their shards."""
    return sum(
        len(of_role) * statistics.mean(_chunk_sizes(store, store.arrays[role], of_role))
        for role in store.arrays
        if (of_role := [block for block in blocks if block.role == role])
    )


def _chunk_sizes(store: OpenStore, array: zarr.Array, blocks: list[Block]) -> list[float]:
    """Mean size of a chunk in each shard with one of the blocks [bytes]; 0 for an absent shard."""
    stored = array.shards or array.chunks
    per_shard = prod(stored) / prod(array.chunks)
    shards = {
        tuple(part.start // n for part, n in zip(block.selection, stored, strict=True))
        for block in blocks
    }
    sizes = []
    for shard in sorted(shards):
        key = f"{array.path}/{array.metadata.encode_chunk_key(shard)}"
        with store_errors(store.address):
            try:
                sizes.append(sync(array.store.getsize(key)) / per_shard)
            except FileNotFoundError:
                sizes.append(0.0)
    return sizes
