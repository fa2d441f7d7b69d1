"""Sums by day of statistics that add, the basis of every table with an interval over days."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rainscore.scores.bootstrap import Interval, day_weights, interval, weather_blocks


@dataclass(frozen=True)
class Groups:
    """Division of rows into named groups.

    Attributes:
        names: Names of the groups.
        index: Group of each row as a position in `names`, dims (n,).
    """

    names: Sequence[str]
    index: np.ndarray

    @classmethod
    def of_labels(cls, labels: np.ndarray) -> "Groups":
        """Groups of the distinct values of `labels`, strings, dims (n,)."""
        names, index = np.unique(labels, return_inverse=True)
        return cls(names.tolist(), index)


def single_group(size: int, name: str = "all") -> Groups:
    """All `size` rows in one group."""
    return Groups((name,), np.zeros(size, int))


class GroupSums(NamedTuple):
    """Sums of one group.

    Attributes:
        split: Name of the grouping, such as `season`.
        group: Name of the group, such as `JJA`.
        methods: Names of the methods, sorted.
        days: Days with a row of any method, sorted: dates, after the name of a case where days of
            several cases are together (`case 2019-01-31`).
        sums: Dims (method, day, column), 0 where a method has no row.
    """

    split: str
    group: str
    methods: list[str]
    days: list[str]
    sums: np.ndarray

    def total(self) -> np.ndarray:
        """Sums over all days, dims (method, column)."""
        return self.sums.sum(axis=1)

    @property
    def blocks(self) -> list[str]:
        """Block of weather of each day (`bootstrap.weather_blocks`)."""
        names, _, days = np.strings.rpartition(np.array(self.days, dtype=str), " ")
        starts = weather_blocks(days.astype("datetime64[D]")).astype(str)
        return [f"{name} {start}" for name, start in zip(names, starts, strict=True)]

    def weights(self, *, resamples: int, seed: int) -> np.ndarray:
        """How often each day occurs in each sample of blocks of weather, dims (resample, day)."""
        names, index = np.unique(self.blocks, return_inverse=True)
        return day_weights(len(names), resamples=resamples, seed=seed)[:, index]

    def resampled(self, *, resamples: int, seed: int) -> np.ndarray:
        """Sums over resampled blocks of weather, the same for all methods.

        Returns:
            Dims (resample, method, column).
        """
        weights = self.weights(resamples=resamples, seed=seed)
        return np.einsum("rd,mds->rms", weights, self.sums)

    def interval(self, samples: np.ndarray) -> Interval:
        """95 % interval of a measure of resampled sums; NaN with fewer than two blocks."""
        return interval(samples, len(set(self.blocks)))


class DaySums:
    """Sums of rows of statistics by method, grouping, group and day.

    Args:
        columns: Number of statistics of a row.
    """

    def __init__(self, columns: int) -> None:
        self._sums: dict[tuple, np.ndarray] = defaultdict(lambda: np.zeros(columns))

    def add(
        self, method: str, days: np.ndarray, groupings: Mapping[str, Groups], rows: np.ndarray
    ) -> None:
        """Add rows.

        Args:
            method: Name of the method that the rows belong to.
            days: Day of each row, dims (n,).
            groupings: Groups of the rows by name of the grouping.
            rows: Statistics, dims (n, column).
        """
        for day in np.unique(days):
            on_day = days == day
            columns = np.ascontiguousarray(rows[on_day].T)
            for split, groups in groupings.items():
                names, index = groups.names, groups.index[on_day]
                size = np.bincount(index, minlength=len(names))
                sums = [np.bincount(index, column, len(names)) for column in columns]
                for i in np.flatnonzero(size).tolist():
                    self._sums[method, split, names[i], str(day)] += [column[i] for column in sums]

    def groups(self) -> Iterator[GroupSums]:
        """Sums of each group, in order of grouping and group."""
        yield from _by_group(self._sums)


class DayCounts:
    """Counts of values in bins by method, grouping, group and day.

    Args:
        bins: Number of bins.
    """

    def __init__(self, bins: int) -> None:
        self._counts: dict[tuple, np.ndarray] = defaultdict(lambda: np.zeros(bins))

    def add(
        self, method: str, days: np.ndarray, groupings: Mapping[str, Groups], bins: np.ndarray
    ) -> None:
        """Count values; arguments as in `DaySums.add`, `bins` (n,) being the bin of each value."""
        for day in np.unique(days):
            on_day = days == day
            for split, groups in groupings.items():
                index, binned = groups.index[on_day], bins[on_day]
                for i in np.unique(index).tolist():
                    counts = self._counts[method, split, groups.names[i], str(day)]
                    counts += np.bincount(binned[index == i], minlength=counts.size)

    def groups(self) -> Iterator[GroupSums]:
        """Counts of each group, in order of grouping and group; a bin is a column."""
        yield from _by_group(self._counts)


def _by_group(sums: Mapping[tuple, np.ndarray]) -> Iterator[GroupSums]:
    """Rows by (method, split, group, day) as arrays of each group."""
    groups: dict[tuple[str, str], dict[tuple[str, str], np.ndarray]] = defaultdict(dict)
    for (method, split, group, day), row in sums.items():
        groups[split, group][method, day] = row
    for (split, group), rows in sorted(groups.items(), key=lambda item: item[0]):
        methods = sorted({method for method, _ in rows})
        days = sorted({day for _, day in rows})
        empty = np.zeros_like(next(iter(rows.values())))
        cube = [[rows.get((method, day), empty) for day in days] for method in methods]
        yield GroupSums(split, group, methods, days, np.array(cube))


class SkillRow(NamedTuple):
    """Row of a skill table.

    Attributes:
        method: Name of the method.
        measure: Name of the measure.
        split: Name of the grouping.
        group: Name of the group.
        value: Measure over all days of the group.
        low: Lower end of its 95 % interval over resampled blocks of weather; NaN with fewer than
            two blocks.
        high: Upper end of the interval.
        days: Number of days of the group.
        n: Number of windows or maps.
    """

    method: str
    measure: str
    split: str
    group: str
    value: float
    low: float
    high: float
    days: int
    n: int


COLUMNS = list(SkillRow._fields)
"""Columns of every skill table."""


def skill_row(
    group: GroupSums, method: str, measure: str, *, value: float, samples: np.ndarray, n: float
) -> SkillRow:
    """Row of a skill table, with the interval of the bootstrap samples.

    Args:
        group: The group and its days.
        method: Name of the method.
        measure: Name of the measure.
        value: Measure over all days.
        samples: Measure over resampled blocks, dims (resample,).
        n: Number of windows or maps.
    """
    days = len(group.days)
    low, high = group.interval(samples)
    return SkillRow(
        method, measure, group.split, group.group, float(value), low, high, days, int(n)
    )
