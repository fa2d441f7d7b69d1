import numpy as np
import pandas as pd
import pytest
import yaml

from rainscore.errors import RainscoreError
from rainscore.paths import CHECKOUT
from rainscore.training.channels import CHANNELS
from rainscore.training.dataset import ScoreMaps
from rainscore.training.timecontext import TIME_CONTEXT, input_channels
from rainscore.training.unetfitting import MIN_SPREAD, channel_statistics
from rainscore.training.variants import VARIANTS, Variant

SPLITS = ("train", "validation", "calibration", "test")
TIMES = pd.to_datetime(["2019-01-05", "2019-07-05"]).repeat(4)
BOTH = pd.DataFrame({"time": TIMES, "split": [*SPLITS, *SPLITS]})


def test_a_season_that_is_left_out_is_judged_and_no_other():
    result = Variant(season="JJA").splits(BOTH)["split"].tolist()
    assert result == ["train", "validation", "calibration", "gap", "gap", "gap", "gap", "test"]
    assert VARIANTS["rain-only"].splits(BOTH) is BOTH


def test_a_season_that_the_period_lacks_is_named():
    with pytest.raises(RainscoreError, match="no-SON has no test days"):
        Variant(season="SON").splits(BOTH)


@pytest.mark.parametrize("columns", [10, 11])
def test_the_halves_of_the_domain_share_no_window(columns):
    def result(half: str, *, evaluation: bool) -> list[int]:
        pixels = Variant(half=half).pixels((2, columns), margin=2, evaluation=evaluation)
        assert pixels is not None and pixels.shape == (2, columns)
        return pixels[0].nonzero()[0].tolist()

    assert result("west", evaluation=True) == result("east", evaluation=False) == [0, 1, 2]
    east = [columns - 3, columns - 2, columns - 1]
    assert result("west", evaluation=False) == result("east", evaluation=True) == east
    assert Variant().pixels((2, columns), margin=2, evaluation=True) is None


def test_the_variants_hide_channels_that_there_are():
    names = set(input_channels(CHANNELS))
    assert all(set(variant.hidden) <= names for variant in VARIANTS.values())
    assert names - set(VARIANTS["rain-only"].hidden) == {"rain", "valid"}
    assert set(VARIANTS["no-time-context"].hidden) == set(TIME_CONTEXT)


def test_the_configuration_knows_every_variant():
    schema = yaml.safe_load((CHECKOUT / "config.schema.yaml").read_text())
    known = schema["properties"]["evaluation"]["properties"]["unet_variants"]["items"]["enum"]
    assert known == list(VARIANTS)


def test_channels_are_standardised_where_imerg_has_rain(two_months):
    paths, splits = two_months
    data = ScoreMaps(paths, splits["time"].to_numpy()[:40], hidden=("liquid",))
    mean, spread = channel_statistics(data)
    inputs, _, wet, _ = (x.numpy() for x in data.read(np.arange(40)))
    for i, name in enumerate(input_channels(CHANNELS)):
        values = inputs[:, i][wet].astype(float)
        assert mean[i] == pytest.approx(values.mean(), abs=1e-6), name
        floor = MIN_SPREAD if values.std() else 1.0
        assert spread[i] == pytest.approx(max(values.std(), floor)), name
    assert spread[CHANNELS.index("liquid")] == 1 and spread[0] < 1
