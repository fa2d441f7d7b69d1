"""Skill of every method in unseen worlds and on real rain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.analysis.classes import AGE_NAMES
from rainscore.evaluation.baselines import (
    CLIMATOLOGY,
    QUALITY_INDEX,
    Baseline,
    NearestMaps,
    make_baselines,
)
from rainscore.evaluation.blocks import Block, read_blocks, thinned
from rainscore.evaluation.daysums import DaySums, Groups, single_group
from rainscore.evaluation.rivals import (
    BOOSTING,
    ERROR_MODEL,
    FOREST,
    fit_rivals,
    share_of_windows,
)
from rainscore.evaluation.skill import (
    ALL_CASES,
    STATISTICS,
    UNET,
    paired_table,
    score_statistics,
    skill_table,
)
from rainscore.hdf5seals import open_own
from rainscore.imerg.passes import SOURCE_NAMES
from rainscore.scores.bootstrap import weather_blocks
from rainscore.times import times_of
from rainscore.training.cards import UNetCard
from rainscore.training.inference import forward
from rainscore.training.trained import TrainedUNet

METHODS = (CLIMATOLOGY, QUALITY_INDEX, "random error", BOOSTING, FOREST, ERROR_MODEL)
"""Methods that can predict any map; the others need clusters or latent vectors of the run."""

TRANSFER_COLUMNS = (
    *("kind", "case", "method", "measure", "split", "group"),
    *("value", "low", "high", "blocks", "n", "note"),
)
"""Columns of the table."""

MIN_BLOCKS = 4
"""Smallest number of blocks of weather for an interval."""

UNET_SKILL = "unet_crps_skill"
"""Measure of a method: 1 − CRPS of the U-Net / CRPS of the method, from the same blocks."""

NO_WINDOW = "no window with rain and a score"
"""Note of a case that has nothing to evaluate."""


@dataclass(frozen=True)
class Case:
    """A case of `rainscore.evaluation.transfercases`.

    Attributes:
        name: Name of the case.
        kind: Kind of the rain, such as `unseen world` or `real radar`.
        paths: Training files.
        times: Half-hours to evaluate.
    """

    name: str
    kind: str
    paths: Sequence[Path]
    times: np.ndarray

    def blocks(self, days: np.ndarray) -> np.ndarray:
        """Block of weather of each window (`bootstrap.weather_blocks`).

        A case shorter than a day is a single block, even across midnight.

        Args:
            days: Days of the windows, dims (n,), datetime64[D].

        Returns:
            Names of the blocks, dims (n,).
        """
        short = np.ptp(self.times.astype("datetime64[s]")) < np.timedelta64(1, "D")
        first = self.times.min().astype("datetime64[D]")
        return weather_blocks(np.full(days.shape, first) if short else days).astype(str)

    @classmethod
    def whole(cls, name: str, kind: str, path: Path) -> "Case":
        """All half-hours of a training file."""
        with open_own(path) as file:
            return cls(name, kind, [path], file["time"][:].astype("datetime64[s]"))


class CaseSums:
    """Sums of the statistics of cases, alone and together with those of the same kind."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str], DaySums] = {}

    def add(self, case: Case, block: Block, predicted: Mapping[str, np.ndarray]) -> None:
        """Add the evaluated windows of some maps of a case.

        Args:
            case: The case.
            block: Maps of the case.
            predicted: Distributions by method, dims (n, mass); methods that cannot predict any map
                are left out.
        """
        alone, together = (self._of(case.kind, name) for name in (case.name, ALL_CASES))
        if not block.scores.size:
            return
        groupings, weather = _groupings(block), case.blocks(block.days)
        for method in (*METHODS, UNET):
            if method in predicted:
                rows = score_statistics(predicted[method], block.scores)
                alone.add(method, weather, groupings, rows)
                together.add(method, np.char.add(f"{case.name} ", weather), groupings, rows)

    def _of(self, kind: str, name: str) -> DaySums:
        return self._sums.setdefault((kind, name), DaySums(len(STATISTICS)))

    def table(self, methods: Sequence[str], *, resamples: int, seed: int) -> pd.DataFrame:
        """Table of `transfer_table`."""
        tables = [
            _case_table(part, methods, resamples=resamples, seed=seed).assign(kind=kind, case=name)
            for (kind, name), part in self._sums.items()
        ]
        columns = list(TRANSFER_COLUMNS)
        joined = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
        return joined[columns]


