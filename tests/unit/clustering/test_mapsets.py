"""Reading and selecting the maps that are clustered."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from rainscore.clustering.mapsets import (
    read_maps,
    read_rain,
    scored_maps,
    thinned,
)
from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings
from rainscore.training.modelfiles import save_model
from tests.world import autoencoder_card, training_file


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> tuple[Path, pd.DataFrame, Path]:
    """A training file of a day, its score table, and an untrained auto-encoder."""
    folder = tmp_path_factory.mktemp("month")
    path, scores = training_file(folder, "2019-05-01", "2019-05-02")
    torch.manual_seed(0)
    settings = AutoEncoderSettings(latent=3, width=4, size=20)
    card = autoencoder_card(settings=vars(settings))
    save_model(folder / "autoencoder", AutoEncoder(settings).state_dict(), card.as_dict())
    return path, scores, folder / "autoencoder"


def test_thinning_keeps_both_ends_and_no_row_twice() -> None:
    rows = thinned(np.arange(5, 100), 30)
    assert (rows[0], rows[-1], len(np.unique(rows))) == (5, 99, 30)
    assert thinned(np.arange(5), 30).tolist() == [0, 1, 2, 3, 4]


def test_a_half_hour_that_is_in_no_file_is_an_error(month) -> None:
    path, scores, _ = month
    times = np.append(scores["time"].to_numpy(), np.datetime64("2030-01-01T00:00", "ns"))
    with pytest.raises(ValueError, match="1 of 49 half-hours are in no file"):
        read_rain([path], times)


def test_real_maps_have_enough_rain_and_are_in_order_of_time(month) -> None:
    path, scores, encoder = month
    share = np.where(np.arange(48) < 8, 0.01, 0.5)
    table = scores[["time"]].assign(wet_share=share, split="train").iloc[::-1]
    maps = read_maps([str(path)], table, encoder, min_wet_share=0.02)
    assert maps.table["time"].tolist() == scores["time"][8:].tolist()
    np.testing.assert_array_equal(maps.rain, read_rain([path], scores["time"].to_numpy()[8:]))
    assert maps.training_rows.tolist() == list(range(40))


def test_a_map_without_score_or_regime_is_kept_with_missing_values() -> None:
    times = pd.to_datetime(["2019-01-01 00:30", "2019-01-01 00:00"])
    latents = pd.DataFrame({"time": times, "split": "train", "wet_share": 0.1, "z0": 1.0})
    scores = pd.DataFrame({"time": times[:1], "map_score": 0.5, "regime": "front"})
    maps = scored_maps(latents, scores)
    assert maps.columns.tolist() == ["time", "split", "wet_share", "map_score", "regime"]
    assert maps["time"].tolist() == sorted(times)
    assert np.isnan(maps["map_score"][0]) and maps["map_score"][1] == 0.5
    assert maps["regime"].isna().tolist() == [True, False]


def test_maps_of_half_hours_that_no_file_holds_are_an_error(run: SimpleNamespace) -> None:
    times = run.table["time"].to_numpy()[:3]
    assert read_rain([run.path], times).shape[:2] == (3, 1)
    with pytest.raises(ValueError, match="1 of 4 half-hours are in no file"):
        read_rain([run.path], np.append(times, times[-1] + np.timedelta64(99, "D")))
