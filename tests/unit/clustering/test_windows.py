"""Windows of the maps, their auto-encoder, and their codes by any encoder and method."""

from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from rainscore.clustering import windowsamples
from rainscore.clustering.algorithms.windownet import WindowNet, WindowNetSettings
from rainscore.clustering.codebook import feature_scale
from rainscore.clustering.windowcodes import (
    WindowEncoder,
    cluster_latents,
    codes_table,
    encoder_codes,
    fit_window_encoder,
    read_codes_table,
)
from rainscore.clustering.windowsamples import SIDE, WindowSample, draw_windows
from rainscore.errors import DamagedFile
from rainscore.scores.distribution import mean
from rainscore.times import times_of
from rainscore.training.channels import CHANNELS
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.dataset import ScoreMaps
from rainscore.training.inference import forward
from rainscore.training.timecontext import input_channels
from rainscore.training.trained import TrainedUNet

NAMES = input_channels(CHANNELS)
HALF = SIDE // 2


def thin(sample: WindowSample, every: int) -> WindowSample:
    return WindowSample(**{f.name: getattr(sample, f.name)[::every] for f in fields(sample)})


@pytest.fixture(scope="module")
def unet(run: SimpleNamespace) -> TrainedUNet:
    return TrainedUNet(run.unet, run.card, run.calibration)


@pytest.fixture(scope="module")
def drawn(run: SimpleNamespace, unet: TrainedUNet) -> WindowSample:
    return draw_windows(unet, [run.path], times_of(run.splits, "validation")[:40], seed=0)


@pytest.fixture(scope="module")
def samples(run: SimpleNamespace, unet: TrainedUNet) -> dict[str, WindowSample]:
    return {
        split: thin(draw_windows(unet, [run.path], times_of(run.splits, split)[:40], seed=0), 6)
        for split in ("train", "validation", "calibration")
    }


@pytest.fixture(scope="module")
def encoder(samples, tmp_path_factory) -> WindowEncoder:
    checkpoint = Checkpoint(tmp_path_factory.mktemp("e") / "checkpoint")
    return fit_window_encoder(samples, NAMES, steps=20, seed=0, checkpoint=checkpoint)


def test_a_latent_map_holds_the_vectors_of_all_windows_of_a_map() -> None:
    torch.manual_seed(0)
    network = WindowNet(WindowNetSettings(3, latent=4, width=5))
    maps = torch.randn(2, 3, 21, 19)
    with torch.no_grad():
        latent_map = network.latent_map(maps)
        window = network.encode(maps[:, :, 4 : 4 + SIDE, 2 : 2 + SIDE])
    assert latent_map.shape == (2, 4, 5, 4)
    torch.testing.assert_close(latent_map[:, :, 2, 1], window)


def test_what_is_clustered_is_what_is_decoded(samples, encoder) -> None:
    members = encoder.members(samples["validation"])
    (z,) = forward(encoder.network, members, call=lambda x: (encoder.network.encode(x),))
    (rebuilt,) = forward(encoder.network, z, call=lambda x: (encoder.network.decode(x),))
    assert rebuilt.shape == members.shape == (len(z), len(NAMES), SIDE, SIDE)
    assert encoder.error(members) == pytest.approx(((rebuilt - members) ** 2).mean(), rel=1e-5)
    # Better than the mean of each channel, which has an error of 1 where a channel varies.
    assert encoder.error(members) < 0.8 * (members**2).mean()


def test_the_latent_space_has_a_fixed_scale_and_the_reconstruction_does_not_change(
    samples, encoder
) -> None:
    vectors = encoder.encode(samples["train"])
    np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=1e-5)
    assert (vectors**2).mean() == pytest.approx(1, rel=1e-4)
    torch.manual_seed(0)
    network = WindowNet(WindowNetSettings(2, latent=3, width=4))
    x = torch.randn(8, 2, SIDE, SIDE)
    with torch.no_grad():
        before, distances = network.rebuilt(x), torch.pdist(network.encode(x))
        network.set_scale(network.encode(x))
        torch.testing.assert_close(network.rebuilt(x), before)
        ratio = torch.pdist(network.encode(x)) / distances
    assert ratio.std() < 1e-4 * ratio.mean()


