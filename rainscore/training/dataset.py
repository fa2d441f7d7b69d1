"""Training data: maps read from the month files, with their neighbours in time."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar

import h5py
import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import Dataset

from rainscore.errors import DamagedFile
from rainscore.hdf5seals import REMEDY, check_seal, open_own
from rainscore.times import HALF_HOUR
from rainscore.training.channels import PARTIAL_FILES
from rainscore.training.features import wet_shares
from rainscore.training.rowchecks import CheckedMaps, read_checksums
from rainscore.training.timecontext import (
    REMOVED_SIDES,
    add_time_context,
    input_channels,
    mask_channels,
    remove_sides,
)

Batch = tuple[Tensor, ...]
"""Arrays of some maps, first dimension the maps."""


Part = TypeVar("Part")


Content = TypeVar("Content")


class Data(Protocol):
    """Data set of a network."""

    def __len__(self) -> int: ...

    def read(self, rows: np.ndarray, epoch: int = 0) -> Batch:
        """Return the batch of the given rows; random parts depend on `epoch`."""


class TimedData(Data, Protocol):
    """Data set of maps.

    Attributes:
        times: Half-hour starts of the maps.
    """

    times: np.ndarray


class MonthMaps(Dataset):
    """Maps of the month files `results/features/{month}.h5`, by time.

    Files are opened at the first read. A contiguous array is mapped into memory, so that a read
    copies only the rows that are requested. The object can be pickled for worker processes.

    Args:
        paths: Month files.
        times: Half-hour starts of the maps (datetime64); those that no file holds are left out.

    Attributes:
        times: Half-hour starts of the maps, in order, datetime64[s].
        channels: Names of the channels in the files.

    Raises:
        DamagedFile: A file is not as it was written, lacks an array, or its channels differ from
            those of the other files. A map is verified when it is first read.
        ValueError: No file holds any of the times.
    """

    def __init__(self, paths: Sequence[Path | str], times: np.ndarray) -> None:
        self.paths = [Path(path) for path in paths]
        self._open: dict[int, dict] = {}
        self.channels: list[str] = []
        file_times: list[np.ndarray] = []
        locations: list[tuple[int, int]] = []
        for number, path in enumerate(self.paths):
            with open_own(path) as file:
                self._check(path, file)
                file_times.append(file["time"][:])
                locations.extend((number, row) for row in range(len(file_times[-1])))
        seconds = np.concatenate(file_times) if file_times else np.empty(0, np.int64)
        order = np.argsort(seconds, kind="stable")
        self._times = seconds[order].astype("datetime64[s]")  # all half-hours of the files
        self._locations = np.array(locations, np.int64).reshape(-1, 2)[order]  # file, row
        self._rows = np.flatnonzero(np.isin(self._times, np.asarray(times, "datetime64[s]")))
        if not len(self._rows):
            raise ValueError(
                f"none of the {len(times)} half-hours is in the {len(self.paths)} month files: "
                "check that they cover the same period"
            )
        self.times = self._times[self._rows]

    def read(self, rows: np.ndarray, epoch: int = 0) -> Batch:
        """Return a batch: the maps `rows` (positions in `times`), first dimension len(rows)."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> tuple[Tensor, ...]:
        return tuple(array[0] for array in self.read(np.array([row])))

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_open": {}}

    def _check(self, path: Path, file: h5py.File) -> None:
        missing = {"inputs", "target", "wet", "truth", "time"} - set(file)
        if missing:
            raise DamagedFile(path, f"it has no {', '.join(sorted(missing))}", "build it again")
        check_seal(file, path)
        channels = [str(name) for name in file.attrs["channels"]]
        if self.channels and channels != self.channels:
            raise DamagedFile(
                path,
                f"its channels {channels} differ from those of {self.paths[0]}, {self.channels}",
                "build both files with the same settings",
            )
        self.channels = channels

    def _array(self, position: int, name: str) -> tuple[CheckedMaps, int]:
        """Array `name` of the file that holds a map, and the row of the map in it."""
        number, row = self._locations[position]
        if number not in self._open:
            self._open[number] = _open_maps(self.paths[number])
        return self._open[number][name], row

    def _map(self, position: int, name: str, channel: int | None = None) -> np.ndarray:
        """One map of an array, or one channel of it."""
        array, row = self._array(position, name)
        return np.asarray(array[row] if channel is None else array[row, channel])


