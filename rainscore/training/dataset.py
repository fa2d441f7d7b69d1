"""Training data: maps read from the month files, with their neighbours in time."""

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import h5py
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from rainscore.errors import DamagedFile
from rainscore.io import open_hdf5

HALF_HOUR = 1800
"""Distance of two maps that are neighbours in time [s]."""


Batch = tuple[Tensor, ...]


TIME_CONTEXT = ("change_previous", "change_next", "previous_known", "next_known")
"""Channels that `stack_context` adds."""


SIDES = {"before": "change_previous", "after": "change_next"}
"""The sides of a map in time, and the channel that tells of each."""


FORGOTTEN = ((), ("before",), ("after",), ("before", "after"))
"""The sides that a map may have to be scored without."""


def input_channels(base: Sequence[str]) -> list[str]:
    """Names of the channels that `stack_context` returns, from those of the month files."""
    return [*base, *TIME_CONTEXT]


def unknown_channels(run: str) -> tuple[str, ...]:
    """Channels that an IMERG run cannot know: an Early granule is made before what they tell."""
    return ("age_next", "change_next", "next_known") if run == "early" else ()


def stack_context(
    inputs: np.ndarray, previous: np.ndarray | None, following: np.ndarray | None
) -> np.ndarray:
    """Add what changes from the half-hour before and to the one after: what a network sees.

    The same in training and after it. Differences, because they are small beside the rain itself:
    given both rains a network learns them slowly.

    Args:
        inputs: Channels of one map, dims (C, y, x), `rain` first and `valid` last.
        previous: Rain channel of the half-hour before, dims (y, x), NaN missing; None without one.
        following: The same of the half-hour after.

    Returns:
        Dims (C + 4, y, x), float32, in the order of `input_channels`: the neighbour's rain minus
        the map's. Where either is missing the neighbour's two channels are 0; elsewhere its `known`
        channel is 1.
    """
    count = len(inputs)
    stacked = np.zeros((count + 4, *inputs.shape[1:]), np.float32)
    stacked[:count] = inputs
    rain = np.where(inputs[-1] > 0, stacked[0], np.nan)
    for i, neighbour in enumerate((previous, following)):
        if neighbour is not None:
            change = neighbour.astype(np.float32) - rain
            stacked[count + i] = np.nan_to_num(change)
            stacked[count + 2 + i] = np.isfinite(change)
    return stacked


def forget(stacked: np.ndarray, channels: Sequence[str], sides: Collection[str]) -> None:
    """Forget, in place, what the half-hours before or after a map told of it.

    That is their rain, and how long before or after the map they saw a microwave pass; where the
    map itself holds a pass, both ages stay 0.

    Args:
        stacked: Of `stack_context`.
        channels: Their names.
        sides: `before`, `after`, both or neither.
    """
    place = {name: i for i, name in enumerate(channels)}
    elsewhere = stacked[place["age_last"]] > 0
    if "before" in sides:
        stacked[[place["change_previous"], place["previous_known"]]] = 0.0
        stacked[place["age_last"]][elsewhere] = 1.0
        stacked[place["age_known"]][elsewhere] = 0.0
    if "after" in sides:
        stacked[[place["change_next"], place["next_known"]]] = 0.0
        stacked[place["age_next"]][elsewhere] = 1.0


def hide(inputs: np.ndarray, channels: Sequence[str], hidden: Sequence[str]) -> None:
    """Set channels to what stands for unknown, in place: ages to 1, all others to 0.

    Where the granule itself holds a pass the time until the next stays 0, as in `forget`,
    unless the time since the last is hidden too.

    Args:
        inputs: Dims (C, y, x).
        channels: Names of the C channels.
        hidden: Names of those to hide.
    """
    for name in hidden:
        unknown: float | np.ndarray = 1.0 if name in ("age_last", "age_next") else 0.0
        if name == "age_next" and "age_last" not in hidden:
            unknown = inputs[channels.index("age_last")] > 0
        inputs[channels.index(name)] = unknown


class Data(Protocol):
    """What training and prediction ask of their data.

    Attributes:
        times: Half-hour starts of the maps.
    """

    times: np.ndarray

    def __len__(self) -> int: ...

    def read(self, rows: np.ndarray, epoch: int = 0) -> Batch:
        """Return the batch of the given rows; what is random in it depends on `epoch`."""


