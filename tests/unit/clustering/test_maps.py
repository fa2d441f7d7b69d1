"""Every method of the configuration on maps of rain, from fit to model file."""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

from rainscore.clustering.algorithms.methods import METHODS, Plan, load_clusterer
from rainscore.clustering.algorithms.pooled import Summarised
from rainscore.clustering.maps import (
    ClusterSettings,
    cluster_maps,
    cluster_settings,
    fit_clusters,
    summarised,
    thinned,
)
from rainscore.clustering.number import chosen_number, number_table
from rainscore.clustering.scorecounts import DRY
from rainscore.config import load_config
from rainscore.errors import RainscoreError
from rainscore.io import write_json
from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings, Summary
from rainscore.training.channels import CHANNELS
from rainscore.training.modelfiles import save_model

SETTINGS = ClusterSettings(
    "position", k=3, epochs=2, max_training_maps=100, min_wet_share=0.02, false_alarm_rate=0.01
)
INVARIANT = replace(SETTINGS, summary="invariant")


@pytest.fixture(scope="module")
def encoder() -> AutoEncoder:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return AutoEncoder(AutoEncoderSettings(latent=3, width=4, size=20))


@pytest.fixture(scope="module")
def rain() -> np.ndarray:
    """Rain in the north, in the south, or everywhere: 20 maps of each."""
    rng = np.random.default_rng(0)
    maps = rng.random((60, 1, 20, 20), dtype=np.float32) * 0.1
    maps[:20, :, :10] += 0.5
    maps[20:40, :, 10:] += 0.5
    maps[40:] += 0.8
    return maps.astype(np.float16)


def test_the_configuration_knows_every_method_and_no_other() -> None:
    config = load_config()
    assert set(config["clustering"]["methods"]) < set(METHODS)
    assert DRY == -1


@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.parametrize("settings", [SETTINGS, INVARIANT], ids=lambda s: s.summary)
def test_a_model_file_assigns_new_maps_as_the_fitted_method_does(
    method: str, settings: ClusterSettings, encoder, rain, tmp_path: Path
) -> None:
    clusterer = fit_clusters(rain, encoder, method, settings=settings, seed=1)
    assert len(clusterer.sizes_) == 3
    assert clusterer.sizes_.sum() == 60
    np.testing.assert_array_equal(clusterer.predict(rain), clusterer.labels_)
    clusterer.save(tmp_path / "model", size=20)
    again = load_clusterer(tmp_path / "model")
    assert again.card_["size"] == 20
    np.testing.assert_array_equal(again.predict(rain), clusterer.labels_)
    np.testing.assert_array_equal(again.novelty(rain), clusterer.novelty(rain))


@pytest.mark.parametrize("method", ["kmeans", "dcec", "depict"])
def test_what_is_unlike_all_maps_is_farther_than_any_of_them(method: str, encoder, rain) -> None:
    clusterer = fit_clusters(rain, encoder, method, settings=SETTINGS, seed=1)
    strange = np.tile([[0.0, 3.0], [3.0, 0.0]], (1, 1, 10, 10)).astype(np.float16)
    assert clusterer.novelty(strange)[0] > clusterer.novelty(rain).max()


def test_clear_groups_are_found_and_the_largest_is_cluster_0(encoder, rain) -> None:
    clusterer = fit_clusters(rain[10:], encoder, "kmeans", settings=SETTINGS, seed=0)
    assert clusterer.sizes_.tolist() == [20, 20, 10]
    assert set(clusterer.labels_[:10]) == {2}


@pytest.mark.parametrize("summary", ["position", "invariant"])
def test_clustered_vectors_have_mean_0_and_mean_square_1(encoder, rain, summary) -> None:
    network, _ = summarised(encoder, rain, summary)
    with torch.no_grad():
        z = network.encode(torch.from_numpy(rain).float())
    assert z.shape == (60, 3)
    torch.testing.assert_close(z.mean(dim=0), torch.zeros(3), atol=1e-4, rtol=0)
    assert float(z.square().mean()) == pytest.approx(1, rel=0.03)


