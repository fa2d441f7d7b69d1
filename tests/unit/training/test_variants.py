import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from rainscore.errors import RainscoreError
from rainscore.evaluation.ablation import FULL, LESS, compare_variants, paired_table
from rainscore.evaluation.skill import STATISTICS
from rainscore.paths import CHECKOUT
from rainscore.training.channels import CHANNELS
from rainscore.training.dataset import TIME_CONTEXT, ScoreMaps, input_channels
from rainscore.training.fitting import SMALLEST_SPREAD, channel_statistics, fit_variant
from rainscore.training.splits import split_blocks
from rainscore.training.unet import UNet, UNetSettings
from rainscore.training.variants import VARIANTS, Variant
from tests.world import training_file

SPLITS = ("train", "validation", "calibration", "test")
TIMES = pd.to_datetime(["2019-01-05", "2019-07-05"]).repeat(4)
BOTH = pd.DataFrame({"time": TIMES, "split": [*SPLITS, *SPLITS]})


def test_a_season_that_is_left_out_is_judged_and_no_other():
    found = Variant(season="JJA").splits(BOTH)["split"].tolist()
    assert found == ["train", "validation", "calibration", "gap", "gap", "gap", "gap", "test"]
    assert VARIANTS["rain-only"].splits(BOTH) is BOTH


def test_a_season_that_the_period_lacks_is_named():
    with pytest.raises(RainscoreError, match="no-SON has no test days"):
        Variant(season="SON").splits(BOTH)


@pytest.mark.parametrize("columns", [10, 11])
def test_the_halves_of_the_domain_share_no_window(columns):
    def found(half: str, *, judged: bool) -> list[int]:
        pixels = Variant(half=half).pixels((2, columns), margin=2, judged=judged)
        assert pixels is not None and pixels.shape == (2, columns)
        return pixels[0].nonzero()[0].tolist()

    assert found("west", judged=True) == found("east", judged=False) == [0, 1, 2]
    east = [columns - 3, columns - 2, columns - 1]
    assert found("west", judged=False) == found("east", judged=True) == east
    assert Variant().pixels((2, columns), margin=2, judged=True) is None


def test_the_variants_hide_channels_that_there_are():
    names = set(input_channels(CHANNELS))
    assert all(set(variant.hidden) <= names for variant in VARIANTS.values())
    assert names - set(VARIANTS["rain-only"].hidden) == {"rain", "valid"}
    assert set(VARIANTS["no-time-context"].hidden) == set(TIME_CONTEXT)


def test_the_configuration_knows_every_variant():
    schema = yaml.safe_load((CHECKOUT / "config.schema.yaml").read_text())
    known = schema["properties"]["evaluation"]["properties"]["unet_variants"]["items"]["enum"]
    assert known == list(VARIANTS)


def day_sums(method: str, day: str, *, n: float, pinball: float, error: float) -> dict:
    sums = dict.fromkeys(STATISTICS, 0.0) | {"n": n, "pinball": pinball, "absolute_error": error}
    return {"method": method, "split": "rain-only", "group": "rain-only", "day": day, **sums}


def test_the_difference_to_the_full_network_is_paired_by_days():
    """Days differ far more than the two networks, whose difference is the same on each."""
    rows = []
    for i in range(12):
        rows.append(day_sums(FULL, f"day {i}", n=10, pinball=i, error=2 * i))
        rows.append(day_sums("rain-only", f"day {i}", n=10, pinball=i + 1, error=2 * i + 5))
    table = paired_table(pd.DataFrame(rows), resamples=200, seed=0).set_index("measure")
    crps, mae = (table.loc[[name]].to_dict("records")[0] for name in ("crps", "mae"))
    assert crps["value"] == pytest.approx(2 * 6.5 / 10)
    assert crps["difference"] == pytest.approx(0.2) and mae["difference"] == pytest.approx(0.5)
    assert crps["difference_low"] == pytest.approx(crps["difference_high"]) == pytest.approx(0.2)
    assert crps["high"] - crps["low"] > 0.3
    assert (crps["days"], crps["n"]) == (12, 120)


def test_nothing_is_said_of_other_days_after_a_single_one():
    rows = [day_sums(m, "day", n=1, pinball=1, error=1) for m in (FULL, "rain-only")]
    table = paired_table(pd.DataFrame(rows), resamples=20, seed=0)
    assert table[["low", "high", "difference_low", "difference_high"]].isna().all(axis=None)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("world")
    months = ("2019-05-01", "2019-05-05"), ("2019-06-01", "2019-06-05")
    files = [training_file(folder, *span) for span in months]
    times = np.concatenate([table["time"] for _, table in files])
    splits = split_blocks(times, pattern=list(SPLITS), block_hours=24, gap_hours=0)
    return [path for path, _ in files], splits


def test_channels_are_standardised_where_imerg_has_rain(world):
    paths, splits = world
    data = ScoreMaps(paths, splits["time"].to_numpy()[:40], hidden=("liquid",))
    mean, spread = channel_statistics(data)
    inputs, _, wet, _ = (x.numpy() for x in data.read(np.arange(40)))
    for i, name in enumerate(input_channels(CHANNELS)):
        values = inputs[:, i][wet].astype(float)
        assert mean[i] == pytest.approx(values.mean(), abs=1e-6), name
        floor = SMALLEST_SPREAD if values.std() else 1.0
        assert spread[i] == pytest.approx(max(values.std(), floor)), name
    assert spread[CHANNELS.index("liquid")] == 1 and spread[0] < 1


def test_variants_are_judged_beside_the_full_network_where_they_were_not_trained(world, tmp_path):
    paths, splits = world
    settings = {
        "width": 8, "depth": 2, "epochs": 1, "batch": 8, "learning_rate": 0.01, "patience": 9,
        "precision": "fp32", "compile": False, "context_dropout": 0.2, "weight_decay": 0.01,
    }  # fmt: skip
    fitted = {
        name: fit_variant(
            paths, splits, name, run="early", settings=settings, seed=1,
            checkpoint=tmp_path / name, fingerprint="",
        )
        for name in ("no-JJA", "no-west")
    }  # fmt: skip
    models = {name: (model, card) for name, (model, _, card) in fitted.items()}
    assert models["no-west"][1]["hidden"] == ["age_next", "change_next", "next_known"]
    torch.manual_seed(0)
    full = UNet(UNetSettings(len(input_channels(CHANNELS)), width=8, depth=1))
    table = compare_variants(paths, splits, (full, {"hidden": []}), models, resamples=20, seed=0)
    crps = table[table["measure"] == "crps"].set_index("variant")
    assert list(crps.index) == sorted([*LESS, "no-JJA", "no-west"])
    days, windows = crps["days"].to_dict(), crps["n"].to_dict()
    assert (days["no-JJA"], days["no-west"], days["lone-map"]) == (1, 2, 2)
    assert 0 < windows["no-west"] < 2 * windows["no-JJA"]
    assert len({windows[name] for name in LESS}) == 1
    assert crps.loc[list(LESS), "difference"].ne(0).all()
    same = compare_variants(
        paths, splits, models["no-west"], {"no-west": models["no-west"]}, resamples=20, seed=0
    )
    assert set(same["variant"]) == {"map-without-previous", "no-west"}
    assert same.query("variant == 'no-west'")["difference"].dropna().eq(0).all()
