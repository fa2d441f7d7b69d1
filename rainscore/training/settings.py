"""Settings of the trainings: of the loop, and the sections `unet` and `autoencoder`."""

from dataclasses import dataclass

from rainscore.training.devices import Precision


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Settings of `loop.train`.

    Attributes:
        epochs: Maximum number of epochs.
        batch: Maps per step, over all processes.
        learning_rate: Peak learning rate.
        weight_decay: AdamW weight decay; the default is that of PyTorch.
        patience: Epochs without a lower validation loss after which training stops.
        precision: `fp32`, `bf16` for mixed precision, or `auto` (`devices.Precision`).
        compile: Whether to run `torch.compile` first.
        seed: Random seed for the order of the maps.
    """

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float = 0.01
    patience: int
    precision: Precision = "fp32"
    compile: bool = False
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class UNetConfig:
    """Section `unet` of the configuration.

    Attributes:
        width: Channels at full resolution.
        depth: Number of halvings of the resolution.
        context_dropout: Share of the training maps whose neighbours in time are removed.
        input_dropout: Share of the training maps without some fields of IMERG
            (`channels.PARTIAL_FILES`).
        epochs, batch, learning_rate, weight_decay, patience, compile, precision: As in
            `TrainingSettings`.
    """

    width: int
    depth: int
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    patience: int
    compile: bool
    context_dropout: float
    input_dropout: float
    precision: Precision

    def training(self, seed: int) -> TrainingSettings:
        """Settings of the training loop."""
        return TrainingSettings(
            epochs=self.epochs,
            batch=self.batch,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            patience=self.patience,
            precision=self.precision,
            compile=self.compile,
            seed=seed,
        )


@dataclass(frozen=True, kw_only=True)
class AutoEncoderConfig:
    """Section `autoencoder` of the configuration.

    Attributes:
        latent_size: Length of the latent vector.
        width: Channels after the first halving.
        epochs, batch, learning_rate, patience, precision: As in `TrainingSettings`.
    """

    latent_size: int
    width: int
    epochs: int
    batch: int
    learning_rate: float
    patience: int
    precision: Precision

    def training(self, seed: int) -> TrainingSettings:
        """Settings of the training loop."""
        return TrainingSettings(
            epochs=self.epochs,
            batch=self.batch,
            learning_rate=self.learning_rate,
            patience=self.patience,
            precision=self.precision,
            seed=seed,
        )
