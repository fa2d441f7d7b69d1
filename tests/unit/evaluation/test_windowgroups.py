import numpy as np
import pandas as pd

from rainscore.analysis.classes import RAIN_NAMES
from rainscore.evaluation.blocks import CHANNEL_NAMES, Block
from rainscore.evaluation.daysums import Groups
from rainscore.evaluation.windowgroups import window_groups
from rainscore.training.channels import scale_rain

TIMES = np.array(["2019-01-05T02:30", "2019-07-05T21:00"], "M8[ns]")


def two_maps() -> Block:
    """Two maps of two windows; the second window of the first map has no score."""
    target = np.array([[[0.2, np.nan]], [[0.4, 0.6]]])
    inputs = np.zeros((2, len(CHANNEL_NAMES), 1, 2), np.float32)
    inputs[:, CHANNEL_NAMES.index("rain"), 0] = scale_rain(np.array([[0.0, 2.0], [0.0, 5.0]]))
    everywhere = np.ones(target.shape, bool)
    missing = np.full(target.shape, np.nan, np.float32)
    return Block(TIMES, inputs, target, everywhere, everywhere, missing)


def names(groups: Groups) -> list[str]:
    return [groups.names[i] for i in groups.index]


def test_windows_are_grouped_by_their_map_and_by_their_pixel() -> None:
    regimes = pd.Series(["showers", "front"], index=pd.DatetimeIndex(TIMES))
    groups = window_groups(two_maps(), regimes)
    assert names(groups["all"]) == ["all"] * 3
    assert names(groups["season"]) == ["DJF", "JJA", "JJA"]
    assert names(groups["hour"]) == ["00–03 UTC", "21–24 UTC", "21–24 UTC"]
    assert names(groups["regime"]) == ["showers", "front", "front"]
    assert names(groups["intensity"]) == [RAIN_NAMES[0], RAIN_NAMES[0], RAIN_NAMES[3]]
    assert names(groups["rain"])[1:] == ["rain beside the pixel", "rain at the pixel"]


def test_there_is_no_grouping_by_regime_if_any_regime_is_missing() -> None:
    regimes = pd.Series(["showers", None], index=pd.DatetimeIndex(TIMES))
    assert "regime" not in window_groups(two_maps(), regimes)
