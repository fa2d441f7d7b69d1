import os
import shutil
import signal
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from torch import Tensor

from rainscore.scores.distribution import mean
from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings, reconstruction_loss
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.dataset import RainMaps, ScoreMaps, TimedData
from rainscore.training.devices import computes_bf16
from rainscore.training.earlystopping import TrainingResult, train
from rainscore.training.inference import predict
from rainscore.training.losses import unet_loss
from rainscore.training.settings import TrainingSettings
from rainscore.training.unet import UNet, UNetSettings

BASE = ["rain", "source_imager", "age_last", "age_next", "age_known", "valid"]
MINUTES = np.arange(40) * 30
TIMES = MINUTES.astype("datetime64[m]")


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> Path:
    """Score 0.8 under an imager and 0.3 elsewhere; where IMERG is dry, an old age hides rain."""
    rng = np.random.default_rng(0)
    n, size = len(MINUTES), 12
    inputs = rng.random((n, len(BASE), size, size)).astype(np.float16)
    imager = rng.random((n, 1, size)) < 0.5
    old = rng.random((n, size, 1)) < 0.5
    inputs[:, 1], inputs[:, 2] = imager, old
    wet = rng.random((n, size, size)) < 0.6
    dry_score = np.where(old, 0.0, np.nan)
    target = np.where(wet, np.where(imager, 0.8, 0.3), dry_score)
    target[:, :, 0] = np.nan
    truth = np.ones_like(wet)
    truth[:, :, 0] = False
    path = tmp_path_factory.mktemp("features") / "2019-01.h5"
    with h5py.File(path, "w") as file:
        file["inputs"], file["target"] = inputs, target.astype(np.float16)
        file["wet"], file["truth"], file["time"] = wet, truth, MINUTES * 60
        file.attrs["channels"] = BASE
    return path


def start(
    month: Path,
    checkpoint: Path,
    *,
    loss=unet_loss,
    model: torch.nn.Module | None = None,
    times: np.ndarray = TIMES,
    fingerprint: str = "code 1",
    **changes,
) -> tuple[torch.nn.Module, TrainingResult]:
    torch.manual_seed(1)
    data: tuple[TimedData, TimedData]
    if loss is reconstruction_loss:
        data = RainMaps([month], times[:30]), RainMaps([month], times[30:])
    else:
        training = ScoreMaps([month], times[:30], context_dropout=0.5, seed=5)
        data = training, ScoreMaps([month], times[30:])
    model = UNet(UNetSettings(len(BASE) + 4, width=8, depth=1)) if model is None else model
    defaults = {"epochs": 4, "batch": 8, "learning_rate": 1e-2, "seed": 2, "patience": 99}
    result = train(
        model,
        loss,
        data[0],
        data[1],
        TrainingSettings(**{**defaults, **changes}),
        checkpoint=Checkpoint(checkpoint, fingerprint),
        device="cpu",
        progress=False,
    )
    return model, result


def stopped_at(call: int, number: signal.Signals):
    """Loss during whose given call the process is asked to stop; an epoch has 4 + 2 calls."""
    calls = iter(range(10_000))

    def loss(model: UNet, batch: tuple[Tensor, ...]) -> Tensor:
        if next(calls) == call:
            os.kill(os.getpid(), number)
        return unet_loss(model, batch)

    return loss


