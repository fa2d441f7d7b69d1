import json
from dataclasses import asdict

import pytest
import torch

from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings, reconstruction_loss


@pytest.mark.parametrize("size", [100, 64, 25])
def test_a_map_becomes_a_vector_and_a_map_of_the_same_size_again(size):
    model = AutoEncoder(AutoEncoderSettings(latent=5, width=4, size=size))
    z = model.encode(torch.rand(2, 1, size, size))
    assert z.shape == (2, 5)
    assert model.decode(z).shape == (2, 1, size, size)


def test_a_map_and_its_double_have_different_vectors():
    torch.manual_seed(0)
    model = AutoEncoder(AutoEncoderSettings(width=4, size=32))
    x = torch.rand(1, 1, 32, 32)
    z, double = model.encode(x), model.encode(2 * x)
    assert (double - z).norm() > 0.5 * z.norm()


def test_the_invariant_summary_is_blind_to_where_it_rains_and_sees_how_hard():
    torch.manual_seed(0)
    model = AutoEncoder(AutoEncoderSettings(width=4, size=64))
    here, there = torch.zeros(2, 1, 1, 64, 64)
    here[..., 20:25, 18:26] = there[..., 36:41, 34:42] = 1.0
    moved = model.encode(there, "invariant")
    assert moved.shape == (1, 2 * 8 * 4)
    torch.testing.assert_close(moved, model.encode(here, "invariant"))
    assert not torch.allclose(model.encode(there), model.encode(here), atol=1e-3)
    assert not torch.allclose(model.encode(2 * here, "invariant"), moved, atol=1e-3)


def test_settings_come_back_from_json():
    settings = AutoEncoderSettings(latent=8)
    assert AutoEncoderSettings(**json.loads(json.dumps(asdict(settings)))) == settings


def test_reconstruction_loss_is_the_mean_squared_error():
    torch.manual_seed(0)
    model, x = AutoEncoder(AutoEncoderSettings(width=4, size=16)), torch.rand(3, 1, 16, 16)
    expected = ((model(x) - x) ** 2).mean().item()
    assert reconstruction_loss(model, (x,)).item() == pytest.approx(expected)
