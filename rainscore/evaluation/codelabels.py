"""Baseline by the codes of windows: each window is predicted by the label of its code."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.codemaps import read_codes
from rainscore.evaluation.blocks import Block
from rainscore.evaluation.skill import WINDOW_CODES


@dataclass(frozen=True)
class CodeLabels:
    """Predicts the labels of the codes, which are not learned here.

    Attributes:
        book: The code book.
        path: Codes of all windows (`codemaps.write_codes`).
    """

    book: CodeBook
    path: Path

    @property
    def name(self) -> str:
        """Name in result tables."""
        return f"{WINDOW_CODES} ({len(self.book.masses)})"

    def learn(self, block: Block) -> None:
        """Nothing to learn: the code book holds the labels."""

    def predict(self, block: Block) -> np.ndarray:
        """Distribution of the code of each evaluated window, dims (n, mass)."""
        codes = np.concatenate([maps for _, maps in read_codes(self.path, block.times)])
        return self.book.masses[codes[block.evaluated]]
