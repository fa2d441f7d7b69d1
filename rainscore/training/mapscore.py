"""From local scores to the score of the whole map: bounded, monotone, never beyond what is known.

The map score is a ratio of sums, so windows with more rain weigh more, and rain that IMERG misses
lowers it. Two features of what the network gives say as much: the mean of the predicted medians
with the root of the rain as weight, and the share of the windows with rain that is expected to be
hidden. A logistic curve, which rises with the first and falls with the second, makes them the map
score.
"""

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit, logit

from rainscore.training.channels import CHANNELS, unscale_rain
from rainscore.training.conformal import apply_margin, conformal_margins

FEATURES = ("median", "hidden", "wet_share")


MIN_MAPS = 30


CLASSES = 3


FLOOR = 0.01


RIDGE = 1e-3


def map_features(
    quantiles: np.ndarray,
    hidden: np.ndarray,
    wet: np.ndarray,
    known: np.ndarray,
    inputs: np.ndarray,
) -> np.ndarray:
    """What the map score is told by.

    Args:
        quantiles: Of the local score, as the network gives them [1], dims (map, level, y, x).
        hidden: Probability of rain where IMERG has none [1], dims (map, y, x).
        wet: Whether IMERG has rain in the window, dims (map, y, x).
        known: Whether the window counts, dims (map, y, x): it has an estimate and, where the map
            score found is to be told, valid radar too.
        inputs: Channels, dims (map, channel, y, x).

    Returns:
        Dims (map, 3), `FEATURES`: mean median, weighted with the root of the rain; share of the
        windows with rain that is expected to be hidden; share of the windows that are wet. NaN
        where no window is wet.
    """
    middle = quantiles[:, quantiles.shape[1] // 2]
    rain = np.maximum(unscale_rain(inputs[:, CHANNELS.index("rain")]), 0)
    # No pixel of a wet window is without any weight: the rain may lie beside it.
    weight = np.where(wet, np.sqrt(rain) + FLOOR, 0.0)
    dry = known & ~wet
    places = (1, 2)
    count = wet.sum(axis=places)
    expected = np.where(dry, hidden, 0.0).sum(axis=places, dtype=np.float64)
    total = weight.sum(axis=places, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        median = (weight * middle).sum(axis=places, dtype=np.float64) / total
        share = count / (count + dry.sum(axis=places))
        features = np.stack([median, expected / (count + expected), share], axis=1)
    return np.where(count[:, None] > 0, features, np.nan)


def fit_map_score(features: np.ndarray, truth: np.ndarray) -> dict:
    """Fit the curve by least squares.

    Args:
        features: Of `map_features`, dims (map, 3); a map with NaN is left out.
        truth: Map scores found [1], dims (map,), NaN where undefined.

    Returns:
        `intercept`, `slopes` (of the median's logit, at least 0; of the hidden share, at most 0);
        `low`, `high`: range of each feature, beyond which nothing is known. With fewer than
        `MIN_MAPS` maps the curve is the median itself.
    """
    known = np.isfinite(features).all(axis=1) & np.isfinite(truth)
    features, truth = features[known], truth[known]
    enough = len(truth) >= MIN_MAPS
    intercept, slopes = 0.0, np.array([1.0, 0.0])
    if enough:
        design = _design(features)
        mean, spread = design.mean(axis=0), np.maximum(design.std(axis=0), 1e-6)
        scaled = (design - mean) / spread

        def loss(b: np.ndarray) -> float:
            return float(
                np.mean((expit(b[0] + scaled @ b[1:]) - truth) ** 2) + RIDGE * (b[1:] ** 2).sum()
            )

        bounds = [(None, None), (0, None), (None, 0)]
        found = minimize(loss, np.zeros(3), method="L-BFGS-B", bounds=bounds).x
        slopes = found[1:] / spread
        intercept = found[0] - slopes @ mean
    return {
        "intercept": float(intercept),
        "slopes": [float(slope) for slope in slopes],
        "low": features.min(axis=0).tolist() if enough else [0.0] * 3,
        "high": features.max(axis=0).tolist() if enough else [1.0] * 3,
    }


def curve(features: np.ndarray, fitted: dict) -> np.ndarray:
    """Map score of `fit_map_score`'s curve, dims (map,); features are cut to its range."""
    inside = np.clip(features, fitted["low"], fitted["high"])
    return expit(fitted["intercept"] + _design(inside) @ np.array(fitted["slopes"]))


def calibrate_map_score(
    fitted: dict, features: np.ndarray, truth: np.ndarray, days: np.ndarray
) -> dict:
    """Add the margins of the 90 % interval, by thirds of the predicted map score.

    Args:
        fitted: Of `fit_map_score`, on other days.
        features, truth: As in `fit_map_score`.
        days: Day of each map, dims (map,).

    Returns:
        `fitted` with `edges` between the classes and a margin for each; the range of the wet share
        is widened to what is seen here.
    """
    known = np.isfinite(features).all(axis=1) & np.isfinite(truth)
    features, truth, days = features[known], truth[known], days[known]
    value = curve(features, fitted)
    edges = np.quantile(value, np.arange(1, CLASSES) / CLASSES) if known.any() else np.zeros(0)
    groups = np.searchsorted(edges, value)
    margins = conformal_margins(value, value, truth, days=days, groups=groups, count=CLASSES)
    share = features[:, -1]
    return {
        **fitted,
        "low": [*fitted["low"][:-1], min(fitted["low"][-1], float(share.min()))],
        "high": [*fitted["high"][:-1], max(fitted["high"][-1], float(share.max()))],
        "edges": edges.tolist(),
        "margins": margins.tolist(),
    }


def map_score(features: np.ndarray, fitted: dict) -> pd.DataFrame:
    """Map score, its 90 % interval, and whether the map is unlike those it was calibrated with.

    Args:
        features: Of `map_features`, dims (map, 3); NaN stays.
        fitted: Of `calibrate_map_score`.

    Returns:
        One row a map: value, low, high [1]; outside (bool), the wet share is beyond those seen.
    """
    value = curve(features, fitted)
    margin = np.array(fitted["margins"])[np.searchsorted(fitted["edges"], value)]
    low, high = apply_margin(value, value, margin)
    share = features[:, -1]
    outside = (share < fitted["low"][-1]) | (share > fitted["high"][-1])
    return pd.DataFrame({"value": value, "low": low, "high": high, "outside": outside})


def _design(features: np.ndarray) -> np.ndarray:
    """Columns of the logistic curve: logit of the median, hidden share."""
    return np.stack([logit(np.clip(features[:, 0], FLOOR, 1 - FLOOR)), features[:, 1]], axis=1)
