"""Download of a window of a store, chunk by chunk, into a folder of blocks.

A chunk holds a month of a small area, so maps cannot be read one by one: each chunk is read once,
kept as a block, and the maps are put together from the blocks. A block that has arrived survives a
kill, and memory holds a few chunks only.
"""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path

import h5py
import numpy as np

from rainscore.download.openstore import OpenStore
from rainscore.errors import DamagedFile, DomainError
from rainscore.grids import Grid
from rainscore.hdf5seals import open_own
from rainscore.io import read_json, write_json
from rainscore.runtime import progress_bar
from rainscore.writing import hdf5_target, replacing

CONNECTIONS = 4
"""Number of chunks that are read at the same time."""

_MAPS = 48
"""Number of maps in a chunk of the file of a block."""

_TOLERANCE = 1e-3
"""Distance to the edge of a pixel that is taken as on the edge [pixels]."""


@dataclass(frozen=True)
class StoreWindow:
    """Rectangle of the maps of a store.

    Attributes:
        rows, columns: Position, in the order of the store.
        grid: Grid of the rectangle, row 0 north.
    """

    rows: slice
    columns: slice
    grid: Grid


def find_window(store: OpenStore, bounds: tuple[float, float, float, float]) -> StoreWindow:
    """Pixels of a store that cover a box; parts of the box outside the store are left out.

    Args:
        store: The store.
        bounds: West, south, east, north [degrees].

    Raises:
        DomainError: The box is outside the store.
    """
    west, south, east, north = bounds
    grid = store.grid
    left, right = _pixels((west - grid.x0) / grid.dx, (east - grid.x0) / grid.dx, grid.nx)
    top, bottom = _pixels((north - grid.y0) / grid.dy, (south - grid.y0) / grid.dy, grid.ny)
    if left >= right or top >= bottom:
        raise DomainError(
            f"{store.address}: the domain is outside the store, which covers longitudes "
            f"{grid.x0:g} to {grid.x0 + grid.nx * grid.dx:g} and latitudes "
            f"{grid.y0 + grid.ny * grid.dy:g} to {grid.y0:g}; change domain.centre"
        )
    part = Grid(
        "EPSG:4326", grid.x0 + left * grid.dx, grid.y0 + top * grid.dy, grid.dx, grid.dy,
        right - left, bottom - top,
    )  # fmt: skip
    rows, columns = slice(top, bottom), slice(left, right)
    if store.reversed_rows:
        rows = slice(grid.ny - bottom, grid.ny - top)
    if store.reversed_columns:
        columns = slice(grid.nx - right, grid.nx - left)
    return StoreWindow(rows, columns, part)


def _pixels(first: float, last: float, n: int) -> tuple[int, int]:
    """First and exclusive last pixel of an interval [pixels] on an axis of `n` pixels."""
    return max(floor(first + _TOLERANCE), 0), min(ceil(last - _TOLERANCE), n)


@dataclass(frozen=True)
class Block:
    """Part of a chunk of a variable.

    Attributes:
        role: Role of the variable, `rain` or `quality`.
        selection: Slices of time, rows and columns, in the order of the store.
    """

    role: str
    selection: tuple[slice, slice, slice]

    @property
    def name(self) -> str:
        """Name of its file."""
        starts = "-".join(str(part.start) for part in self.selection)
        return f"{self.role}-{starts}.h5"


def list_blocks(store: OpenStore, window: StoreWindow, maps: slice) -> list[Block]:
    """Parts of the chunks of all variables in a window, for a range of maps."""
    return [
        Block(role, (time, rows, columns))
        for role, array in store.arrays.items()
        for time in _split(maps, array.chunks[0])
        for rows in _split(window.rows, array.chunks[1])
        for columns in _split(window.columns, array.chunks[2])
    ]


