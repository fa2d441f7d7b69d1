"""Image sets of the papers, training and test images together, as float32 in [0, 1]."""

import gzip
from pathlib import Path

import h5py
import numpy as np


def load_images(name: str, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read an image set.

    Args:
        name: `usps`, `mnist-test`, `mnist` or `fashion-mnist`.
        folder: Folder with `usps/usps.h5`, `mnist/mnist_{train,test}.npz`, `fashion-mnist/*.gz`.

    Returns:
        Images, dims (n, 1, rows, columns), in [0, 1]; classes, dims (n,).
    """
    images, classes = READERS[name](folder)
    side = round(np.sqrt(images[0].size))
    return images.reshape(-1, 1, side, side).astype(np.float32), classes.astype(np.int64)


def _usps(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    with h5py.File(folder / "usps" / "usps.h5") as file:
        parts = [(file[f"{part}/data"][:], file[f"{part}/target"][:]) for part in ("train", "test")]
    return _joined(parts)


def _mnist_test(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    with np.load(folder / "mnist" / "mnist_test.npz") as file:
        return file["x"] / 255, file["y"]


def _mnist(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    with np.load(folder / "mnist" / "mnist_train.npz") as file:
        return _joined([(file["x"] / 255, file["y"]), _mnist_test(folder)])


def _fashion(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    parts = []
    for part in ("train", "t10k"):
        images = _idx(folder / "fashion-mnist" / f"{part}-images-idx3-ubyte.gz", 16)
        classes = _idx(folder / "fashion-mnist" / f"{part}-labels-idx1-ubyte.gz", 8)
        parts.append((images.reshape(-1, 784) / 255, classes))
    return _joined(parts)


def _idx(path: Path, header: int) -> np.ndarray:
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header)


def _joined(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    images, classes = zip(*parts, strict=True)
    return np.concatenate(images), np.concatenate(classes)


READERS = {"usps": _usps, "mnist-test": _mnist_test, "mnist": _mnist, "fashion-mnist": _fashion}
