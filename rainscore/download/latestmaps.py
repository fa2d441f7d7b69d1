"""The newest half-hours of IMERG over a place, from an open Icechunk store."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from rainscore.download.openstore import open_store
from rainscore.download.storeblocks import read_window
from rainscore.download.storecatalogue import StoreSettings
from rainscore.download.storegranules import granule_request, write_granules
from rainscore.download.storewindows import find_window
from rainscore.errors import RainscoreError
from rainscore.grids import Grid

SEARCHED = 48
"""Number of half-hours at the end of the store that are searched for maps with values."""


COMPLETE = 0.9
"""Half-hours with less than this share of the values of the fullest are still being written."""


def fetch_latest(
    folder: Path, cells: Grid, *, settings: StoreSettings, run: str = "late", count: int = 3
) -> list[Path]:
    """Download the newest complete half-hours over some cells, and write them as granules.

    Args:
        folder: Folder of the granules.
        cells: Cells of IMERG; longitudes may exceed ±180.
        settings: Settings of the store.
        run: `early` or `late`.
        count: Maximum number of half-hours.

    Returns:
        Granules in order of time; the last one is the newest.

    Raises:
        ArchiveBusy: The store cannot be reached.
        DomainError: The cells are outside the store.
        RainscoreError: The store cannot be used, or its last day has no value over the cells.
    """
    request = granule_request(replace(settings, by_command=True), run, cells)
    store = open_store(request.settings, step_minutes=request.step_minutes)
    window = find_window(store, request.bounds)
    maps = slice(max(store.times.size - SEARCHED, 0), store.times.size)
    fields = {role: read_window(store, window, role, maps) for role in store.arrays}
    fields["rain"] *= np.float32(store.factor)
    shares = np.isfinite(fields["rain"]).mean(axis=(1, 2))
    kept = np.flatnonzero((shares > 0) & (shares >= COMPLETE * shares.max()))[-count:]
    if not kept.size:
        raise RainscoreError(
            f"{store.address}: its last {SEARCHED} half-hours, up to {str(store.times[-1])[:16]} "
            "(UTC), have no value at this place; choose another run or place"
        )
    folder.mkdir(parents=True, exist_ok=True)
    written = write_granules(
        folder,
        store.times[maps][kept],
        {role: values[kept] for role, values in fields.items()},
        window.grid,
        run=run,
        system=f"rainscore from {request.settings.dataset}",
    )
    return [folder / record["file"] for record in written]
