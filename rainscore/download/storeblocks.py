"""Download of a window of a store, chunk by chunk, into a folder of blocks.

A chunk holds a month of a small area, so maps cannot be read one by one: each chunk is read once,
kept as a block, and the maps are put together from the blocks. A block that has arrived survives a
kill, and memory holds a few chunks only.
"""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from rainscore.download.openstore import OpenStore
from rainscore.download.storewindows import StoreWindow
from rainscore.errors import DamagedFile
from rainscore.hdf5seals import open_own
from rainscore.io import read_json, write_json
from rainscore.runtime import progress_bar
from rainscore.writing import hdf5_target, replacing

CONNECTIONS = 4
"""Number of chunks that are read at the same time."""

_MAPS = 48
"""Number of maps in a chunk of the file of a block."""


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
        for part in window.columns
        for columns in _split(part.stored, array.chunks[2])
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
    y, x = (-1 if store.reversed_rows else 1), (-1 if store.reversed_columns else 1)
    for stored, west in window.columns:
        as_stored = out[:, ::y, west : west + stored.stop - stored.start][:, :, ::x]
        for block in blocks:
            time, rows, columns = block.selection
            first, last = max(maps.start, time.start), min(maps.stop, time.stop)
            if block.role != role or first >= last or not _contains(stored, columns):
                continue
            as_stored[
                first - maps.start : last - maps.start,
                _shift(rows, window.rows.start),
                _shift(columns, stored.start),
            ] = part(block, slice(first - time.start, last - time.start))
    return out


def _contains(whole: slice, part: slice) -> bool:
    return whole.start <= part.start and part.stop <= whole.stop


def _shift(part: slice, start: int) -> slice:
    return slice(part.start - start, part.stop - start)