def equal(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


def test_training_finds_a_known_dependence(month, tmp_path):
    model, result = start(month, tmp_path / "c.pt", epochs=15, learning_rate=2e-2)
    curve = result.curve
    assert list(curve) == ["epoch", "training", "validation", "learning_rate"]
    assert curve["validation"].iloc[-1] < 0.2 * curve["validation"].iloc[0]
    for (inputs, target, wet, _), (masses, hidden) in predict(
        model, ScoreMaps([month], TIMES[30:]), batch=4, device="cpu"
    ):
        scored = wet & np.isfinite(target)
        assert np.abs(mean(np.moveaxis(masses, 1, -1)) - target)[scored].mean() < 0.1
        inner = ~wet[..., 1:]
        old = inputs[:, 2, :, 1:] > 0.5
        assert ((hidden[..., 1:] > 0) == old)[inner].mean() > 0.95


@pytest.mark.parametrize(
    "call, number",
    [(1, signal.SIGTERM), (3, signal.SIGUSR1), (10, signal.SIGTERM)],
    ids=["within the first epoch", "at its last batch", "during the validation of the second"],
)
def test_a_stopped_training_resumes_to_the_same_bits(month, tmp_path, call, number):
    straight, expected = start(month, tmp_path / "straight.pt")
    with pytest.raises(SystemExit) as stop:
        start(month, tmp_path / "stopped.pt", loss=stopped_at(call, number))
    assert stop.value.code == 143
    resumed, result = start(month, tmp_path / "stopped.pt")
    assert equal(straight, resumed)
    assert result.curve.equals(expected.curve)
    assert (result.best_epoch, result.best_loss) == (expected.best_epoch, expected.best_loss)


def test_the_handlers_of_signals_are_restored(month, tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    start(month, tmp_path / "c.pt", epochs=1)
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(month, tmp_path):
    first, again, other = (
        start(month, tmp_path / f"{i}.pt", epochs=1, seed=seed)[0]
        for i, seed in enumerate((2, 2, 3))
    )
    assert equal(first, again) and not equal(first, other)


def test_a_finished_training_is_not_repeated(month, tmp_path):
    first, expected = start(month, tmp_path / "c.pt")
    again, result = start(month, tmp_path / "c.pt", loss=None)
    assert equal(first, again) and result.curve.equals(expected.curve)


@pytest.mark.parametrize("change", [{"fingerprint": "code 2"}, {"batch": 5}])
def test_a_checkpoint_of_other_code_or_settings_is_ignored(month, tmp_path, change):
    start(month, tmp_path / "c.pt", epochs=1)
    calls = []

    def loss(model: UNet, batch: tuple[Tensor, ...]) -> Tensor:
        calls.append(len(batch[0]))
        return unet_loss(model, batch)

    start(month, tmp_path / "c.pt", epochs=1, loss=loss, **change)
    assert sum(calls) == 40


def test_a_checkpoint_of_other_half_hours_is_ignored(month, tmp_path):
    """The same number of maps, of other days: they may be held out now."""
    start(month, tmp_path / "c.pt", epochs=1)
    resumed, _ = start(month, tmp_path / "c.pt", epochs=1, times=TIMES[::-1])
    assert equal(resumed, start(month, tmp_path / "other.pt", epochs=1, times=TIMES[::-1])[0])


def test_training_stops_early_and_keeps_its_best_weights(month, tmp_path):
    worse = iter(float(value) for value in (3, 2, 4, 5, 6))

    def loss(model: UNet, batch: tuple[Tensor, ...]) -> Tensor:
        if model.training:
            return unet_loss(model, batch)
        return torch.tensor(next(worse) if len(batch[0]) == 8 else 0.0)

    model, result = start(month, tmp_path / "c.pt", loss=loss, epochs=5, patience=2)
    assert result.best_epoch == 2 and result.stopped_early
    assert result.curve["epoch"].tolist() == [1, 2, 3, 4]
    assert result.best_loss == result.curve["validation"][1] == pytest.approx(2 * 8 / 10)
    assert not model.training


def test_a_loss_that_is_not_finite_ends_the_training(month, tmp_path):
    with pytest.raises(
        FloatingPointError, match=r"not finite before step 4.*lower the learning rate"
    ):
        start(month, tmp_path / "c.pt", loss=lambda m, b: unet_loss(m, b) * float("nan"))


def test_bf16_learns_as_fp32_does(month, tmp_path):
    curves = [
        start(month, tmp_path / f"{precision}.pt", precision=precision)[1].curve["validation"]
        for precision in ("fp32", "bf16")
    ]
    assert curves[1].iloc[-1] == pytest.approx(curves[0].iloc[-1], rel=0.1)


def test_auto_is_the_arithmetic_that_the_device_has(month, tmp_path):
    native = "bf16" if computes_bf16(torch.device("cpu")) else "fp32"
    curves = [
        start(month, tmp_path / f"{precision}.pt", precision=precision)[1].curve["validation"]
        for precision in ("auto", native)
    ]
    assert curves[0].tolist() == curves[1].tolist()


def test_an_autoencoder_trains_and_its_vectors_are_predicted_in_order(month, tmp_path):
    model = AutoEncoder(AutoEncoderSettings(latent=3, width=4, size=12))
    _, result = start(month, tmp_path / "c.pt", loss=reconstruction_loss, model=model, epochs=3)
    assert result.curve["validation"].iloc[-1] < result.curve["validation"].iloc[0]
    data = RainMaps([month], TIMES)
    vectors = [z for _, (z,) in predict(model, data, batch=16, call=model.encode, device="cpu")]
    assert np.concatenate(vectors).shape == (40, 3)
    (one,) = data[17]
    assert np.concatenate(vectors)[17] == pytest.approx(
        model.encode(one[None])[0].detach().numpy(), abs=1e-5
    )


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_a_compiled_network_learns_the_same_and_is_saved_as_any_other(month, tmp_path):
    data = ScoreMaps([month], TIMES[:8])
    results = []
    for compiled in (False, True):
        torch.manual_seed(1)
        model = UNet(UNetSettings(len(BASE) + 4, width=8, depth=1))
        settings = TrainingSettings(
            epochs=1, batch=8, learning_rate=1e-2, seed=2, patience=9, compile=compiled
        )
        checkpoint = Checkpoint(tmp_path / str(compiled))
        result = train(
            model, unet_loss, data, data, settings,
            checkpoint=checkpoint, device="cpu", progress=False,
        )  # fmt: skip
        results.append((list(model.state_dict()), result.best_loss))
    assert results[0][0] == results[1][0]
    assert results[1][1] == pytest.approx(results[0][1], rel=1e-3)