def test_maps_are_rebuilt_as_the_auto_encoder_alone_rebuilds_them(encoder, rain) -> None:
    network, error = summarised(encoder, rain, "invariant")
    x = torch.from_numpy(rain).float()
    with torch.no_grad():
        z, given = network.through(x)
        torch.testing.assert_close(given, encoder(x))
        torch.testing.assert_close(z, network.encode(x))
        assert error == pytest.approx(float((given - x).square().mean()), rel=1e-3)


def test_a_vector_is_decoded_where_it_says_where_the_rain_lies(encoder, rain) -> None:
    maps = torch.from_numpy(rain[:4]).float()
    network, _ = summarised(encoder, rain, "position")
    with torch.no_grad():
        expected = encoder(maps)
        torch.testing.assert_close(network.decode(network.encode(maps)), expected)
    network, _ = summarised(encoder, rain, "invariant")
    with pytest.raises(ValueError, match="cannot be decoded"):
        network.decode(network.encode(maps))


def test_an_invariant_summary_does_not_tell_a_map_from_the_shifted_one() -> None:
    torch.manual_seed(0)
    large = AutoEncoder(AutoEncoderSettings(latent=3, width=4, size=64))
    maps = np.random.default_rng(0).random((20, 1, 64, 64)).astype(np.float16)
    spots = torch.zeros(2, 1, 64, 64)
    spots[0, 0, 20:24, 20:24] = spots[1, 0, 20:24, 36:40] = 0.5
    expected: dict[Summary, bool] = {"position": False, "invariant": True}
    for summary, same in expected.items():
        network, _ = summarised(large, maps, summary)
        with torch.no_grad():
            first, second = network.encode(spots)
        assert torch.allclose(first, second, atol=1e-4) == same


def test_a_number_that_never_changes_is_not_divided_by_zero(encoder) -> None:
    network = Summarised.of(encoder, torch.zeros(5, 3), "position")
    assert torch.isfinite(network.encode(torch.zeros(1, 1, 20, 20))).all()


@pytest.mark.parametrize("maps", [2, 3])
def test_fewer_maps_than_latent_numbers_are_clustered_all_the_same(encoder, rain, maps) -> None:
    few = replace(SETTINGS, k=2, summary="invariant")
    clusterer = fit_clusters(rain[:maps], encoder, "kmeans", settings=few, seed=0)
    assert np.isfinite(clusterer.transform(rain)).all()
    assert set(clusterer.predict(rain[:maps])) == {0, 1}


def test_a_map_of_units_is_as_near_to_a_square_as_its_number_allows() -> None:
    sides = {k: Plan(k, 1, 1, 0.01).side for k in (1, 6, 7, 16)}
    assert sides[6] == {"rows": 2, "columns": 3}
    assert sides[7] == {"rows": 1, "columns": 7}
    assert (sides[1]["rows"], sides[16]["rows"]) == (1, 4)


def test_thinning_keeps_both_ends_and_no_row_twice() -> None:
    rows = thinned(np.arange(5, 100), 30)
    assert (rows[0], rows[-1], len(np.unique(rows))) == (5, 99, 30)


def test_the_number_of_three_clear_kinds_of_map_is_three(encoder, rain) -> None:
    """Beside maps of noise; each kind has its score."""
    rng = np.random.default_rng(0)
    days = np.repeat(np.arange(10), 6)
    kinds = np.tile([0, 20, 40], 20) + np.arange(60) // 3
    maps = pd.DataFrame(
        {
            "time": pd.Timestamp("2019-01-01") + pd.to_timedelta(days, "D"),
            "split": np.where(days < 7, "train", "validation"),
            "wet_share": rng.random(60),
            "map_score": np.tile([0.2, 0.5, 0.8], 20) + 0.05 * rng.random(60),
        }
    )
    noise = rng.normal(0.5, 0.1, (60, 1, 20, 20)).astype(np.float16)
    table = number_table(
        (rain[kinds], maps, encoder), (noise, maps, encoder),
        summary="position", most_maps=100, seeds=[0, 1], resamples=100, seed=0,
        candidates=(2, 3, 5),
    )  # fmt: skip
    assert chosen_number(table) == 3


