"""Model files: weights as safetensors, everything else as JSON; loading executes no code."""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import safetensors
import safetensors.numpy
import safetensors.torch
import torch
from torch import Tensor, nn

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.io import read_json, write_bytes, write_json

Module = TypeVar("Module", bound=nn.Module)


CARD_DIGEST = "card_sha256"
"""Entry of a card with the digest of its other entries, which detects edits and damage."""


def save_model(path_stem: Path | str, weights: Mapping[str, Tensor], card: dict) -> str:
    """Write `path_stem`.safetensors and `path_stem`.json.

    Args:
        path_stem: Path without extension.
        weights: Tensors by name (`state_dict()` of a model).
        card: Plain values for the JSON file, without NaN, which JSON does not have.

    Returns:
        Digest of the card, which contains that of the weights.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    return _save(path_stem, safetensors.torch.save(plain), card)


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
    return _decoded(safetensors.torch.load, content, path_stem), card


def save_arrays(path_stem: Path | str, arrays: Mapping[str, np.ndarray], card: dict) -> str:
    """Write numpy arrays, as `save_model` writes tensors; return the digest of the card."""
    # safetensors writes the memory of an array, which must be in C order.
    plain = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    return _save(path_stem, safetensors.numpy.save(plain), card)


def load_arrays(path_stem: Path | str) -> tuple[dict[str, np.ndarray], dict]:
    """Read the arrays and the card of `save_arrays`; raises as `load_model`."""
    content, card = _load(path_stem)
    return _decoded(safetensors.numpy.load, content, path_stem), card


def _decoded(load: Callable[[bytes], Any], content: bytes, path_stem: Path | str) -> Any:
    try:
        return load(content)
    except (safetensors.SafetensorError, ValueError, TypeError, KeyError) as error:
        raise DamagedFile(
            _paths(path_stem)[0], f"it is not a file of weights ({error})", "train the model again"
        ) from error


def write_part(values: dict, path: Path | str) -> None:
    """Write a part of a model, such as its calibration, as JSON with a digest of its entries."""
    write_json({**values, CARD_DIGEST: _card_digest(values)}, path)


def read_part(path: Path | str) -> Any:
    """Read the JSON file of `write_part`; a file without a digest is read as it is.

    Raises:
        DamagedFile: It is not JSON, or its entries do not match its digest.
    """
    values = read_json(path)
    if not isinstance(values, dict) or CARD_DIGEST not in values:
        return values
    if values[CARD_DIGEST] != _card_digest(values):
        raise edited(path)
    return {name: value for name, value in values.items() if name != CARD_DIGEST}


def restore(build: Callable[[], Module], weights: Mapping[str, Tensor], file: Path | str) -> Module:
    """Build a network and load its weights, after a comparison of their shapes.

    The network is first built without memory, so that a card with other settings than those of the
    weights allocates nothing.

    Args:
        build: Function that builds the network from the settings of the card.
        weights: Tensors by name.
        file: Name of the card, for the error message.

    Raises:
        DamagedFile: The settings of the card are not those of the weights.
    """
    try:
        with torch.device("meta"):
            needed = {name: tuple(x.shape) for name, x in build().state_dict().items()}
        stored = {name: tuple(x.shape) for name, x in weights.items()}
        if needed != stored:
            names = sorted(set(needed.items()) ^ set(stored.items()))
            raise ValueError(f"the shapes of {names[0][0]} and others differ")
        network = build()
        network.load_state_dict(dict(weights))
    except (TypeError, ValueError, RuntimeError, LookupError, ArithmeticError) as error:
        reason = " ".join(str(error).split())[:300]
        raise DamagedFile(
            file, f"its settings are not those of the weights ({reason})", "train the model again"
        ) from error
    return network


def edited(file: Path | str) -> DamagedFile:
    """Error for a file that does not match the digest that it contains."""
    return DamagedFile(
        file,
        "it was edited or is damaged: its content does not match its own digest",
        "copy all files of the model again, or train it again",
    )


def _paths(path_stem: Path | str) -> tuple[Path, Path]:
    return Path(f"{path_stem}.safetensors"), Path(f"{path_stem}.json")


def _card_digest(card: dict) -> str:
    """SHA-256 of the entries of a card except the digest itself, as they are read from JSON."""
    entries = json.loads(json.dumps({k: v for k, v in card.items() if k != CARD_DIGEST}))
    return sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()


def _save(path_stem: Path | str, content: bytes, card: dict) -> str:
    weights, text = _paths(path_stem)
    card = {**card, "weights_sha256": sha256(content).hexdigest()}
    card[CARD_DIGEST] = _card_digest(card)
    described = json.dumps(card, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    write_bytes(content, weights)
    write_bytes(described.encode(), text)
    return card[CARD_DIGEST]


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
        raise edited(text)
    if sha256(content).hexdigest() != expected:
        raise DamagedFile(
            weights,
            f"its content does not match the digest in {text.name}",
            "copy both files of the model again, or train it again",
        )
    return content, card