class ScoreMaps(MonthMaps):
    """Input channels with time context, and the score to predict.

    A batch holds inputs (n, C, y, x) float32; target (n, y, x) float32, the score, NaN where it is
    undefined; wet (n, y, x) bool, IMERG has rain in the window; truth (n, y, x) bool, IMERG and
    the radar are valid in the window.

    Args:
        paths: Month files.
        times: Half-hour starts of the maps (datetime64).
        hidden: Names of channels to mask.
        removed_sides: Half-hours removed from every map: `before`, `after` or both.
        pixels: Pixels (y, x) to use; elsewhere the target is NaN, and wet and truth are False.
            None: all.
        context_dropout: Share of the maps, drawn in each epoch, without the half-hours before,
            after, or both, so that the network also learns to score such maps.
        input_dropout: Share of the maps, drawn in each epoch, with the fields of one of the
            `PARTIAL_FILES`, each as often, so that the network also learns to score such files.
        seed: Random seed for the dropout.
    """

    def __init__(
        self,
        paths: Sequence[Path | str],
        times: np.ndarray,
        *,
        hidden: Sequence[str] = (),
        removed_sides: Collection[str] = (),
        pixels: np.ndarray | None = None,
        context_dropout: float = 0.0,
        input_dropout: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__(paths, times)
        self.hidden, self.removed_sides, self.pixels = tuple(hidden), removed_sides, pixels
        self.context_dropout, self.input_dropout = context_dropout, input_dropout
        self.seed = seed

    def read(self, rows: np.ndarray, epoch: int = 0) -> Batch:
        """Return inputs, target, wet, truth of the maps `rows`."""
        rng = np.random.default_rng([self.seed, epoch])
        dropped = rng.random(len(self)) < self.context_dropout
        drawn = np.where(dropped, rng.integers(1, len(REMOVED_SIDES), len(self)), 0)[rows]
        partial = rng.random(len(self)) < self.input_dropout
        kinds = np.where(partial, rng.integers(1, len(PARTIAL_FILES) + 1, len(self)), 0)[rows]
        positions = self._rows[rows]
        inputs = np.stack(
            [
                self._inputs(p, REMOVED_SIDES[i], (self.channels, *PARTIAL_FILES)[kind])
                for p, i, kind in zip(positions, drawn, kinds, strict=True)
            ]
        )
        target, wet, truth = (
            np.stack([self._map(p, name) for p in positions]) for name in ("target", "wet", "truth")
        )
        target = target.astype(np.float32)
        if self.pixels is not None:
            target[:, ~self.pixels] = np.nan
            wet, truth = wet & self.pixels, truth & self.pixels
        return (
            torch.from_numpy(inputs),
            torch.from_numpy(target),
            torch.from_numpy(wet),
            torch.from_numpy(truth),
        )

    def _inputs(
        self, position: int, sides: Collection[str], available: Collection[str]
    ) -> np.ndarray:
        """Channels (C + 4, y, x) of one map, without some sides, and with the available channels
        of the month files only."""
        neighbours = (self._neighbour(position, step) for step in (-1, 1))
        stacked = add_time_context(self._map(position, "inputs"), *neighbours)
        channels = input_channels(self.channels)
        remove_sides(stacked, channels, {*sides, *self.removed_sides})
        mask_channels(stacked, channels, [c for c in self.channels if c not in available])
        mask_channels(stacked, channels, self.hidden)
        return stacked

    def _neighbour(self, position: int, step: int) -> np.ndarray | None:
        """Rain of the half-hour before (−1) or after (+1), of any split; None if it is missing."""
        near = position + step
        if not 0 <= near < len(self._times):
            return None
        if self._times[near] - self._times[position] != step * HALF_HOUR:
            return None
        rain, valid = (
            self._map(near, "inputs", self.channels.index(name)) for name in ("rain", "valid")
        )
        return np.where(valid > 0, rain, np.float16(np.nan))


class RainMaps(MonthMaps):
    """Log-rain maps for the auto-encoder: a batch holds rain (n, 1, y, x) float32."""

    def read(self, rows: np.ndarray, epoch: int = 0) -> Batch:
        """Return the rain of the maps `rows`."""
        channel = self.channels.index("rain")
        rain = np.stack([self._map(p, "inputs", channel) for p in self._rows[rows]])
        return (torch.from_numpy(rain[:, None].astype(np.float32)),)


def rainy_maps(
    paths: Sequence[Path], splits: pd.DataFrame, *, min_wet: float
) -> dict[str, RainMaps]:
    """Maps of the training and the validation days with at least a wet share, by split."""
    shares = wet_shares(paths, splits)
    rainy = shares[shares["wet_share"] >= min_wet]
    return {
        name: RainMaps(paths, rainy.loc[rainy["split"] == name, "time"].to_numpy())
        for name in ("train", "validation")
    }


def batches(
    read: Callable[[np.ndarray], Batch], order: np.ndarray, *, batch: int
) -> Iterator[Batch]:
    """Read rows in a given order, `batch` at a time, as `read_ahead` does."""
    return read_ahead(read, (order[i : i + batch] for i in range(0, len(order), batch)))


def read_ahead(read: Callable[[Part], Content], parts: Iterable[Part]) -> Iterator[Content]:
    """Read each part while the one before it is in use.

    One thread is enough: reading and copying release Python's global lock.

    Args:
        read: Function that reads a part.
        parts: Parts, in order, such as rows or numbers of batches.
    """
    with ThreadPoolExecutor(1) as pool:
        ahead: Future[Content] | None = None
        for part in parts:
            ready, ahead = ahead, pool.submit(read, part)
            if ready is not None:
                yield ready.result()
        if ahead is not None:
            yield ahead.result()


def _open_maps(path: Path) -> dict[str, CheckedMaps]:
    """Arrays of a month file that networks use; the file stays open."""
    try:
        file = h5py.File(path)
        checksums = read_checksums(file, path)
        return {
            name: CheckedMaps(_mapped(path, file[name]), checksums.get(name), (path, name))
            for name in ("inputs", "target", "wet", "truth")
        }
    except (OSError, KeyError, ValueError) as error:
        raise DamagedFile(path, f"it changed while it was read ({error})", REMEDY) from error


def _mapped(path: Path, dataset: h5py.Dataset) -> h5py.Dataset | np.memmap:
    """Array of a file, mapped into memory if it is contiguous; a chunked one as it is."""
    offset = dataset.id.get_offset()
    if offset is None:
        return dataset
    return np.memmap(path, dataset.dtype, "r", offset, dataset.shape)
