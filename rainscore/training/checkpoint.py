"""The checkpoint of a training: a side file from which an interrupted training resumes."""

import hashlib
import io
import logging
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from rainscore.io import write_bytes

logger = logging.getLogger(__name__)

_DAMAGED = (
    EOFError, OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError,
    pickle.UnpicklingError,
)  # fmt: skip
"""Errors that torch raises for a file that is not a checkpoint."""


@dataclass(frozen=True)
class Checkpoint:
    """Side file of a training; it outlives the process and is removed by `remove`.

    Attributes:
        path: Path of the file.
        fingerprint: Identification of code, configuration and data; a checkpoint with another
            fingerprint is ignored.
    """

    path: Path
    fingerprint: str = ""

    def save(self, identity: str, state: dict[str, Any]) -> None:
        """Write the state of a training.

        Args:
            identity: Identification of the settings of the training, added to the fingerprint.
            state: Plain values and tensors.
        """
        content = io.BytesIO()
        torch.save({"identity": self._identity(identity), **state}, content)
        write_bytes(content.getvalue(), self.path)

    def load(self, identity: str) -> dict[str, Any] | None:
        """Return the saved state; None if there is none, or it is damaged or of another training.

        A file that is empty or truncated is reported with its name; the training then starts from
        scratch.
        """
        if not self.path.exists():
            return None
        try:
            state = torch.load(self.path, map_location="cpu", weights_only=True)
            stored_identity = state.pop("identity")
        except _DAMAGED as error:
            logger.warning(
                "%s: not a complete checkpoint (%s): ignored, the training starts from scratch",
                self.path, type(error).__name__,
            )  # fmt: skip
            return None
        if stored_identity != self._identity(identity):
            logger.warning("%s: of other code, settings or data: ignored", self.path)
            return None
        return state

    def remove(self) -> None:
        """Delete the file, if it exists."""
        self.path.unlink(missing_ok=True)

    def _identity(self, identity: str) -> str:
        return repr((self.fingerprint, identity))


def fingerprint(files: Sequence[Path | str], *settings: object) -> str:
    """Identify a training by its data and settings.

    Args:
        files: Training files, identified by their content.
        settings: Plain values: code digests, sections of the configuration.
    """
    return repr(([file_digest(file) for file in sorted(files)], *settings))


def file_digest(path: Path | str) -> str:
    """SHA-256 of a file."""
    with Path(path).open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
