"""Groupings of the evaluated windows by season, source, age, rain, hour and weather regime."""

import numpy as np
import pandas as pd

from rainscore.analysis.classes import AGE_NAMES, RAIN_NAMES
from rainscore.evaluation.blocks import Block
from rainscore.evaluation.daysums import Groups, single_group
from rainscore.imerg.passes import SOURCE_NAMES
from rainscore.times import SEASONS, season_of

HOURS = tuple(f"{hour:02d}–{hour + 3:02d} UTC" for hour in range(0, 24, 3))

RAIN_AT_PIXEL = ("rain beside the pixel", "rain at the pixel")


def window_groups(block: Block, regimes: pd.Series) -> dict[str, Groups]:
    """Groupings of the evaluated windows of a block.

    Args:
        block: The maps.
        regimes: Weather regime by time; missing in the real world.
    """
    times = pd.DatetimeIndex(block.times)
    season = np.array([SEASONS.index(season_of(time.month)) for time in times])
    classes = block.classes
    groupings = {
        "all": single_group(block.scores.size),
        "season": Groups(SEASONS, season[block.map_index]),
        "source": Groups(SOURCE_NAMES, classes["source"]),
        "age": Groups(AGE_NAMES, classes["age"]),
        "intensity": Groups(RAIN_NAMES, classes["intensity"]),
        "rain": Groups(RAIN_AT_PIXEL, (classes["intensity"] > 0).astype(int)),
        "hour": Groups(HOURS, (times.hour.to_numpy() // 3)[block.map_index]),
    }
    regime = regimes.reindex(times)
    if regime.notna().all():
        names, index = np.unique(regime.to_numpy(str), return_inverse=True)
        groupings["regime"] = Groups(names.tolist(), index[block.map_index])
    return groupings
