"""The papers' networks: shapes, Keras' padding, Glorot's start."""

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d

from rainscore.clustering.algorithms.encoders import (
    MLP,
    ConvNet,
    ConvSettings,
    Identity,
    MLPSettings,
    NoisyConvNet,
    dropped,
    network_card,
    rebuilt,
)


def test_the_mlp_has_the_layers_of_the_papers():
    network = MLP(MLPSettings((1, 16, 16)))
    assert [layer.out_features for layer in network.down] == [500, 500, 2000, 10]
    assert [layer.out_features for layer in network.up] == [2000, 500, 500, 256]


@pytest.mark.parametrize("side, smallest", [(16, 2), (28, 3), (100, 12), (30, 3), (8, 1)])
def test_the_conv_net_halves_thrice_and_gives_the_shape_back(side, smallest):
    network = ConvNet(ConvSettings((2, side, side), widths=(3, 4, 5)))
    assert network.smallest == (5, smallest, smallest)
    x = torch.rand(2, 2, side, side)
    assert network.encode(x).shape == (2, 10)
    assert network.decode(network.encode(x)).shape == x.shape


def test_the_conv_net_takes_images_that_are_not_square():
    x = torch.rand(2, 1, 24, 21)
    network = ConvNet(ConvSettings((1, 24, 21)))
    assert network.decode(network.encode(x)).shape == x.shape


def test_padding_at_stride_two_is_one_before_and_two_after():
    """Keras' "same" of an even side; PyTorch's padding=2 would look one row higher."""
    network = ConvNet(ConvSettings((1, 8, 8), widths=(1, 1, 1)))
    image = np.random.default_rng(0).random((8, 8), dtype=np.float32)
    kernel = network.get_parameter("down.0.weight")[0, 0].detach().numpy()
    padded = np.pad(image, ((1, 2), (1, 2)))
    expected = np.maximum(correlate2d(padded, kernel, mode="valid")[::2, ::2], 0)
    inputs_of_layer = []
    network.down[1].register_forward_pre_hook(
        lambda module, inputs: inputs_of_layer.append(inputs[0])
    )
    network.encode(torch.from_numpy(image)[None, None])
    # The second layer gets the first one's output with one more row before and two after.
    np.testing.assert_allclose(inputs_of_layer[0][0, 0, 1:-2, 1:-2].detach(), expected, atol=1e-6)


def test_the_decoder_is_the_encoder_turned_around():
    """With shared weights ⟨conv x, y⟩ = ⟨x, deconv y⟩: the edges that are cut are those padded."""
    network = ConvNet(ConvSettings((1, 8, 8), widths=(1, 1, 1)))
    down, up = network.down[0], network.up[-1]
    network.get_parameter("up.2.weight").data.copy_(network.get_parameter("down.0.weight").data)
    x, y = torch.rand(1, 1, 8, 8), torch.rand(1, 1, 4, 4)
    (rows, columns), (h, w) = network.pads[0], network.sizes[0]
    ahead: torch.Tensor = down(torch.nn.functional.pad(x, (*columns, *rows)))
    back: torch.Tensor = up(y)[..., rows[0] : rows[0] + h, columns[0] : columns[0] + w]
    assert (ahead * y).sum().item() == pytest.approx((x * back).sum().item(), rel=1e-5)


@pytest.mark.parametrize("network", [MLP(MLPSettings((64,))), ConvNet(ConvSettings((1, 8, 8)))])
def test_weights_start_from_glorots_uniform_and_biases_from_zero(network):
    for layer in (*network.down, *network.up):
        weight = layer.weight
        spread = weight[0, 0].numel() if weight.ndim == 4 else 1
        bound = np.sqrt(6 / ((weight.shape[0] + weight.shape[1]) * spread))
        assert 0.9 * bound < weight.abs().max() <= bound
        assert weight.std().item() == pytest.approx(bound / np.sqrt(3), rel=0.1)
        assert not layer.bias.any()


@pytest.mark.parametrize("side, inner, smallest", [(16, 7, 4), (28, 13, 7)])
def test_the_noisy_net_has_the_sizes_of_depict(side, inner, smallest):
    network = NoisyConvNet(ConvSettings((1, side, side), widths=(50, 50), dropouts=(0.1, 0.1, 0.0)))
    first, second, z = network.layers(torch.rand(2, 1, side, side))
    assert first.shape == (2, 50, inner, inner) and second.shape == (2, 50, smallest, smallest)
    assert [x.shape for x in network.inverse(z)[1:]] == [first.shape, second.shape]
    assert network.decode(z).shape == (2, 1, side, side)


def test_noise_follows_from_its_generator_and_the_clean_way_has_none():
    network = NoisyConvNet(ConvSettings((1, 16, 16), widths=(5, 5), dropouts=(0.1, 0.1, 0.0)))
    x = torch.rand(2, 1, 16, 16)
    noisy = [network.layers(x, torch.Generator().manual_seed(s))[-1] for s in (1, 1, 2)]
    assert torch.equal(noisy[0], noisy[1]) and not torch.equal(noisy[0], noisy[2])
    assert torch.equal(network.encode(x), network.encode(x))


def test_dropping_keeps_the_mean():
    x = dropped(torch.ones(100_000), 0.1, torch.Generator().manual_seed(0))
    assert x.unique().tolist() == pytest.approx([0, 1 / 0.9])
    assert x.mean().item() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    "network",
    [MLP(MLPSettings((4,), 2, (3,))), ConvNet(ConvSettings((1, 8, 8))), Identity()],
)
def test_a_network_is_rebuilt_from_its_card(network):
    again = rebuilt(network_card(network))
    again.load_state_dict(network.state_dict())
    assert network_card(again) == network_card(network)
