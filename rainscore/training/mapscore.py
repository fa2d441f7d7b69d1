"""Map score predicted from local scores, by a logistic curve.

The map score is a ratio of sums: windows with more rain have more weight, and rain that IMERG
misses lowers it. It is predicted from two features of the network's output: the predicted mean
scores of the windows, averaged with the square root of the rain as weight, and the expected share
of the windows with rain that are dry in IMERG.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit, logit

from rainscore.scores.distribution import CENTRES
from rainscore.training.channels import CHANNELS, unscale_rain
from rainscore.training.conformal import apply_margin, conformal_margins

FEATURES = ("mean", "hidden", "wet_share")


MAP_LEVELS = (0.05, 0.5, 0.95)
"""Levels of the map score with its interval: low, value, high."""


MIN_MAPS = 30
"""Minimum number of maps for which a curve is fitted."""


CLASSES = 3
"""Number of classes of the predicted map score, each with its own margin."""


FLOOR = 0.01
"""Minimum weight of a wet window, and minimum distance of a mean from 0 and 1."""


RIDGE = 1e-3
"""Penalty on the squared slopes."""


@dataclass(frozen=True)
class MapCurve:
    """Logistic curve from the features of a map to its map score.

    Attributes:
        intercept: Intercept.
        slopes: Slopes of the logit of the mean (≥ 0) and of the hidden share (≤ 0).
        low, high: Range of each of the `FEATURES` in the maps of the fit; beyond it features are
            clipped.
        edges: Bounds between the classes of the predicted map score; empty before calibration.
    """

    intercept: float
    slopes: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    edges: tuple[float, ...] = ()


def map_features(
    masses: np.ndarray,
    hidden: np.ndarray,
    wet: np.ndarray,
    valid: np.ndarray,
    inputs: np.ndarray,
) -> np.ndarray:
    """Features from which the map score is predicted.

    Args:
        masses: Uncalibrated distributions of the local score, dims (map, mass, y, x).
        hidden: Probability of rain where IMERG has none [1], dims (map, y, x).
        wet: Whether IMERG has rain in the window, dims (map, y, x).
        valid: Whether the window counts, dims (map, y, x): it has an IMERG estimate and, for maps
            with a reference, valid radar too.
        inputs: Channels, dims (map, channel, y, x).

    Returns:
        Dims (map, 3), `FEATURES`: mean score, weighted with the square root of the rain; expected
        share of the windows with rain that are dry in IMERG; share of the windows that are wet in
        IMERG. NaN where no window is wet.
    """
    local = np.tensordot(CENTRES.astype(masses.dtype), masses, axes=(0, 1))
    rain = np.maximum(unscale_rain(inputs[:, CHANNELS.index("rain")]), 0)
    # The rain of a wet window may lie next to its central pixel, whose own rain is 0.
    weight = np.where(wet, np.sqrt(rain) + FLOOR, 0.0)
    dry = valid & ~wet
    space = (1, 2)
    count = wet.sum(axis=space)
    expected = np.where(dry, hidden, 0.0).sum(axis=space, dtype=np.float64)
    total = weight.sum(axis=space, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (weight * local).sum(axis=space, dtype=np.float64) / total
        share = count / (count + dry.sum(axis=space))
        features = np.stack([mean, expected / (count + expected), share], axis=1)
    return np.where(count[:, None] > 0, features, np.nan)


def fit_map_score(features: np.ndarray, truth: np.ndarray) -> MapCurve:
    """Fit the curve by least squares; with fewer than MIN_MAPS maps it is the mean itself.

    Args:
        features: Features of `map_features`, dims (map, 3); maps with NaN are left out.
        truth: Observed map scores [1], dims (map,), NaN where undefined.
    """
    defined = np.isfinite(features).all(axis=1) & np.isfinite(truth)
    features, truth = features[defined], truth[defined]
    if len(truth) < MIN_MAPS:
        return MapCurve(intercept=0.0, slopes=(1.0, 0.0), low=(0.0,) * 3, high=(1.0,) * 3)
    design = _design(features)
    mean, spread = design.mean(axis=0), np.maximum(design.std(axis=0), 1e-6)
    scaled = (design - mean) / spread

    def loss(b: np.ndarray) -> float:
        return float(
            np.mean((expit(b[0] + scaled @ b[1:]) - truth) ** 2) + RIDGE * (b[1:] ** 2).sum()
        )

    bounds = [(None, None), (0, None), (None, 0)]
    fitted = minimize(loss, np.zeros(3), method="L-BFGS-B", bounds=bounds).x
    slopes = fitted[1:] / spread
    return MapCurve(
        intercept=float(fitted[0] - slopes @ mean),
        slopes=tuple(slopes.tolist()),
        low=tuple(features.min(axis=0).tolist()),
        high=tuple(features.max(axis=0).tolist()),
    )


def predict_map_score(features: np.ndarray, curve: MapCurve) -> np.ndarray:
    """Map score of each map, dims (map,); features are clipped to the range of the fit."""
    inside = np.clip(features, curve.low, curve.high)
    return expit(curve.intercept + _design(inside) @ np.array(curve.slopes))


def with_classes(curve: MapCurve, features: np.ndarray, truth: np.ndarray) -> MapCurve:
    """Add the classes of the predicted map score, its terciles.

    The range of the wet share is widened to include that of these maps.

    Args:
        curve: Curve of `fit_map_score`, fitted on other days.
        features, truth: As in `fit_map_score`.
    """
    defined = np.isfinite(features).all(axis=1) & np.isfinite(truth)
    if not defined.any():
        return replace(curve, edges=(0.0,) * (CLASSES - 1))
    value = predict_map_score(features[defined], curve)
    edges = np.quantile(value, np.arange(1, CLASSES) / CLASSES)
    share = features[defined, -1]
    return replace(
        curve,
        low=(*curve.low[:-1], min(curve.low[-1], float(share.min()))),
        high=(*curve.high[:-1], max(curve.high[-1], float(share.max()))),
        edges=tuple(edges.tolist()),
    )


def map_margins(
    curve: MapCurve, value: np.ndarray, truth: np.ndarray, days: np.ndarray
) -> tuple[float, ...]:
    """Margin of the 90 % interval of the map score in each class.

    Args:
        curve: Curve of `with_classes`.
        value: Predicted map scores, dims (map,), NaN where undefined.
        truth: Observed map scores, likewise.
        days: Day of each map, dims (map,).

    Raises:
        ValueError: No map has a score.
    """
    defined = np.isfinite(value) & np.isfinite(truth)
    value, truth = value[defined], truth[defined]
    groups = np.searchsorted(curve.edges, value)
    margins = conformal_margins(
        value, value, truth, days=days[defined], groups=groups, count=CLASSES
    )
    return tuple(margins.tolist())


def map_score(
    features: np.ndarray, curve: MapCurve, margins: tuple[float, ...], shift: float = 0.0
) -> pd.DataFrame:
    """Map score with its 90 % interval.

    Args:
        features: Features of `map_features`, dims (map, 3); NaN stays.
        curve: Curve of `with_classes`.
        margins: Margins of `map_margins`.
        shift: Number that is added to the value of the curve.

    Returns:
        One row per map: value, low, high [1]; outside (bool), whether the wet share is outside
        that of the maps of the fit and the calibration.
    """
    value = np.clip(predict_map_score(features, curve) + shift, 0, 1)
    margin = np.array(margins)[np.searchsorted(curve.edges, value)]
    low, high = apply_margin(value, value, margin)
    share = features[:, -1]
    outside = (share < curve.low[-1]) | (share > curve.high[-1])
    return pd.DataFrame({"value": value, "low": low, "high": high, "outside": outside})


def _design(features: np.ndarray) -> np.ndarray:
    """Columns of the logistic curve: logit of the mean, hidden share."""
    return np.stack([logit(np.clip(features[:, 0], FLOOR, 1 - FLOOR)), features[:, 1]], axis=1)