def test_k_is_that_of_the_configuration_or_of_its_file(tmp_path: Path) -> None:
    values = {
        "summary": "position",
        "epochs": 1,
        "max_training_maps": 9,
        "min_wet_share": 0.1,
        "false_alarm_rate": 0.1,
    }
    write_json({"k": 4}, tmp_path / "k.json")
    assert cluster_settings({**values, "k": 7}, []).k == 7
    assert cluster_settings({**values, "k": "auto"}, [str(tmp_path / "k.json")]).k == 4


def test_more_clusters_than_maps_is_an_error(encoder, rain) -> None:
    with pytest.raises(ValueError, match=r"2 maps .* fewer than clustering\.k = 3"):
        fit_clusters(rain[:2], encoder, "kmeans", settings=SETTINGS, seed=0)


@pytest.fixture
def month(rain, tmp_path: Path) -> tuple[Path, pd.DataFrame]:
    """A training file of the maps, and their table; the second half-hour is missing."""
    times = pd.date_range("2019-01-01", periods=60, freq="30min")
    inputs = np.zeros((60, len(CHANNELS), 20, 20), np.float16)
    inputs[:, CHANNELS.index("rain")] = rain[:, 0]
    inputs[1] = 0
    with h5py.File(tmp_path / "2019-01.h5", "w") as file:
        file["inputs"], file["time"] = inputs, times.astype("datetime64[s]").astype(np.int64)
        for name in ("target", "wet", "truth"):
            file[name] = inputs[:, 0]
        file.attrs["channels"] = list(CHANNELS)
    wet_share = np.append([0.0, np.nan], np.full(58, 0.5))
    split = ["train"] * 40 + ["calibration"] * 10 + ["test"] * 10
    table = pd.DataFrame({"time": times, "split": split, "wet_share": wet_share})
    return tmp_path / "2019-01.h5", table


def test_a_half_hour_without_rain_estimate_has_no_cluster_and_a_dry_one_is_dry(
    month, encoder, tmp_path: Path
) -> None:
    path, latents = month
    clusterer, card, table = cluster_maps(
        [path], latents, encoder, "kmeans",
        settings=SETTINGS, seed=0, checkpoint=tmp_path / "side", fingerprint="",
    )  # fmt: skip
    assert table["time"].tolist() == latents["time"].drop(1).tolist()
    assert table["cluster"][0] == DRY and np.isnan(table["distance"][0])
    assert (table["cluster"][1:] >= 0).all()
    # Ten calibration maps are too few for a hundredth of them: all training maps set it.
    known = table.loc[table["split"] == "train", "distance"].dropna()
    assert card["novelty_threshold"] == pytest.approx(np.quantile(known, 0.99))
    assert (table["novel"] == (table["distance"] > card["novelty_threshold"])).all()
    assert clusterer.sizes_.sum() == card["maps"] == 38


def test_a_period_without_enough_rain_is_said_before_its_maps_are_read(month, encoder) -> None:
    path, latents = month
    with pytest.raises(ValueError, match=r"0 maps of the training days .* smaller clustering\.min"):
        cluster_maps(
            [path], latents.assign(wet_share=0.01), encoder, "kmeans",
            settings=SETTINGS, seed=0, checkpoint=Path("side"), fingerprint="",
        )  # fmt: skip


def test_another_model_is_not_taken_for_a_clusterer(tmp_path: Path) -> None:
    save_model(tmp_path / "unet", {"a": torch.zeros(1)}, {"kind": "unet"})
    with pytest.raises(RainscoreError, match="holds no clusterer"):
        load_clusterer(tmp_path / "unet")
