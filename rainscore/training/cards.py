"""Model cards: the JSON file of a trained network, as dataclasses."""

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Self

from rainscore.errors import RainscoreError
from rainscore.grids import Domain, Grid
from rainscore.scores.scoremaps import ScoreSettings


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """Description of a trained network, written next to its weights.

    Attributes:
        settings: Settings of the architecture, from which the network is rebuilt.
        training: Section of the configuration that the network was trained with.
        normalisation: Scales of the channels (`channels.NORMALISATION`).
        grid: Learning grid.
        score: Settings of the score.
        versions: IMERG versions of the training data; empty if not recorded.
        splits: Days of each split, `YYYY-MM-DD`, by name of the split.
        data_sha256: SHA-256 of each training file, by file name.
        best_epoch: Epoch with the lowest validation loss, counted from 1.
        best_loss: Validation loss in that epoch.
        channels: Names of the input channels.
        maps: Number of maps in each split.
        code: Digests of the code that trained the network.
        simulated: Whether IMERG or the radar was simulated.
        weights_sha256: SHA-256 of the weights file; set by `modelfiles.save_model`.
    """

    kind: ClassVar[str]
    title: ClassVar[str]

    settings: dict[str, Any]
    training: dict[str, Any]
    normalisation: dict[str, float]
    grid: Grid
    score: ScoreSettings
    versions: tuple[str, ...] = ()
    splits: dict[str, list[str]]
    data_sha256: dict[str, str]
    best_epoch: int
    best_loss: float
    channels: tuple[str, ...]
    maps: dict[str, int]
    code: tuple[str, ...] = ()
    simulated: bool = False
    weights_sha256: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the JSON file; `from_dict` is the inverse."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_dict(cls, values: dict[str, Any], *, file: str = "model card") -> Self:
        """Build a card from the content of a JSON file.

        Args:
            values: Content of the file.
            file: Name of the file, for the error message.

        Raises:
            RainscoreError: The card is of another kind of network, or an entry is missing.
        """
        if values.get("kind") != cls.kind:
            raise RainscoreError(f"{file}: it is no {cls.title} ({values.get('kind')})")
        names = {field.name for field in fields(cls)}
        plain = {name: _frozen(value) for name, value in values.items() if name in names}
        converters = {"grid": Grid, "score": ScoreSettings, "domain": Domain}
        try:
            for name in {"channels", "hidden"} & plain.keys():
                _check_names(name, plain[name])
            typed = {
                name: converters[name](**value) if name in converters else value
                for name, value in plain.items()
            }
            return cls(**typed)
        except TypeError as error:
            raise RainscoreError(
                f"{file}: it was not written by this version of rainscore ({error}); train the "
                "network again"
            ) from error


@dataclass(frozen=True, kw_only=True)
class AutoEncoderCard(ModelCard):
    """Card of an auto-encoder.

    Attributes:
        min_wet: Minimum wet share of the maps that it was trained on.
    """

    kind = "autoencoder"
    title = "auto-encoder"

    min_wet: float


@dataclass(frozen=True, kw_only=True)
class UNetCard(ModelCard):
    """Card of a U-Net.

    Attributes:
        hidden: Names of the channels that are masked in training and prediction.
        variant: Name of the variant (`variants.VARIANTS`); empty for the U-Net of the run.
        run: IMERG run: early, late or final.
        domain: Domain of the training.
    """

    kind = "unet"
    title = "U-Net"

    hidden: tuple[str, ...]
    variant: str = ""
    run: str
    domain: Domain


def _check_names(name: str, value: Any) -> None:
    """Raise TypeError if an entry is no list of texts."""
    if not isinstance(value, tuple) or not all(isinstance(text, str) for text in value):
        raise TypeError(f"{name} is no list of names")


def _frozen(value: Any) -> Any:
    """JSON has no tuples: turn a list into one."""
    return tuple(value) if isinstance(value, list) else value
