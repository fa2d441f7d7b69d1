"""What each group of inputs is worth: skill of one U-Net with a part of them removed."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rainscore.evaluation.baselines import Baseline
from rainscore.evaluation.blocks import read_blocks
from rainscore.evaluation.daysums import DaySums, single_group
from rainscore.evaluation.skill import CLIMATOLOGY, STATISTICS, score_statistics, skill_table
from rainscore.evaluation.transferskill import Case
from rainscore.training.inference import forward
from rainscore.training.inputstates import QUALITY, STATES, Removal, removals
from rainscore.training.trained import TrainedUNet

NO_QUALITY = "without quality index"
"""Inputs of IMERG before V06, which have the calibration of complete maps."""

EVERY = 18
"""One half-hour in nine hours is evaluated; those between have similar errors."""

MIN_MAPS = 12
"""Cases with fewer than `EVERY` times this number of half-hours are thinned less."""

COLUMNS = ["kind", "inputs", "measure", "value", "low", "high", "blocks", "n"]
"""Columns of `inputs_table`."""


def inputs_table(
    cases: Sequence[Case],
    climatology: Baseline,
    unet: TrainedUNet,
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Evaluate a U-Net on the same maps with all inputs, and with a part of them removed.

    Args:
        cases: Held-out days, unseen worlds and real rain.
        climatology: Fitted climatology of the training days, the reference of the skill.
        unet: The U-Net, calibrated for each state of the inputs.
        resamples: Number of bootstrap samples of blocks of weather.
        seed: Random seed of the samples.

    Returns:
        `COLUMNS`: measures of `skill.skill_table` by kind of the cases and by available inputs;
        `crps_increase` is the CRPS relative to that of complete maps, minus 1; 95 % intervals,
        paired by blocks of weather.
    """
    kinds: dict[str, DaySums] = {}
    for case in cases:
        sums = kinds.setdefault(case.kind, DaySums(len(STATISTICS)))
        for name, removal in available_inputs(unet).items():
            _add(sums, case, climatology, unet, (name, removal))
    options = {"resamples": resamples, "seed": seed}
    tables = [
        _kind_table(sums, next(iter(available_inputs(unet))), options).assign(kind=kind)
        for kind, sums in kinds.items()
        if list(sums.groups())
    ]
    if not tables:
        return pd.DataFrame(columns=COLUMNS)
    return pd.concat(tables, ignore_index=True).rename(columns={"days": "blocks"})[COLUMNS]


def available_inputs(unet: TrainedUNet) -> Mapping[str, Removal]:
    """What is removed for each row of the table, by name; complete maps first."""
    hidden = unet.card.hidden
    by_state = {STATES[number]: removal for number, removal in removals(hidden).items()}
    return {**by_state, NO_QUALITY: Removal((), (*hidden, QUALITY))}


def _add(
    sums: DaySums,
    case: Case,
    climatology: Baseline,
    unet: TrainedUNet,
    inputs: tuple[str, Removal],
) -> None:
    """Add the evaluated windows of a case, predicted from some of the inputs."""
    name, removal = inputs
    times = case.times[:: max(1, min(EVERY, len(case.times) // MIN_MAPS))]
    first = next(iter(available_inputs(unet)))
    for block in read_blocks(case.paths, times, removal.hidden, removed_sides=removal.sides):
        if not block.scores.size:
            continue
        masses, _ = forward(unet.model, block.inputs)
        predicted = {name: unet.calibration.local(masses, block.inputs, block.evaluated)}
        if name == first:
            predicted[CLIMATOLOGY] = climatology.predict(block)
        weather = np.char.add(f"{case.name} ", case.blocks(block.days))
        for method, rows in predicted.items():
            groups = {"all": single_group(block.scores.size)}
            sums.add(method, weather, groups, score_statistics(rows, block.scores))


def _kind_table(sums: DaySums, complete: str, options: Mapping[str, int]) -> pd.DataFrame:
    """Rows of the table for the cases of one kind; `complete` is the row with all inputs."""
    table = skill_table(sums, reference=CLIMATOLOGY, **options)
    relative = skill_table(sums, reference=complete, **options)
    relative = relative[relative["measure"] == "crps_skill"]
    # A skill against complete maps is minus the relative increase of the CRPS.
    increase = relative.assign(
        measure="crps_increase",
        value=-relative["value"],
        low=-relative["high"],
        high=-relative["low"],
    )
    table = pd.concat([table, increase], ignore_index=True)
    return table[table["method"] != CLIMATOLOGY].rename(columns={"method": "inputs"})
