import numpy as np
import pytest
import torch

from rainscore.evaluation.ablation import (
    ENSEMBLE,
    REDUCED_CONTEXT,
    compare_variants,
    variant_table,
)
from rainscore.evaluation.daysums import DaySums, single_group
from rainscore.evaluation.skill import STATISTICS, UNET
from rainscore.training.channels import CHANNELS
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.settings import UNetConfig
from rainscore.training.timecontext import input_channels
from rainscore.training.unet import UNet, UNetSettings
from rainscore.training.unetfitting import fit_unet
from tests.world import DOMAIN, unet_card

SPLITS = ("train", "validation", "calibration", "test")


def add_day(sums: DaySums, method: str, day: str, *, n: float, crps: float, error: float) -> None:
    row = dict.fromkeys(STATISTICS, 0.0) | {"n": n, "crps": crps, "absolute_error": error}
    groupings = {"rain-only": single_group(1, "rain-only")}
    sums.add(method, np.array([day]), groupings, np.array([list(row.values())]))


def test_the_difference_to_the_full_network_is_paired_by_days():
    """Days differ far more than the two networks, whose difference is the same on each."""
    sums = DaySums(len(STATISTICS))
    for i in range(12):
        add_day(sums, UNET, f"2019-01-{i + 1:02d}", n=10, crps=2 * i, error=2 * i)
        add_day(sums, "rain-only", f"2019-01-{i + 1:02d}", n=10, crps=2 * i + 2, error=2 * i + 5)
    table = variant_table(sums, resamples=200, seed=0).set_index("measure")
    crps, mae = (table.loc[[name]].to_dict("records")[0] for name in ("crps", "mae"))
    assert crps["value"] == pytest.approx(2 * 6.5 / 10)
    assert crps["difference"] == pytest.approx(0.2) and mae["difference"] == pytest.approx(0.5)
    assert crps["difference_low"] == pytest.approx(crps["difference_high"]) == pytest.approx(0.2)
    assert crps["high"] - crps["low"] > 0.3
    assert (crps["days"], crps["n"]) == (12, 120)


def test_a_single_day_has_no_interval():
    sums = DaySums(len(STATISTICS))
    for method in (UNET, "rain-only"):
        add_day(sums, method, "2019-01-01", n=1, crps=2, error=1)
    table = variant_table(sums, resamples=20, seed=0)
    assert table[["low", "high", "difference_low", "difference_high"]].isna().all(axis=None)


def test_variants_are_compared_with_the_full_network_where_they_were_not_trained(
    two_months, tmp_path
):
    paths, splits = two_months
    config = UNetConfig(
        width=8, depth=2, epochs=1, batch=8, learning_rate=0.01, patience=9,
        precision="fp32", compile=False, context_dropout=0.2, input_dropout=0.1, weight_decay=0.01,
    )  # fmt: skip
    fitted = {
        name: fit_unet(
            paths, splits, config, domain=DOMAIN, run="early", variant=name, seed=1,
            checkpoint=Checkpoint(tmp_path / name),
        )
        for name in ("no-JJA", "no-west")
    }  # fmt: skip
    models = {name: (trained.model, trained.card) for name, trained in fitted.items()}
    assert models["no-west"][1].hidden == ("age_next", "change_next", "next_known")
    assert models["no-west"][1].variant == "no-west"
    torch.manual_seed(0)
    full = UNet(UNetSettings(len(input_channels(CHANNELS)), width=8, depth=1))
    table = compare_variants(paths, splits, (full, unet_card()), models, resamples=20, seed=0)
    crps = table[table["measure"] == "crps"].set_index("variant")
    assert list(crps.index) == sorted([*REDUCED_CONTEXT, "no-JJA", "no-west"])
    days, windows = crps["days"].to_dict(), crps["n"].to_dict()
    assert (days["no-JJA"], days["no-west"], days["lone-map"]) == (1, 2, 2)
    assert 0 < windows["no-west"] < 2 * windows["no-JJA"]
    assert len({windows[name] for name in REDUCED_CONTEXT}) == 1
    assert crps.loc[list(REDUCED_CONTEXT), "difference"].ne(0).all()
    same = compare_variants(
        paths, splits, models["no-west"], {"no-west": models["no-west"]}, resamples=20, seed=0
    )
    assert set(same["variant"]) == {"map-without-previous", "no-west"}
    assert same.query("variant == 'no-west'")["difference"].dropna().eq(0).all()


def test_the_ensemble_is_the_mean_of_the_seeds_and_never_worse_than_their_mean(two_months):
    """The CRPS is convex in the distribution."""
    paths, splits = two_months
    models = {}
    for seed, name in enumerate((UNET, "seed-1", "seed-2")):
        torch.manual_seed(seed)
        models[name] = (
            UNet(UNetSettings(len(input_channels(CHANNELS)), width=8, depth=1)),
            unet_card(),
        )
    full = models.pop(UNET)
    table = compare_variants(paths, splits, full, models, resamples=20, seed=0)
    rows = table[table["measure"] == "crps"].set_index("variant")
    assert list(rows.index) == sorted([*REDUCED_CONTEXT, *models, ENSEMBLE])
    crps, difference = rows["value"].to_dict(), rows["difference"].to_dict()
    members = [crps["seed-1"] - difference["seed-1"], crps["seed-1"], crps["seed-2"]]
    assert crps[ENSEMBLE] < np.mean(members)
    assert rows["n"].nunique() == 1
    alone = compare_variants(paths, splits, full, {}, resamples=20, seed=0)
    assert set(alone["variant"]) == set(REDUCED_CONTEXT)


def test_a_repetition_begins_with_other_weights(two_months, tmp_path):
    paths, splits = two_months
    config = UNetConfig(
        width=8, depth=1, epochs=1, batch=8, learning_rate=0.0, patience=9,
        precision="fp32", compile=False, context_dropout=0.2, input_dropout=0.1, weight_decay=0.0,
    )  # fmt: skip
    first, again, other = (
        fit_unet(
            paths, splits, config, domain=DOMAIN, run="final", variant=variant, seed=seed,
            checkpoint=Checkpoint(tmp_path / f"{variant}{seed}"),
        ).model.state_dict()
        for variant, seed in (("", 1), ("seed-1", 0), ("seed-2", 0))
    )  # fmt: skip
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)
