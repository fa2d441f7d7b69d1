"""Code book: the features of the U-Net in a few codes, each with the distribution of its scores.

The features are those of the last decoder level, one vector per pixel of the learning grid. They
are clustered by k-means. Each code is labelled with the distribution of the local scores of its
windows; codes with similar distributions form a family, which is labelled in the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.cluster import KMeans

from rainscore.clustering.codesamples import Sample, ScoredWindows
from rainscore.errors import DamagedFile
from rainscore.scores.distribution import MASSES, mass_numbers, masses_of, mean
from rainscore.training.modelfiles import load_arrays, save_arrays
from rainscore.training.unet import UNet

NO_CODE = 255
"""Code of a window without rain in IMERG."""

MAX_CODES = 128
"""Largest number of codes."""

MAX_ITERATIONS = 50
"""Maximum number of iterations of k-means."""

TRAINING_DAYS, CALIBRATION_DAYS = 2.0, 4.0
"""Number of days that the prior distribution of a code counts for (`code_masses`)."""

KIND = "codes"
"""Entry `kind` of the card."""


@dataclass(frozen=True)
class CodeBook:
    """Codes of windows.

    Attributes:
        centres: Centres of the codes in the scaled features, dims (code, feature).
        scale: Factor of each feature, dims (feature,).
        family: Family of each code, dims (code,).
        masses: Distribution of the scores of each code (`scores.distribution`), dims (code, mass).
        family_masses: The same for each family, dims (family, mass).
        climatology: Distribution of the scores of all training windows, dims (mass,).
        rain_edges: Bounds of classes of the scaled rain at the pixel, as many as codes and of equal
            size on the training days, for comparison; dims (class − 1,).
        rain_masses: Distribution of the scores of each class of rain, dims (class, mass).
        card: Further entries of the card of the model file.
    """

    centres: np.ndarray
    scale: np.ndarray
    family: np.ndarray
    masses: np.ndarray
    family_masses: np.ndarray
    climatology: np.ndarray
    rain_edges: np.ndarray
    rain_masses: np.ndarray
    card: Mapping[str, Any]

    def assign(self, features: np.ndarray) -> np.ndarray:
        """Code of each vector of features.

        Args:
            features: Dims (n, feature).

        Returns:
            Dims (n,), int64.
        """
        return nearest_centre(features * self.scale, self.centres)

    def assign_maps(self, features: np.ndarray, wet: np.ndarray) -> np.ndarray:
        """Code of each window.

        Args:
            features: Features of the U-Net, dims (map, feature, y, x).
            wet: Whether IMERG has rain in the window, dims (map, y, x).

        Returns:
            Dims (map, y, x), uint8; NO_CODE where IMERG has no rain.
        """
        codes = np.full(wet.shape, NO_CODE, np.uint8)
        codes[wet] = self.assign(np.moveaxis(features, 1, -1)[wet])
        return codes

    def save(self, stem: Path) -> None:
        """Write the model file.

        Args:
            stem: Path without extension.
        """
        arrays = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "card"}
        save_arrays(stem, arrays, {**self.card, "kind": KIND})

    @classmethod
    def load(cls, stem: Path) -> Self:
        """Read a model file.

        Raises:
            RainscoreError: A file is missing.
            DamagedFile: The file holds no code book.
        """
        arrays, card = load_arrays(stem)
        try:
            book = cls(**arrays, card=card)
            k, families = len(book.centres), len(book.family_masses)
            shapes = [
                book.scale.shape == book.centres.shape[1:],
                book.family.shape == (k,),
                book.masses.shape == (k, MASSES),
                book.family_masses.shape == (families, MASSES),
                book.climatology.shape == (MASSES,),
                book.rain_masses.shape == (len(book.rain_edges) + 1, MASSES),
                0 <= book.family.min() <= book.family.max() < families,
                0 < k <= MAX_CODES,
            ]
            if card["kind"] != KIND or not all(shapes):
                raise ValueError("the shapes of its arrays do not fit together")
        except (TypeError, ValueError, KeyError, IndexError) as error:
            reason = f"it holds no code book of this version ({error})"
            raise DamagedFile(
                f"{stem}.safetensors", reason, "fit the codes again (fit_codes)"
            ) from error
        return book


def feature_scale(model: UNet) -> np.ndarray:
    """Factor of each feature: norm of the weights with which the head of the U-Net reads it.

    Distances between scaled features are then large where the prediction differs.

    Returns:
        Dims (feature,), float32.
    """
    return model.head.weight.detach().cpu().flatten(1).norm(dim=0).numpy().astype(np.float32)


def nearest_centre(vectors: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Number of the nearest centre of each vector, dims (n,).

    Args:
        vectors: Dims (n, feature).
        centres: Dims (code, feature).
    """
    return ((centres**2).sum(axis=1) - 2 * vectors @ centres.T).argmin(axis=1)