def test_windows_lie_inside_the_maps_around_a_scored_pixel_with_rain(run, unet, drawn) -> None:
    times = times_of(run.splits, "validation")[:40]
    data = ScoreMaps([run.path], times)
    inputs, target, wet, _ = (x.numpy() for x in data.read(np.arange(len(data))))
    masses, features = forward(
        unet.model, inputs, call=lambda x: (unet.model(x)[0], unet.model.features(x))
    )
    # Each window is compared with the pixel of the maps that has its features.
    places = np.moveaxis(features, 1, -1)
    for i in (0, len(drawn.scores) // 2, -1):
        found = np.argwhere(np.isclose(places, drawn.decoder[i], atol=1e-5).all(axis=-1))
        assert len(found) == 1
        number, y, x = found[0]
        window = inputs[number, :, y - HALF : y + HALF + 1, x - HALF : x + HALF + 1]
        np.testing.assert_allclose(drawn.inputs[i], window, atol=1e-3)
        assert drawn.scores[i] == pytest.approx(target[number, y, x]) and wet[number, y, x]
        assert drawn.days[i] == data.times[number].astype("datetime64[D]")
        one = np.zeros(wet.shape, bool)
        one[number, y, x] = True
        expected = unet.calibration.local(masses, inputs, one)
        np.testing.assert_allclose(drawn.predicted[i], expected[0], atol=1e-5)
    assert drawn.rain[0] == drawn.inputs[0, 0, HALF, HALF]


def test_the_bottleneck_of_a_pixel_is_that_of_the_square_it_lies_in(unet) -> None:
    inputs = torch.randn(1, len(NAMES), 20, 20)
    with torch.no_grad():
        below = unet.model.bottleneck(inputs)
    side = 2**unet.model.settings.depth
    assert below.shape == (1, unet.model.settings.width * side, 20, 20)
    assert torch.equal(below[..., 0, 0], below[..., 1, 1])
    assert not torch.equal(below[..., 0, 0], below[..., side, side])


def test_a_sample_is_read_as_it_was_written_and_a_cut_one_is_refused(drawn, tmp_path: Path) -> None:
    drawn.save(tmp_path / "a", code=["x"])
    read = WindowSample.load(tmp_path / "a")
    for field in fields(WindowSample):
        expected = getattr(drawn, field.name)
        assert getattr(read, field.name).dtype == expected.dtype
        np.testing.assert_array_equal(getattr(read, field.name), expected)
    replace(drawn, scores=drawn.scores[1:]).save(tmp_path / "b")
    with pytest.raises(DamagedFile, match=r"b\.safetensors.*draw the windows again"):
        WindowSample.load(tmp_path / "b")


def test_maps_without_a_scored_window_are_refused(run, unet, monkeypatch) -> None:
    monkeypatch.setattr(windowsamples, "WINDOWS_PER_MAP", 0)
    with pytest.raises(ValueError, match="no window inside the maps"):
        draw_windows(unet, [run.path], times_of(run.splits, "test")[:2], seed=0)


def test_an_encoder_is_read_as_it_was_written_and_a_changed_one_is_refused(
    encoder, samples, tmp_path: Path
) -> None:
    encoder.save(tmp_path / "e", code=["x"])
    read = WindowEncoder.load(tmp_path / "e")
    expected = encoder.encode(samples["validation"])
    np.testing.assert_allclose(read.encode(samples["validation"]), expected, atol=1e-5)
    weights = load_file(tmp_path / "e.safetensors")
    save_file({**weights, "mean": weights["mean"] + 1}, tmp_path / "e.safetensors")
    with pytest.raises(DamagedFile, match=r"e\.safetensors"):
        WindowEncoder.load(tmp_path / "e")
    replace(encoder, rows=encoder.rows[1:]).save(tmp_path / "f")
    with pytest.raises(DamagedFile, match=r"f\.json.*train it again"):
        WindowEncoder.load(tmp_path / "f")


def test_the_auto_encoder_of_the_rain_does_not_read_the_other_channels(
    samples, tmp_path: Path
) -> None:
    encoder = fit_window_encoder(
        samples, NAMES, only=("rain", "valid"), steps=1, seed=0,
        checkpoint=Checkpoint(tmp_path / "c"),
    )  # fmt: skip
    sample = samples["validation"]
    others = sample.inputs.copy()
    others[:, [i for i, name in enumerate(NAMES) if name not in ("rain", "valid")]] = 0
    changed = replace(sample, inputs=others)
    np.testing.assert_allclose(encoder.encode(sample), encoder.encode(changed), atol=1e-5)
    assert encoder.network.settings.channels == 2


@pytest.mark.parametrize("method", ["kmeans", "dcec", "idec", "deep_kmeans", "depict", "desom"])
def test_each_method_clusters_the_windows_of_all_samples(method, encoder, samples) -> None:
    codes = cluster_latents(encoder, method, 4, samples, steps=1, seed=0)
    assert set(codes) == set(samples)
    for name, sample in samples.items():
        assert codes[name].shape == sample.scores.shape
        assert codes[name].min() >= 0 and codes[name].max() < 4
    again = cluster_latents(encoder, method, 4, samples, steps=1, seed=0)
    np.testing.assert_array_equal(codes["validation"], again["validation"])


@pytest.mark.parametrize("windows", ["pixel", "decoder", "bottleneck"])
def test_the_levels_of_the_u_net_and_the_rain_are_divided_without_an_auto_encoder(
    windows, samples, unet
) -> None:
    codes = encoder_codes(
        windows, "kmeans", 5, samples, scale=feature_scale(unet.model), encoder=None,
        steps=1, seed=0,
    )  # fmt: skip
    # Many windows have no rain at their centre: the classes of the rain are fewer than 5.
    assert 2 <= len(np.unique(codes["train"])) <= 5


def test_the_codes_of_the_decoder_follow_the_prediction(samples, unet) -> None:
    scale = feature_scale(unet.model)
    codes = encoder_codes(
        "decoder", "kmeans", 8, samples, scale=scale, encoder=None, steps=1, seed=0
    )
    predicted = mean(samples["train"].predicted)
    within = sum(
        ((predicted[codes["train"] == c] - predicted[codes["train"] == c].mean()) ** 2).sum()
        for c in np.unique(codes["train"])
    )
    assert within < 0.5 * ((predicted - predicted.mean()) ** 2).sum()


def test_a_table_of_codes_is_read_as_it_was_made() -> None:
    codes = {"train": np.array([3, 1, 2]), "a case": np.array([0, 0])}
    read = read_codes_table(codes_table(codes))
    assert {name: values.tolist() for name, values in read.items()} == {
        "train": [3, 1, 2],
        "a case": [0, 0],
    }
