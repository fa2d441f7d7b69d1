"""What a model learned from and what it was verified on, for whoever reads its scores."""

from dataclasses import dataclass
from pathlib import Path

from rainscore.errors import DamagedFile
from rainscore.io import read_json
from rainscore.training.cards import UNetCard

ABOUT = "about.json"
"""File next to a model that states its provenance; a model of a run has none."""


@dataclass(frozen=True)
class Provenance:
    """Origin of a model in plain words.

    Attributes:
        learned_from: Data that it learned from, such as "simulated satellites in 24 worlds".
        verified_on: Real data that it was verified on, and the result; empty if there are none.
    """

    learned_from: str
    verified_on: str

    def sentence(self) -> str:
        """Both parts in one line."""
        verified = self.verified_on or "no real data"
        return f"the model learned from {self.learned_from}; verified on {verified}"


def read_provenance(folder: Path, card: UNetCard) -> Provenance:
    """Provenance of the models in a folder: that of its `about.json`, or that of the U-Net's card.

    Raises:
        DamagedFile: `about.json` does not hold two texts, `learned_from` and `verified_on`.
    """
    path = folder / ABOUT
    if not path.is_file():
        source = "simulated satellites" if card.simulated else "radar"
        return Provenance(f"{source} in the domain {card.domain.name!r}", "")
    about = read_json(path)
    try:
        learned_from, verified_on = about["learned_from"], about["verified_on"]
        if not all(isinstance(t, str) and "\n" not in t for t in (learned_from, verified_on)):
            raise TypeError("one of them is not a line of text")
    except (KeyError, TypeError) as error:
        raise DamagedFile(
            path,
            f"it does not hold the texts learned_from and verified_on ({error})",
            "copy the folder of the model again",
        ) from error
    return Provenance(learned_from, verified_on)