def fit_centres(scaled: np.ndarray, k: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Cluster scaled features by k-means; code 0 is the most frequent.

    Args:
        scaled: Dims (n, feature).
        k: Number of codes.
        seed: Random seed.

    Returns:
        Centres, dims (k, feature), float32; code of each vector, dims (n,).

    Raises:
        ValueError: There are fewer vectors than codes.
    """
    if len(scaled) < k:
        raise ValueError(
            f"{len(scaled)} windows of the training days have rain and a score, fewer than the "
            f"{k} codes: use a longer period or a smaller clustering.codes"
        )
    fitted = KMeans(k, n_init=1, max_iter=MAX_ITERATIONS, random_state=seed).fit(scaled)
    order = np.argsort(-np.bincount(fitted.labels_, minlength=k), kind="stable")
    return fitted.cluster_centers_[order].astype(np.float32), np.argsort(order)[fitted.labels_]


def code_families(masses: np.ndarray, sizes: np.ndarray, count: int, *, seed: int) -> np.ndarray:
    """Group codes with similar distributions of the score, by k-means weighted with their sizes.

    The distance is that of the distribution functions (Cramér), so that a family loses as little of
    the skill of its codes as possible.

    Args:
        masses: Distribution of the scores of each code, dims (code, mass).
        sizes: Number of windows of each code, dims (code,).
        count: Number of families.
        seed: Random seed.

    Returns:
        Family of each code, dims (code,); family 0 has the lowest mean score.
    """
    count = min(count, len(masses))
    below = masses.cumsum(axis=1)[:, :-1]
    fitted = KMeans(count, n_init=20, random_state=seed).fit(below, sample_weight=sizes)
    means = mean(masses)
    order = np.argsort([means[fitted.labels_ == i].mean() for i in range(count)])
    return np.argsort(order)[fitted.labels_]


def code_masses(
    labels: Mapping[str, np.ndarray], samples: Mapping[str, ScoredWindows], k: int
) -> np.ndarray:
    """Distribution of the scores of each code, shrunk twice.

    The network has learned the scores of the training days, so a code promises too much there. The
    scores of d calibration days have the weight d / (d + CALIBRATION_DAYS); the rest is the
    distribution on the training days, itself shrunk to that of all codes by TRAINING_DAYS.

    Args:
        labels: Code of each window of the samples, dims (n,), of `train` and `calibration`.
        samples: The samples.
        k: Number of codes.

    Returns:
        Dims (k, mass).
    """
    numbers = mass_numbers(np.concatenate([sample.scores for sample in samples.values()]))
    pooled = np.bincount(numbers, minlength=MASSES) / len(numbers)
    prior = _shrunk(labels["train"], samples["train"], pooled, k, TRAINING_DAYS)
    return _shrunk(labels["calibration"], samples["calibration"], prior, k, CALIBRATION_DAYS)


def _shrunk(
    labels: np.ndarray, sample: ScoredWindows, prior: np.ndarray, k: int, prior_days: float
) -> np.ndarray:
    counts = np.zeros((k, MASSES))
    np.add.at(counts, (labels, mass_numbers(sample.scores)), 1)
    _, day = np.unique(sample.days, return_inverse=True)
    on_day = np.zeros((k, day.max(initial=-1) + 1), bool)
    on_day[labels, day] = True
    days = on_day.sum(axis=1)
    weight = (days / (days + prior_days))[:, None]
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return weight * share + (1 - weight) * prior


def fit_codebook(
    samples: Mapping[str, Sample],
    scale: np.ndarray,
    k: int,
    *,
    families: int,
    seed: int,
    card: Mapping[str, Any],
) -> CodeBook:
    """Fit and label a code book.

    Args:
        samples: Samples of the splits `train` (centres and labels) and `calibration` (labels).
        scale: Factor of each feature (`feature_scale`).
        k: Number of codes.
        families: Number of families.
        seed: Random seed of k-means.
        card: Entries of the card.
    """
    centres, code = fit_centres(samples["train"].features * scale, k, seed=seed)
    used = {name: samples[name] for name in ("train", "calibration")}
    codes = {
        "train": code,
        "calibration": nearest_centre(used["calibration"].features * scale, centres),
    }
    masses = code_masses(codes, used, k)
    family = code_families(masses, np.bincount(code, minlength=k), families, seed=seed)
    of_family = {name: family[labels] for name, labels in codes.items()}
    edges = np.unique(np.quantile(used["train"].rain, np.arange(1, k) / k))
    rain_class = {name: np.searchsorted(edges, s.rain, "right") for name, s in used.items()}
    return CodeBook(
        centres,
        scale,
        family,
        masses,
        code_masses(of_family, used, int(family.max()) + 1),
        masses_of(used["train"].scores),
        edges,
        code_masses(rain_class, used, len(edges) + 1),
        card,
    )
