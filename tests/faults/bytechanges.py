"""Changes of whole files and of single bytes."""

import gzip
import os
import random
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.faults.outcomes import Change


def byte_changes(*, checksum: bool, flips: int = 30, seed: int = 0) -> list[Change]:
    """Flipped bits, lost, added and overwritten bytes, and cuts at random places.

    Args:
        checksum: Whether the format has checksums, or is verified by a digest: then every change
            of a value can be noticed.
        flips: Number of flipped bits; the other changes are a third of it each.
        seed: Random seed.
    """
    kinds: dict[str, Callable[[bytes, random.Random], bytes]] = {
        "flip": _flip,
        "loss": lambda content, rng: _cut_out(content, rng.randrange(len(content)), b""),
        "insertion": lambda c, rng: (lambda at: c[:at] + b"\x07" + c[at:])(rng.randrange(len(c))),
        "zeros": lambda c, rng: _overwrite(c, rng.randrange(len(c)), bytes(64)),
        "cut": lambda content, rng: content[: rng.randrange(len(content))],
    }
    changes = []
    for kind, function in kinds.items():
        for number in range(flips if kind == "flip" else flips // 3):
            rng = random.Random(f"{kind} {number} {seed}")
            changes.append(
                Change("bytes", f"{kind} {number}", _rewritten(function, rng), None, not checksum)
            )
    return changes


def file_changes() -> list[Change]:
    """Other things in the place of the file."""
    contents = {
        "empty": b"",
        "web page": b"<!DOCTYPE html><html><body>Log in</body></html>",
        "text": b"rain\n1\n2\n",
        "zeros only": bytes(4096),
        "HDF5 signature only": b"\x89HDF\r\n\x1a\n" + bytes(40),
        "ZIP signature only": b"PK\x03\x04" + bytes(40),
        "virtual raster": b'<VRTDataset rasterXSize="2" rasterYSize="2"></VRTDataset>',
    }
    changes = [Change("file", kind, _content(content)) for kind, content in contents.items()]
    others: dict[str, Callable[[Path], object]] = {
        "folder": Path.mkdir,
        "absent": lambda path: None,
        "link to nothing": lambda path: path.symlink_to("absent"),
        "link to itself": lambda path: path.symlink_to(path),
        "pipe": os.mkfifo,
    }
    changes.append(
        Change("file", "compressed", lambda path: _replace(path, gzip.compress(_bytes(path))))
    )
    return changes + [Change("file", kind, partial(_put, put)) for kind, put in others.items()]


def _flip(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    return _overwrite(content, at, bytes([content[at] ^ (1 << rng.randrange(8))]))


def _overwrite(content: bytes, at: int, new: bytes) -> bytes:
    return (content[:at] + new + content[at + len(new) :])[: len(content)]


def _cut_out(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + 1 :]


def _rewritten(
    function: Callable[[bytes, random.Random], bytes], rng: random.Random
) -> Callable[[Path], None]:
    """Function that rewrites a file; of a store, its largest file."""

    def apply(path: Path) -> None:
        if path.is_dir():
            path = max((f for f in path.rglob("*") if f.is_file()), key=lambda f: f.stat().st_size)
        path.write_bytes(function(path.read_bytes(), rng))

    return apply


def _put(put: Callable[[Path], object], path: Path) -> None:
    _remove(path)
    put(path)


def _content(content: bytes) -> Callable[[Path], None]:
    return lambda path: _replace(path, content)


def _replace(path: Path, content: bytes) -> None:
    _remove(path)
    path.write_bytes(content)


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b"store"


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