def _split(part: slice, chunk: int) -> Iterator[slice]:
    """Parts of a slice inside each chunk of an axis."""
    start = part.start
    while start < part.stop:
        stop = min((start // chunk + 1) * chunk, part.stop)
        yield slice(start, stop)
        start = stop


class BlockFolder:
    """Folder of the blocks of a month, and the snapshot from which they are read.

    Args:
        folder: Folder of the month.
        request: Description of the request; blocks of another request are deleted.
    """

    def __init__(self, folder: Path, request: str) -> None:
        self.folder, self._request = folder / "blocks", request

    @property
    def snapshot(self) -> str | None:
        """Snapshot of the blocks that an interrupted download of this request has left."""
        try:
            stated = read_json(self.folder / "request.json")
        except (FileNotFoundError, DamagedFile):
            return None
        return stated.get("snapshot") if stated.get("request") == self._request else None

    def fetch(self, store: OpenStore, blocks: list[Block]) -> None:
        """Read the blocks that have not arrived.

        Raises:
            ArchiveBusy: The store cannot be reached; blocks that have arrived are kept.
            DamagedFile: A chunk cannot be used.
        """
        if self.snapshot != store.snapshot:
            self.remove()
        self.folder.mkdir(exist_ok=True)
        stated = {"request": self._request, "snapshot": store.snapshot}
        write_json(stated, self.folder / "request.json")
        remaining = [block for block in blocks if not (self.folder / block.name).exists()]
        bar = progress_bar(total=len(blocks), desc=f"chunks {self.folder.parent.name}")
        bar.update(len(blocks) - len(remaining))
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            try:
                for done in as_completed(
                    [pool.submit(self._fetch, store, block) for block in remaining]
                ):
                    done.result()
                    bar.update()
            finally:
                pool.shutdown(cancel_futures=True)
                bar.close()

    def _fetch(self, store: OpenStore, block: Block) -> None:
        values = store.read(block.role, block.selection)
        with (
            replacing(self.folder / block.name) as temporary,
            hdf5_target(temporary) as target,
            h5py.File(target, "w") as file,
        ):
            file.create_dataset(
                "values",
                data=values,
                chunks=(min(_MAPS, values.shape[0]), *values.shape[1:]),
                compression=1,
                shuffle=True,
                fletcher32=True,
            )

    def read(
        self, store: OpenStore, window: StoreWindow, blocks: list[Block], role: str, maps: slice
    ) -> np.ndarray:
        """Maps of a variable over a window, row 0 north.

        Args:
            store, window: Store and window of the blocks.
            blocks: All blocks.
            role: Role of the variable.
            maps: Range of the maps.

        Returns:
            Values in the unit of the store, dims (map, y, x), float32, NaN where missing.
        """

        def part(block: Block, of_block: slice) -> np.ndarray:
            with open_own(self.folder / block.name) as file:
                return file["values"][of_block]

        return _put_together(store, window, blocks, role, maps, part)

    def remove(self) -> None:
        """Delete the blocks."""
        shutil.rmtree(self.folder, ignore_errors=True)


def read_window(store: OpenStore, window: StoreWindow, role: str, maps: slice) -> np.ndarray:
    """Read some maps of a variable directly.

    Args:
        store: The store.
        window: Window to read.
        role: Role of the variable.
        maps: Range of the maps; whole chunks are transferred.

    Returns:
        Values in the unit of the store, dims (map, y, x), row 0 north, float32, NaN where missing.

    Raises:
        ArchiveBusy, DamagedFile: See `OpenStore.read`.
    """
    return _put_together(
        store, window, list_blocks(store, window, maps), role, maps,
        lambda block, of_block: store.read(role, block.selection)[of_block],
    )  # fmt: skip


def _put_together(
    store: OpenStore,
    window: StoreWindow,
    blocks: list[Block],
    role: str,
    maps: slice,
    part: Callable[[Block, slice], np.ndarray],
) -> np.ndarray:
    """Maps from the parts of the blocks that hold them."""
    out = np.full((maps.stop - maps.start, *window.grid.shape), np.nan, np.float32)
    for block in blocks:
        time, rows, columns = block.selection
        first, last = max(maps.start, time.start), min(maps.stop, time.stop)
        if block.role == role and first < last:
            place = (
                slice(first - maps.start, last - maps.start),
                _shift(rows, window.rows.start),
                _shift(columns, window.columns.start),
            )
            out[place] = part(block, slice(first - time.start, last - time.start))
    y, x = (-1 if store.reversed_rows else 1), (-1 if store.reversed_columns else 1)
    return out[:, ::y, ::x]


def _shift(part: slice, start: int) -> slice:
    return slice(part.start - start, part.stop - start)
