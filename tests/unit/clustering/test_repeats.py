"""Repeated clusterings on resampled days."""

import numpy as np
import pandas as pd
import torch

from rainscore.clustering.mapclusters import ClusterSettings
from rainscore.clustering.mapsets import MapSet
from rainscore.clustering.repeats import repeat_clusters, resampled_rows
from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings

SETTINGS = ClusterSettings(
    "position", k=2, epochs=1, max_training_maps=100, min_wet_share=0.02, false_alarm_rate=0.01
)


def test_whole_days_are_resampled_in_order_of_time() -> None:
    times = pd.Series(pd.date_range("2019-01-01", periods=20, freq="6h"))
    rows = np.arange(4, 20)
    drawn = resampled_rows(times, rows, seed=1)
    assert len(drawn) == 16 and set(drawn) < set(rows)
    assert (np.diff(times[drawn].dt.normalize()) >= pd.Timedelta(0)).all()
    assert (drawn.reshape(-1, 4) == drawn[::4, None] + np.arange(4)).all()
    assert resampled_rows(times, rows, seed=2).tolist() != drawn.tolist()


def test_a_repetition_assigns_all_maps_twice_and_depends_on_its_seed_alone() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    encoder = AutoEncoder(AutoEncoderSettings(latent=3, width=4, size=20))
    rain = np.random.default_rng(0).random((40, 1, 20, 20)).astype(np.float16) * np.float16(0.1)
    rain[::2] += np.float16(0.5)
    times = pd.date_range("2019-01-01", periods=40, freq="6h")
    split = np.where(np.arange(40) < 32, "train", "test")
    maps = MapSet(rain, pd.DataFrame({"time": times, "split": split}), encoder)
    table = repeat_clusters(maps, "kmeans", settings=SETTINGS, seed=0)
    assert table["time"].tolist() == times.tolist()
    for column in ("cluster", "resampled"):
        assert table[column].nunique() == 2
        assert table[column][::2].nunique() == table[column][1::2].nunique() == 1
    assert (table["revived"] == table["revived"].iloc[0]).all()
    repeated = repeat_clusters(maps, "kmeans", settings=SETTINGS, seed=0)
    pd.testing.assert_frame_equal(table, repeated)