class MonthMaps(Dataset):
    """Rows of the month files `results/features/{month}.h5`, by time.

    Files are opened at the first read; a contiguous array is mapped into memory, so that a read
    copies nothing but the rows that are asked for. The object can be pickled to worker processes.

    Args:
        paths: Month files.
        times: Half-hour starts of the wanted maps (datetime64); those that no file holds are left
            out.

    Attributes:
        times: Half-hour starts of the maps, in order, datetime64[s].
        channels: Names of the channels in the files.

    Raises:
        DamagedFile: A file lacks an array, or its channels are not those of the others.
        ValueError: No file holds any of the times.
    """

    def __init__(self, paths: Sequence[Path | str], times: np.ndarray) -> None:
        self.paths = [Path(path) for path in paths]
        self._open: dict[int, dict] = {}
        self.channels: list[str] = []
        seconds: list[np.ndarray] = []
        places: list[tuple[int, int]] = []
        for number, path in enumerate(self.paths):
            with open_hdf5(path) as file:
                self._check(path, file)
                seconds.append(file["time"][:])
                places.extend((number, row) for row in range(len(seconds[-1])))
        everything = np.concatenate(seconds) if seconds else np.empty(0, np.int64)
        order = np.argsort(everything, kind="stable")
        self._seconds = everything[order]
        self._places = np.array(places, np.int64).reshape(-1, 2)[order]
        wanted = np.asarray(times, "datetime64[s]").astype(np.int64)
        self._rows = np.flatnonzero(np.isin(self._seconds, wanted))
        if not len(self._rows):
            raise ValueError(
                f"none of the {len(wanted)} wanted half-hours is in the {len(self.paths)} month "
                "files: check that they cover the same period"
            )
        self.times = self._seconds[self._rows].astype("datetime64[s]")

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
        absent = {"inputs", "target", "wet", "truth", "time"} - set(file)
        if absent:
            raise DamagedFile(path, f"it has no {', '.join(sorted(absent))}", "build it again")
        channels = [str(name) for name in file.attrs["channels"]]
        if self.channels and channels != self.channels:
            raise DamagedFile(
                path,
                f"its channels {channels} are not those of {self.paths[0]}, {self.channels}",
                "build both files with the same settings",
            )
        self.channels = channels

    def _array(self, position: int, name: str) -> tuple[h5py.Dataset | np.memmap, int]:
        """Array `name` of the file that holds a map, and the map's row in it."""
        number, row = self._places[position]
        if number not in self._open:
            file = h5py.File(self.paths[number])
            names = ("inputs", "target", "wet", "truth")
            self._open[number] = {key: _mapped(self.paths[number], file[key]) for key in names}
        return self._open[number][name], row

    def _map(self, position: int, name: str, channel: int | None = None) -> np.ndarray:
        """One map of an array, or one channel of it."""
        array, row = self._array(position, name)
        return np.asarray(array[row] if channel is None else array[row, channel])


class ScoreMaps(MonthMaps):
    """Inputs of the networks, with context, beside the score that they must predict.

    A batch holds inputs (n, C, y, x) float32; target (n, y, x) float32, the score, NaN where it is
    undefined; wet (n, y, x) bool, IMERG has rain in the window; truth (n, y, x) bool, IMERG
    and the radar are valid in it, so that dry in both is known.

    Args:
        paths: Month files.
        times: Half-hour starts of the wanted maps (datetime64).
        hidden: Channels that are never shown.
        pixels: Pixels (y, x) that count; elsewhere there is neither score nor truth. None: all.
        drop_context: Share of the maps of an epoch that forget the half-hours before, those after,
            or both, so that the network also learns to score the first, the newest, a lone granule.
        seed: Draws those maps, anew in each epoch.
        forgotten: What every map forgets, `before`, `after` or both.
    """

    def __init__(
        self,
        paths: Sequence[Path | str],
        times: np.ndarray,
        *,
        hidden: Sequence[str] = (),
        forgotten: Collection[str] = (),
        pixels: np.ndarray | None = None,
        drop_context: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__(paths, times)
        self.hidden, self.pixels, self.forgotten = tuple(hidden), pixels, forgotten
        self.drop_context, self.seed = drop_context, seed

    def read(self, rows: np.ndarray, epoch: int = 0) -> Batch:
        """Return inputs, target, wet, truth of the maps `rows`."""
        rng = np.random.default_rng([self.seed, epoch])
        forgetful = rng.random(len(self)) < self.drop_context
        which = np.where(forgetful, rng.integers(1, len(FORGOTTEN), len(self)), 0)[rows]
        positions = self._rows[rows]
        inputs = np.stack(
            [self._inputs(p, FORGOTTEN[w]) for p, w in zip(positions, which, strict=True)]
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

    def _inputs(self, position: int, sides: Collection[str]) -> np.ndarray:
        near = (self._neighbour(position, step) for step in (-1, 1))
        stacked = stack_context(self._map(position, "inputs"), *near)
        channels = input_channels(self.channels)
        forget(stacked, channels, {*sides, *self.forgotten})
        hide(stacked, channels, self.hidden)
        return stacked

    def _neighbour(self, position: int, step: int) -> np.ndarray | None:
        """Rain of the half-hour before (−1) or after (+1), of whatever split; None without one."""
        near = position + step
        if not 0 <= near < len(self._seconds):
            return None
        if self._seconds[near] - self._seconds[position] != step * HALF_HOUR:
            return None
        rain, valid = (
            self._map(near, "inputs", self.channels.index(name)) for name in ("rain", "valid")
        )
        return np.where(valid > 0, rain, np.float16(np.nan))


class RainMaps(MonthMaps):
    """Log-rain maps alone, for the auto-encoder: a batch holds rain (n, 1, y, x) float32."""

    def read(self, rows: np.ndarray, epoch: int = 0) -> Batch:
        """Return the rain of the maps `rows`."""
        channel = self.channels.index("rain")
        rain = np.stack([self._map(p, "inputs", channel) for p in self._rows[rows]])
        return (torch.from_numpy(rain[:, None].astype(np.float32)),)


def batches(
    read: Callable[[np.ndarray], Batch], order: np.ndarray, *, batch: int
) -> Iterator[Batch]:
    """Read batch after batch, each while the one before it is in use.

    One thread is enough: it waits for the disk and copies, both without holding up Python. Rows of
    a batch are read in the order of the files.
    """
    parts = [np.sort(order[i : i + batch]) for i in range(0, len(order), batch)]
    with ThreadPoolExecutor(1) as pool:
        ahead = None
        for part in parts:
            ready, ahead = ahead, pool.submit(read, part)
            if ready is not None:
                yield ready.result()
        if ahead is not None:
            yield ahead.result()


def _mapped(path: Path, dataset: h5py.Dataset) -> h5py.Dataset | np.memmap:
    """Array of a file mapped into memory where it is contiguous, as it is where it is chunked."""
    offset = dataset.id.get_offset()
    if offset is None:
        return dataset
    return np.memmap(path, dataset.dtype, "r", offset, dataset.shape)
