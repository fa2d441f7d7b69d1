from dataclasses import replace

import pandas as pd
import pytest
import torch

from rainscore.errors import RainscoreError
from rainscore.evaluation.ablation import compare_variants
from rainscore.evaluation.externalmodels import check_external_model
from rainscore.grids import Grid
from rainscore.training.channels import CHANNELS
from rainscore.training.splits import split_blocks
from rainscore.training.timecontext import input_channels, unavailable_channels
from rainscore.training.unet import UNet, UNetSettings
from tests.world import DOMAIN, SCORE, training_file, unet_card

GRID = Grid(crs="EPSG:4326", x0=0, y0=50, dx=0.1, dy=-0.1, nx=80, ny=80)
OWN = unet_card(
    grid=GRID,
    splits={"train": ["2020-01-01"], "validation": ["2020-01-02"], "test": ["2020-01-03"]},
)


def test_a_network_of_the_same_days_and_splits_is_judged():
    check_external_model("trained-on-final", OWN, OWN)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"score": replace(SCORE, wet_threshold_mm_h=0.5)},
            r"score, wet_threshold_mm_h 0.5 \(here 0.2\); give",
        ),
        (
            {"score": replace(SCORE, name="fss", window_km=24)},
            r"name fss \(here affinity\), window_km 24 \(here 48\)",
        ),
        ({"domain": replace(DOMAIN, step_km=1)}, r"step_km 1 \(here 8\)"),
        ({"channels": ("rain",)}, "channels rain"),
    ],
)
def test_a_network_of_another_score_or_of_other_pixels_is_refused(change, says):
    with pytest.raises(RainscoreError, match=says):
        check_external_model("trained-there", replace(OWN, **change), OWN)


def test_a_network_that_was_trained_on_the_held_out_days_of_this_place_is_refused():
    days = {"train": ["2020-01-01", "2020-01-03"], "test": ["2020-01-02"]}
    other = replace(OWN, splits=days)
    with pytest.raises(RainscoreError, match=r"trained in this domain on days .*2020-01-03"):
        check_external_model("trained-before", other, OWN)
    with pytest.raises(RainscoreError, match="trained in this domain"):
        check_external_model("trained-shifted", replace(other, grid=replace(GRID, x0=7.5)), OWN)
    check_external_model("trained-there", replace(other, grid=replace(GRID, x0=9.0)), OWN)
    check_external_model("trained-on-simulated", replace(other, simulated=True), OWN)


def test_a_network_trained_on_final_is_not_shown_the_future_of_early_maps(tmp_path):
    torch.set_num_threads(1)
    path, table = training_file(tmp_path, "2019-05-01", "2019-05-02")
    pattern = ["train", "validation", "calibration", "test"]
    splits = split_blocks(table["time"].to_numpy(), pattern=pattern, block_hours=6, gap_hours=0)
    torch.manual_seed(0)
    network = UNet(UNetSettings(len(input_channels(CHANNELS)), width=8, depth=1))

    def scores_of(run: str) -> pd.DataFrame:
        own = replace(OWN, hidden=unavailable_channels(run))
        other = {"trained-on-final": (network, OWN)}
        result = compare_variants([path], splits, (network, own), other, resamples=20, seed=0)
        return result[result["variant"] == "trained-on-final"].reset_index()

    early, final = scores_of("early"), scores_of("final")
    assert early["difference"].dropna().eq(0).all()
    assert (early["n"] == final["n"]).all() and early["n"].min() > 0
    assert early["value"].dropna().ne(final["value"].dropna()).any()
