"""Skill of every method in unseen worlds and on real rain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.analysis.classes import AGE_NAMES
from rainscore.evaluation.baselines import CLIMATOLOGY, QUALITY_INDEX, Baseline
from rainscore.evaluation.blocks import Block, read_blocks
from rainscore.evaluation.daysums import DaySums, Groups, single_group
from rainscore.evaluation.skill import STATISTICS, UNET, score_statistics, skill_table
from rainscore.hdf5files import open_hdf5
from rainscore.imerg.passes import SOURCE_NAMES
from rainscore.training.calibration import calibrated
from rainscore.training.inference import forward
from rainscore.training.trained import TrainedUNet

METHODS = (CLIMATOLOGY, QUALITY_INDEX, "random error", "gradient boosting")
"""Baselines that can predict any map; the others need clusters or latent vectors of the run."""

TRANSFER_COLUMNS = (
    *("kind", "case", "method", "measure", "split", "group"),
    *("value", "low", "high", "blocks", "n", "note"),
)
"""Columns of the table."""

MIN_BLOCKS = 4
"""Smallest number of blocks of weather for an interval of a single case."""


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

    @classmethod
    def whole(cls, name: str, kind: str, path: Path) -> "Case":
        """All half-hours of a training file."""
        with open_hdf5(path) as file:
            return cls(name, kind, [path], file["time"][:].astype("datetime64[s]"))


def transfer_table(
    cases: Sequence[Case],
    baselines: Mapping[str, Baseline],
    unet: TrainedUNet,
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Evaluate the methods on cases that none of them has learnt from.

    Args:
        cases: The cases.
        baselines: Fitted baselines by name; those of `METHODS` are evaluated.
        unet: The U-Net.
        resamples: Number of bootstrap samples.
        seed: Random seed of the samples.

    Returns:
        Columns kind, case, method, measure, split (all, source, age), group, value, low, high
        (95 % interval), blocks, n, note. Days are resampled; the rows of all cases of a kind
        have "all" in `case`. Intervals are NaN with fewer than `MIN_BLOCKS` blocks,
        which the note says. The skills refer to the climatology of the training days.
    """
    if not cases:
        return pd.DataFrame(columns=TRANSFER_COLUMNS)
    sums: dict[tuple[str, str], DaySums] = {}
    for case in cases:
        alone = sums.setdefault((case.kind, case.name), DaySums(len(STATISTICS)))
        together = sums.setdefault((case.kind, "all"), DaySums(len(STATISTICS)))
        for block in read_blocks(case.paths, case.times, unet.card.hidden):
            groupings = _groupings(block)
            for method, quantiles in _predicted(block, baselines, unet).items():
                rows = score_statistics(quantiles, block.scores, unet.levels)
                alone.add(method, block.days, groupings, rows)
                blocks = np.char.add(f"{case.name} ", block.days.astype(str))
                together.add(method, blocks, groupings, rows)
    tables = [
        skill_table(part, reference=CLIMATOLOGY, resamples=resamples, seed=seed).assign(
            kind=kind, case=name
        )
        for (kind, name), part in sums.items()
    ]
    return _with_notes(pd.concat(tables, ignore_index=True))


def _predicted(
    block: Block, baselines: Mapping[str, Baseline], unet: TrainedUNet
) -> dict[str, np.ndarray]:
    """Quantiles of the evaluated windows by method, dims (n, level)."""
    quantiles, _ = forward(unet.model, block.inputs)[:2]
    within = calibrated(quantiles, block.inputs, unet.calibration)
    windows = within.transpose(0, 2, 3, 1)[block.evaluated].astype(np.float64)
    predicted = {name: baselines[name].predict(block, unet.levels) for name in METHODS}
    return {**predicted, UNET: windows}


def _groupings(block: Block) -> dict[str, Groups]:
    """Groupings of the evaluated windows by source and age."""
    return {
        "all": single_group(block.scores.size),
        "source": Groups(SOURCE_NAMES, block.classes["source"]),
        "age": Groups(AGE_NAMES, block.classes["age"]),
    }


def _with_notes(table: pd.DataFrame) -> pd.DataFrame:
    """Table without the intervals of cases that are too short, with a note for each."""
    table = table.rename(columns={"days": "blocks"})
    short = table["blocks"] < MIN_BLOCKS
    table.loc[short, ["low", "high"]] = np.nan
    note = "too short for an interval: " + table["blocks"].astype(str) + " blocks of weather"
    return table.assign(note=note.where(short, ""))[list(TRANSFER_COLUMNS)]
