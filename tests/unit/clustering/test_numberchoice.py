"""The choice of the number of clusters."""

import numpy as np
import pandas as pd
import torch

from rainscore.clustering.mapsets import MapSet
from rainscore.clustering.methodtable import ALL_SEEDS
from rainscore.clustering.numberchoice import chosen_number, number_table
from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings


def test_three_clearly_different_kinds_of_map_give_three_clusters() -> None:
    """Rain in the north, in the south or everywhere, each with its own score."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    encoder = AutoEncoder(AutoEncoderSettings(latent=3, width=4, size=20))
    rng = np.random.default_rng(0)
    rain = rng.random((60, 1, 20, 20), dtype=np.float32) * 0.1
    kind = np.tile([0, 1, 2], 20)
    rain[kind == 0, :, :10] += 0.5
    rain[kind == 1, :, 10:] += 0.5
    rain[kind == 2] += 0.8
    days = np.repeat(np.arange(10), 6)
    maps = pd.DataFrame(
        {
            "time": pd.Timestamp("2019-01-01") + pd.to_timedelta(days, "D"),
            "split": np.where(days < 7, "train", "validation"),
            "wet_share": rng.random(60),
            "map_score": 0.2 + 0.3 * kind + 0.05 * rng.random(60),
        }
    )
    noise = rng.normal(0.5, 0.1, (60, 1, 20, 20)).astype(np.float16)
    table = number_table(
        MapSet(rain.astype(np.float16), maps, encoder),
        MapSet(noise, maps, encoder),
        summary="position",
        max_training_maps=100,
        seeds=[0, 1],
        resamples=100,
        seed=0,
        candidates=(2, 3, 5),
    )
    assert chosen_number(table) == 3


def number_rows(**measures: tuple[float, float, float]) -> pd.DataFrame:
    """Table of k: lower end of the stability over the null, skill on validation and test days."""
    rows = []
    for name, (low, validation, test) in measures.items():
        common = {"method": "kmeans", "seed": ALL_SEEDS, "k": int(name[1:])}
        gain = {"measure": "stability_days_over_null", "group": "train", "low": low}
        rows.append({**common, **gain})
        for group, value in (("validation", validation), ("test", test)):
            rows.append({**common, "measure": "crps_skill", "group": group, "value": value})
    return pd.DataFrame(rows)


def test_the_most_skilful_of_the_stable_numbers_is_chosen() -> None:
    table = number_rows(k2=(0.1, 0.1, 0.9), k3=(0.1, 0.2, 0.1), k4=(-0.1, 0.5, 0.5))
    assert chosen_number(table) == 3


def test_the_number_is_one_where_no_number_is_stable_or_none_is_skilful() -> None:
    assert chosen_number(number_rows(k2=(-0.1, 0.3, 0.3), k3=(np.nan, 0.3, 0.3))) == 1
    assert chosen_number(number_rows(k2=(0.1, -0.2, 0.3))) == 1
