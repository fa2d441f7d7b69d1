"""Clustering of rain maps by every method, from the fit to the model file."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

from rainscore.clustering.algorithms.methods import METHODS, Plan, load_clusterer
from rainscore.clustering.algorithms.pooled import Summarised
from rainscore.clustering.compositions import METHOD as CODES
from rainscore.clustering.latents import latent_columns
from rainscore.clustering.mapclusters import (
    ClusterSettings,
    cluster_maps,
    fit_clusters,
    number_of_clusters,
    summarised,
)
from rainscore.clustering.scoredistributions import DRY
from rainscore.config import load_config
from rainscore.errors import RainscoreError
from rainscore.io import write_json
from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings, Summary
from rainscore.training.channels import CHANNELS
from rainscore.training.checkpoint import Checkpoint
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


def test_the_configured_methods_exist() -> None:
    config = load_config()
    assert set(config["clustering"]["methods"]) < {CODES, *METHODS}


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
    loaded = load_clusterer(tmp_path / "model")
    assert loaded.card_["size"] == 20
    np.testing.assert_array_equal(loaded.predict(rain), clusterer.labels_)
    np.testing.assert_array_equal(loaded.novelty(rain), clusterer.novelty(rain))


@pytest.mark.parametrize("method", ["kmeans", "dcec", "depict"])
def test_a_map_unlike_the_training_maps_is_farther_away_than_any_of_them(
    method: str, encoder, rain
) -> None:
    clusterer = fit_clusters(rain, encoder, method, settings=SETTINGS, seed=1)
    strange = np.tile([[0.0, 3.0], [3.0, 0.0]], (1, 1, 10, 10)).astype(np.float16)
    assert clusterer.novelty(strange)[0] > clusterer.novelty(rain).max()


def test_separate_groups_become_clusters_and_the_largest_is_cluster_0(encoder, rain) -> None:
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


def test_reconstructions_are_those_of_the_auto_encoder(encoder, rain) -> None:
    network, error = summarised(encoder, rain, "invariant")
    x = torch.from_numpy(rain).float()
    with torch.no_grad():
        z, decoded = network.encode_and_decode(x)
        torch.testing.assert_close(decoded, encoder(x))
        torch.testing.assert_close(z, network.encode(x))
        assert error == pytest.approx(float((decoded - x).square().mean()), rel=1e-3)


def test_only_vectors_that_hold_the_position_of_the_rain_are_decoded(encoder, rain) -> None:
    maps = torch.from_numpy(rain[:4]).float()
    network, _ = summarised(encoder, rain, "position")
    with torch.no_grad():
        expected = encoder(maps)
        torch.testing.assert_close(network.decode(network.encode(maps)), expected)
    network, _ = summarised(encoder, rain, "invariant")
    with pytest.raises(ValueError, match="cannot be decoded"):
        network.decode(network.encode(maps))


def test_an_invariant_summary_of_a_shifted_map_is_that_of_the_map() -> None:
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


def test_a_constant_component_is_not_divided_by_zero(encoder) -> None:
    network = Summarised.fit(encoder, torch.zeros(5, 3), "position")
    assert torch.isfinite(network.encode(torch.zeros(1, 1, 20, 20))).all()


@pytest.mark.parametrize("maps", [2, 3])
def test_fewer_maps_than_latent_components_can_be_clustered(encoder, rain, maps) -> None:
    few = replace(SETTINGS, k=2, summary="invariant")
    clusterer = fit_clusters(rain[:maps], encoder, "kmeans", settings=few, seed=0)
    assert np.isfinite(clusterer.transform(rain)).all()
    assert set(clusterer.predict(rain[:maps])) == {0, 1}


def test_a_grid_of_units_is_as_square_as_its_number_allows() -> None:
    sides = {k: Plan(k, 1, 1, 0.01, 100).side for k in (1, 6, 7, 16)}
    assert sides[6] == {"rows": 2, "columns": 3}
    assert sides[7] == {"rows": 1, "columns": 7}
    assert (sides[1]["rows"], sides[16]["rows"]) == (1, 4)


def test_the_number_of_clusters_is_configured_or_read_from_the_file_of_choose_k(
    tmp_path: Path,
) -> None:
    section = {
        "summary": "position",
        "epochs": 1,
        "max_training_maps": 9,
        "min_wet_share": 0.1,
        "false_alarm_rate": 0.1,
    }
    k_file = tmp_path / "k.json"
    write_json({"k": 4}, k_file)
    assert number_of_clusters(7, []) == 7
    assert ClusterSettings.from_section({**section, "k": 7}, []).k == 7
    assert ClusterSettings.from_section({**section, "k": "auto"}, [k_file]).k == 4


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
        settings=SETTINGS, seed=0, checkpoint=Checkpoint(tmp_path / "side"),
    )  # fmt: skip
    assert table["time"].tolist() == latents["time"].drop(1).tolist()
    assert table["cluster"][0] == DRY and np.isnan(table["distance"][0])
    assert (table["cluster"][1:] >= 0).all()
    # Ten calibration maps are fewer than 1 / 0.01: the training maps set the threshold.
    reference = table.loc[table["split"] == "train", "distance"].dropna()
    assert card["novelty_threshold"] == pytest.approx(np.quantile(reference, 0.99))
    assert (table["novel"] == (table["distance"] > card["novelty_threshold"])).all()
    assert clusterer.sizes_.sum() == card["maps"] == 38


def test_a_period_without_enough_rain_is_an_error_before_its_maps_are_read(month, encoder) -> None:
    path, latents = month
    with pytest.raises(ValueError, match=r"0 maps of the training days .* smaller clustering\.min"):
        cluster_maps(
            [path], latents.assign(wet_share=0.01), encoder, "kmeans",
            settings=SETTINGS, seed=0, checkpoint=Checkpoint(Path("side")),
        )  # fmt: skip


@pytest.mark.parametrize("card", [{"kind": "unet"}, {"method": ["LatentKMeans"]}])
def test_a_model_file_without_clusterer_is_an_error(card: dict, tmp_path: Path) -> None:
    save_model(tmp_path / "unet", {"a": torch.zeros(1)}, card)
    with pytest.raises(RainscoreError, match="contains no clusterer"):
        load_clusterer(tmp_path / "unet")


def test_clusters_are_ordered_by_size_and_dry_maps_have_none(run: SimpleNamespace) -> None:
    train = run.clusters[run.clusters["split"] == "train"]
    sizes = train.loc[train["cluster"] >= 0, "cluster"].value_counts()
    assert sizes.sort_index().is_monotonic_decreasing
    assert len(latent_columns(run.latents)) == len(run.clusters) == 12 * 48
    dry = run.latents["wet_share"] < 0.02
    assert run.clusters.loc[dry.to_numpy(), "cluster"].eq(-1).all()
