import numpy as np
import torch

from rainscore.scores import distribution
from rainscore.training.losses import crps_loss, logarithmic_loss


def predictions(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random masses and observed scores, among them exactly 0 and 1."""
    rng = np.random.default_rng(0)
    masses = rng.dirichlet(np.full(distribution.MASSES, 0.4), count)
    target = np.clip(rng.uniform(-0.2, 1.2, count), 0, 1)
    return torch.from_numpy(masses), torch.from_numpy(target)


def test_the_loss_is_the_crps_of_every_table():
    masses, target = predictions(200)
    expected = distribution.crps(masses.numpy(), target.numpy())
    np.testing.assert_allclose(crps_loss(masses, target).numpy(), expected, atol=1e-12)


def test_the_logarithmic_score_is_that_of_the_mass_that_the_score_belongs_to():
    masses, target = predictions(200)
    numbers = distribution.mass_numbers(target.numpy())
    assert {0, distribution.MASSES - 1} <= set(numbers.tolist())
    expected = -np.log(np.maximum(masses.numpy()[np.arange(200), numbers], 1e-9))
    np.testing.assert_allclose(logarithmic_loss(masses, target).numpy(), expected)


def test_the_gradient_of_the_loss_is_that_of_finite_differences():
    masses, target = predictions(2)
    logits = masses.clamp(min=1e-6).log().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: crps_loss(x.softmax(dim=1), target), (logits,))


def test_the_loss_is_least_for_the_true_distribution():
    """The CRPS is a proper score: no other masses have a lower mean loss."""
    truth = torch.tensor([0.0, 0.0, 0.525, 1.0], dtype=torch.float64)
    right = torch.from_numpy(distribution.masses_of(truth.numpy()))
    logits = torch.zeros(distribution.MASSES, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.3)
    for _ in range(300):
        loss = crps_loss(logits.softmax(dim=0).expand(4, -1), truth).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    best = crps_loss(right.expand(4, -1), truth).mean()
    assert abs(loss.item() - best.item()) < 1e-4
