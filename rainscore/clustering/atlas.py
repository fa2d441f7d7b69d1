"""Atlas of the codes: what each code is, when and where it occurs, and how good IMERG is there."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.ndimage import uniform_filter

from rainscore.clustering.codebook import NO_CODE, CodeBook
from rainscore.clustering.codemaps import read_codes
from rainscore.clustering.codenaming import name_codes
from rainscore.clustering.labels import EXCLUDED_SPLITS
from rainscore.clustering.naming import HOURS, SEASONS
from rainscore.clustering.successors import count_successors, successor_table
from rainscore.imerg.passes import SOURCE_NAMES
from rainscore.io import MAPS_PER_CHUNK
from rainscore.scores import distribution
from rainscore.simulation.landsea import land_mask
from rainscore.times import season_of
from rainscore.training.channels import CHANNELS, source_class, unscale_age, unscale_rain
from rainscore.training.features import learning_grid, read_features

SCORED = (
    *("score", "amount_factor", "place_factor"),
    *("hit_rain", "missed_rain", "false_rain", "imerg_fraction"),
)
"""Variables of the score maps that are averaged."""

AROUND = 7
"""Side of the square in which the share of a code is highest at its example [pixels]."""

EVERY = 2
"""Every second half-hour is described: those between are alike."""

LEVELS = {"low": 0.05, "median": 0.5, "high": 0.95}
"""Probabilities of the quantiles of the score of a new window."""


def describe_codes(
    book: CodeBook,
    codes: Path,
    features: Sequence[Path],
    scores: Sequence[Path],
    splits: pd.DataFrame,
) -> pd.DataFrame:
    """Describe each code and each family on all days but the test days and the gaps.

    Args:
        book: The code book.
        codes: File of `codemaps.write_codes`.
        features: Training files.
        scores: Files of score maps.
        splits: Table of `splits.split_blocks`.

    Returns:
        One row per code, then one per family: level (code, family), number, family, name; windows,
        days, share (of the windows with rain); mean, zero (probability of a score of exactly 0),
        low, median, high (quantiles) of the score of a new window [1]; observed means of the
        windows with a score: score, amount_factor, place_factor, imerg_fraction [1], hit_rain,
        missed_rain, false_rain [mm/h]; rain (at the pixel) [mm/h], age_h (time since the last
        microwave pass) [h], infrared_weight [1], land, and shares of sources, seasons and
        quarters of the day [1]; followed, stays, stays_family, ends, next_family and next_share
        (`successor_table`), next_name (name of that family); example_time, example_row,
        example_column (place where the code is most frequent).
    """
    kept = splits.loc[~splits["split"].isin(EXCLUDED_SPLITS), "time"].to_numpy()
    sums = _Sums(len(book.centres), land_mask(learning_grid(features[0])))
    for times, inputs, scored in _fields(features, scores, kept[::EVERY]):
        for _, maps in read_codes(codes, times):
            sums.add(times, maps, inputs, scored)
    pairs = count_successors(codes, features, kept, count=len(book.centres))
    by_code = sums.table().join(successor_table(pairs, book.family, families=False))
    families = sums.table(book.family).join(successor_table(pairs, book.family, families=True))
    table = pd.concat(
        [
            by_code.assign(level="code", family=book.family, **_predicted(book.masses)),
            families.assign(
                level="family", family=families["number"], **_predicted(book.family_masses)
            ),
        ],
        ignore_index=True,
    )
    table.insert(0, "name", name_codes(table))
    names = table[table["level"] == "family"].set_index("number")["name"]
    return table.assign(next_name=table["next_family"].map(names))


def _predicted(masses: np.ndarray) -> dict[str, np.ndarray]:
    """Mean, probability of 0, and quantiles of distributions (n, mass)."""
    ends = distribution.quantiles(masses, list(LEVELS.values()))
    quantiles = {name: ends[:, i] for i, name in enumerate(LEVELS)}
    return {"mean": distribution.mean(masses), "zero": masses[:, 0], **quantiles}


def _fields(
    features: Sequence[Path], scores: Sequence[Path], times: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]]:
    """Times, channels and score variables of at most MAPS_PER_CHUNK half-hours at a time."""
    for path, month_path in zip(sorted(features), sorted(scores), strict=True):
        with xr.open_dataset(month_path, engine="h5netcdf") as month:
            for part, arrays in read_features([path], times, ["inputs"], maps=MAPS_PER_CHUNK):
                block = month[list(SCORED)].sel(time=part.astype("datetime64[ns]")).load()
                yield part, arrays["inputs"], {name: block[name].values for name in SCORED}


class _Sums:
    """Sums over the windows of each code.

    Args:
        count: Number of codes.
        land: Whether each pixel is land, dims (y, x).
    """

    def __init__(self, count: int, land: np.ndarray) -> None:
        self.count, self.land = count, land
        self.sums: dict[str, np.ndarray] = {}
        self.days: list[set] = [set() for _ in range(count)]
        self.best = np.zeros(count)
        self.example = np.zeros((count, 3), np.int64)

    def add(self, times: np.ndarray, codes: np.ndarray, inputs: np.ndarray, scored: dict) -> None:
        """Add a block of maps; arguments as of `_fields`, codes (time, y, x)."""
        wet = codes != NO_CODE
        code = codes[wet].astype(np.int64)
        map_index = np.nonzero(wet)[0]
        channel = {name: inputs[:, i][wet].astype(np.float32) for i, name in enumerate(CHANNELS)}
        age = unscale_age(channel["age_last"])
        stamps = pd.DatetimeIndex(times)
        season = np.array([season_of(month) for month in stamps.month])[map_index]
        quarter = (stamps.hour.to_numpy() // 6)[map_index]
        source = source_class(inputs)[wet]
        self._add("windows", code, np.ones(len(code)))
        self._add("rain", code, unscale_rain(channel["rain"]))
        self._add("infrared_weight", code, channel["ir_influence"])
        self._add("land", code, np.broadcast_to(self.land, wet.shape)[wet])
        self._add("age_h", code, age, np.isfinite(age))
        for i, name in enumerate(SOURCE_NAMES):
            self._add(name, code, source == i)
        for name in SEASONS:
            self._add(name, code, season == name)
        for i in range(len(HOURS)):
            self._add(f"hour_{i}", code, quarter == i)
        for name, values in scored.items():
            self._add(name, code, values[wet], np.isfinite(values[wet]))
        for i, day in enumerate(times.astype("datetime64[D]")):
            for present in np.unique(codes[i][wet[i]]):
                self.days[present].add(day)
        self._find_examples(times, codes)

    def _add(
        self, name: str, code: np.ndarray, values: np.ndarray, valid: np.ndarray | None = None
    ) -> None:
        total = self.sums.setdefault(name, np.zeros((2, self.count)))
        used = slice(None) if valid is None else valid
        total[0] += np.bincount(code[used], values[used], self.count)
        total[1] += np.bincount(code[used], minlength=self.count)

    def _find_examples(self, times: np.ndarray, codes: np.ndarray) -> None:
        """Keep the place where each code is most frequent around."""
        for code in range(self.count):
            in_map = (codes == code).sum(axis=(1, 2))
            i = int(in_map.argmax())
            if in_map[i] == 0:
                continue
            around = uniform_filter((codes[i] == code).astype(np.float32), AROUND, mode="constant")
            # The example itself has the code.
            around = np.where(codes[i] == code, around, 0)
            if around.max() > self.best[code]:
                self.best[code] = around.max()
                place = np.unravel_index(around.argmax(), around.shape)
                self.example[code] = (times[i].astype("datetime64[s]").astype(np.int64), *place)

    def table(self, group: np.ndarray | None = None) -> pd.DataFrame:
        """Means of each code, or of each group of codes."""
        group = np.arange(self.count) if group is None else group
        member = np.eye(group.max() + 1)[group]  # (code, group)
        totals = {name: total @ member for name, total in self.sums.items()}
        with np.errstate(invalid="ignore", divide="ignore"):
            means = {name: total[0] / total[1] for name, total in totals.items()}
        windows = totals["windows"][0]
        groups = range(len(windows))
        members = [np.flatnonzero(group == g) for g in groups]
        days = [len(set().union(*(self.days[c] for c in codes))) for codes in members]
        first = [codes[self.best[codes].argmax()] for codes in members]
        example = self.example[first]
        return pd.DataFrame(
            {
                "number": list(groups),
                **means,
                "windows": windows.astype(np.int64),
                "days": days,
                "share": windows / max(windows.sum(), 1),
                "example_time": example[:, 0].astype("datetime64[s]").astype("datetime64[ns]"),
                "example_row": example[:, 1],
                "example_column": example[:, 2],
            }
        )