def fit_methods(
    card: UNetCard,
    paths: Sequence[Path],
    splits: pd.DataFrame,
    table: pd.DataFrame,
    pairs: Sequence[Path] = (),
    *,
    windows: int,
    seed: int,
) -> dict[str, Baseline]:
    """Fit the methods of `METHODS`, for an evaluation on cases alone.

    Args:
        card: Card of the U-Net that they are compared with.
        paths: Training files.
        splits: Table of `splits.split_blocks`.
        table: Score tables of all months.
        pairs: Pair files of all months, for the error model; without them it is left out.
        windows: Approximate number of training windows that trees learn from.
        seed: Random seed.
    """
    training = times_of(splits, "train")
    latents = pd.DataFrame({"time": training[:1], "z0": [0.0]})
    baselines = make_baselines({}, NearestMaps(latents))
    methods = {name: method for name, method in baselines.items() if name in METHODS}
    for block in read_blocks(paths, training, card.hidden):
        for method in methods.values():
            method.learn(block)
    share = share_of_windows(table, training, windows)
    return {**methods, **fit_rivals(card, paths, splits, pairs, share=share, seed=seed)}


def transfer_table(
    cases: Sequence[Case],
    baselines: Mapping[str, Baseline],
    unet: TrainedUNet,
    home: CaseSums | None = None,
    /,
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Evaluate the methods on cases that none of them has learnt from.

    Args:
        cases: The cases.
        baselines: Fitted methods by name; those of `METHODS` are evaluated.
        unet: The U-Net.
        home: Sums of cases that are already evaluated, which come first in the table.
        resamples: Number of bootstrap samples.
        seed: Random seed of the samples.

    Returns:
        `TRANSFER_COLUMNS`: kind, case, method, measure, split (all, source, age), group, value,
        low, high (95 % interval over resampled blocks), blocks, n, note. A block is two days, or
        a whole case shorter than a day. The rows of all cases of a kind have `ALL_CASES` in `case`.
        Intervals are NaN with fewer than `MIN_BLOCKS` blocks, which the note says. A case without
        any evaluated window has one row per method, without a value. The skills refer to the
        climatology of the training days; `UNET_SKILL` compares the U-Net with each other method.
    """
    sums = CaseSums() if home is None else home
    for case in cases:
        for block in read_blocks(case.paths, case.times, unet.card.hidden):
            part = thinned(block)
            predicted = _predicted(part, baselines, unet) if part.scores.size else {}
            sums.add(case, part, predicted)
    methods = [name for name in (*METHODS, UNET) if name in baselines or name == UNET]
    return sums.table(methods, resamples=resamples, seed=seed)


def _predicted(
    block: Block, baselines: Mapping[str, Baseline], unet: TrainedUNet
) -> dict[str, np.ndarray]:
    """Distribution of the score of the evaluated windows by method, dims (n, mass)."""
    masses, _ = forward(unet.model, block.inputs)
    predicted = {name: baselines[name].predict(block) for name in METHODS if name in baselines}
    return {**predicted, UNET: unet.calibration.local(masses, block.inputs, block.evaluated)}


def _groupings(block: Block) -> dict[str, Groups]:
    """Groupings of the evaluated windows by source and age."""
    return {
        "all": single_group(block.scores.size),
        "source": Groups(SOURCE_NAMES, block.classes["source"]),
        "age": Groups(AGE_NAMES, block.classes["age"]),
    }


def _case_table(
    sums: DaySums, methods: Sequence[str], *, resamples: int, seed: int
) -> pd.DataFrame:
    """Skill of the methods in a case, with notes; rows without values if it has no window."""
    draws = {"resamples": resamples, "seed": seed}
    table = skill_table(sums, reference=CLIMATOLOGY, **draws)
    table = pd.concat([table, _unet_skill(sums, **draws)], ignore_index=True)
    table = table.rename(columns={"days": "blocks"})
    if table.empty:
        empty = {"measure": "crps_skill", "split": "all", "group": "all", "value": np.nan}
        sizes = {"low": np.nan, "high": np.nan, "blocks": 0, "n": 0, "note": NO_WINDOW}
        return pd.DataFrame([{"method": name, **empty, **sizes} for name in methods])
    short = table["blocks"] < MIN_BLOCKS
    table.loc[short, ["low", "high"]] = np.nan
    unit = np.where(table["blocks"] == 1, " block of weather", " blocks of weather")
    note: pd.Series = "too short for an interval: " + table["blocks"].astype(str) + unit
    return table.assign(note=note.where(short, ""))


def _unet_skill(sums: DaySums, *, resamples: int, seed: int) -> pd.DataFrame:
    """Rows of `UNET_SKILL`, in the columns of `skill_table`."""
    pairs = paired_table(sums, splits=("all",), resamples=resamples, seed=seed)
    if pairs.empty:
        return pd.DataFrame()
    pairs = pairs.loc[pairs["method"] == UNET].drop(columns=["method", "low", "high"])
    names = {"other": "method", "skill": "value", "skill_low": "low", "skill_high": "high"}
    columns = ["method", "split", "group", "value", "low", "high", "days", "n"]
    return pairs.rename(columns=names)[columns].assign(measure=UNET_SKILL)
