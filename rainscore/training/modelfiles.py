"""Model files: weights as safetensors, everything else as JSON; loading executes no code."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np
import safetensors.numpy
import safetensors.torch
from torch import Tensor

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.io import write_bytes

CARD_DIGEST = "card_sha256"
"""Entry of a card with the digest of its other entries, which detects edits and damage."""


def save_model(path_stem: Path | str, weights: Mapping[str, Tensor], card: dict) -> None:
    """Write `path_stem`.safetensors and `path_stem`.json.

    Args:
        path_stem: Path without extension.
        weights: Tensors by name (`state_dict()` of a model).
        card: Plain values for the JSON file, without NaN, which JSON does not have.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    _save(path_stem, safetensors.torch.save(plain), card)


def load_model(path_stem: Path | str) -> tuple[dict[str, Tensor], dict]:
    """Read the weights and the card of `save_model`.

    Args:
        path_stem: Path without extension.

    Raises:
        RainscoreError: One of the two files is missing.
        DamagedFile: The card does not match its own digest, the weights do not match the digest
            in the card, or a file is not in its format.
    """
    content, card = _load(path_stem)
    return safetensors.torch.load(content), card


def save_arrays(path_stem: Path | str, arrays: Mapping[str, np.ndarray], card: dict) -> None:
    """Write numpy arrays, as `save_model` writes tensors."""
    # safetensors writes the memory of an array, which must be in C order.
    plain = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    _save(path_stem, safetensors.numpy.save(plain), card)


def load_arrays(path_stem: Path | str) -> tuple[dict[str, np.ndarray], dict]:
    """Read the arrays and the card of `save_arrays`; raises as `load_model`."""
    content, card = _load(path_stem)
    return safetensors.numpy.load(content), card


def _paths(path_stem: Path | str) -> tuple[Path, Path]:
    return Path(f"{path_stem}.safetensors"), Path(f"{path_stem}.json")


def _card_digest(card: dict) -> str:
    """SHA-256 of the entries of a card except the digest itself, as they are read from JSON."""
    entries = json.loads(json.dumps({k: v for k, v in card.items() if k != CARD_DIGEST}))
    return sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()


def _save(path_stem: Path | str, content: bytes, card: dict) -> None:
    weights, text = _paths(path_stem)
    card = {**card, "weights_sha256": sha256(content).hexdigest()}
    card[CARD_DIGEST] = _card_digest(card)
    described = json.dumps(card, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    write_bytes(content, weights)
    write_bytes(described.encode(), text)


def _load(path_stem: Path | str) -> tuple[bytes, dict]:
    weights, text = _paths(path_stem)
    for path in (weights, text):
        if not path.is_file():
            raise RainscoreError(f"{path}: no such model file; train the model or check the path")
    content = weights.read_bytes()
    try:
        card = json.loads(text.read_bytes())
        expected, own = card["weights_sha256"], card[CARD_DIGEST]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedFile(
            text, f"it is not a model card of this version ({error})", "train the model again"
        ) from error
    if own != _card_digest(card):
        raise DamagedFile(
            text,
            "it was edited or is damaged: its content does not match its own digest",
            "copy both files of the model again, or train it again",
        )
    if sha256(content).hexdigest() != expected:
        raise DamagedFile(
            weights,
            f"its content does not match the digest in {text.name}",
            "copy both files of the model again, or train it again",
        )
    return content, card
