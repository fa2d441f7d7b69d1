"""Codes that are trained inside the U-Net."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from rainscore.clustering.tunedcodes import (
    CodedUNet,
    assign_windows,
    coded_loss,
    start_codes,
    tune_codes,
)
from rainscore.clustering.windowsamples import WindowSample, draw_windows
from rainscore.scores.distribution import MASSES, mean
from rainscore.times import times_of
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.dataset import ScoreMaps
from rainscore.training.trained import TrainedUNet


@pytest.fixture(scope="module")
def unet(run: SimpleNamespace) -> TrainedUNet:
    return TrainedUNet(run.unet, run.card, run.calibration)


@pytest.fixture(scope="module")
def sample(run: SimpleNamespace, unet: TrainedUNet) -> WindowSample:
    return draw_windows(unet, [run.path], times_of(run.splits, "train")[:30], seed=0)


def test_a_pixel_is_predicted_by_the_distribution_of_its_nearest_code(unet) -> None:
    width = unet.model.settings.width
    centres = np.zeros((2, width), np.float32)
    centres[1] = 10.0
    masses = np.zeros((2, MASSES))
    masses[0, 0] = masses[1, -1] = 1
    model = CodedUNet(unet.model, centres, masses)
    features = torch.stack([torch.zeros(width), 10.0 / model.scale])
    assert model.assign(features).tolist() == [0, 1]
    predicted = model.predict(features).detach()
    torch.testing.assert_close(predicted[:, [0, -1]], torch.eye(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(predicted.sum(dim=1), torch.ones(2))


def test_codes_start_in_the_order_of_their_scores_and_do_not_change_the_u_net(unet, sample) -> None:
    before = [x.clone() for x in unet.model.parameters()]
    model = start_codes(unet.model, sample, 6, seed=0)
    scores = mean(torch.softmax(model.logits.detach(), dim=1).numpy())
    assert np.all(np.diff(scores) >= 0)
    with torch.no_grad():
        for x in model.parameters():
            x.add_(1)
    assert all(torch.equal(a, b) for a, b in zip(before, unet.model.parameters(), strict=True))


def test_network_centres_and_distributions_all_learn(run, unet, sample, tmp_path) -> None:
    times = {split: times_of(run.splits, split)[:24] for split in ("train", "validation")}
    model = start_codes(unet.model, sample, 6, seed=0)
    old = {name: x.detach().clone() for name, x in model.named_parameters()}
    batch = ScoreMaps([run.path], times["validation"]).read(np.arange(8))
    with torch.no_grad():
        before = coded_loss(model, batch).item()
    tune_codes(
        model, [run.path], times, hidden=(), steps=12, seed=0, checkpoint=Checkpoint(tmp_path / "c")
    )
    with torch.no_grad():
        after = coded_loss(model, batch).item()
    assert after < before
    for name in ("centres", "logits", "unet.merge.0.2.weight", "unet.down.0.0.weight"):
        assert not torch.equal(old[name], dict(model.named_parameters())[name]), name
    codes = assign_windows(model, unet, [run.path], times_of(run.splits, "train")[:30], seed=0)
    assert codes.shape == sample.scores.shape and codes.max() < 6


def test_codes_of_the_windows_of_a_sample_are_those_of_its_features(run, unet, sample) -> None:
    model = start_codes(unet.model, sample, 5, seed=0)
    codes = assign_windows(model, unet, [run.path], times_of(run.splits, "train")[:30], seed=0)
    expected = model.assign(torch.from_numpy(sample.decoder)).numpy()
    np.testing.assert_array_equal(codes, expected)
