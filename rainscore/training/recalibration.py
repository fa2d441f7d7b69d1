"""Recalibration of the predicted distribution of the local score.

A network trained on few days is too sure of itself on others. The distribution function F becomes
G = expit(a + b logit F): a shifts the scores, b below 1 widens the distribution. Both depend on
what is predicted and on the source and the amount of the rain, so that groups of windows keep
their coverage.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from rainscore.imerg.passes import SOURCE_NAMES
from rainscore.scores import distribution
from rainscore.training.channels import CHANNELS, source_class

TINY = 1e-4
"""Distance from 0 and 1 of the values of a distribution function before the logit."""

RIDGE = 1e-2
"""Penalty on the squared coefficients, except those of the constant."""

FEATURES = ("constant", "mean", "mean squared", "spread", "rain", *SOURCE_NAMES)
"""Features of a window that the recalibration depends on."""


@dataclass(frozen=True)
class Recalibration:
    """Coefficients of the recalibration.

    Attributes:
        shift: Coefficient of each of the `FEATURES` in a.
        slope: Coefficient of each of the `FEATURES` in log b.
    """

    shift: tuple[float, ...]
    slope: tuple[float, ...]

    def apply(self, masses: np.ndarray, features: np.ndarray) -> np.ndarray:
        """Recalibrated distributions, dims (n, mass).

        Args:
            masses: Predicted distributions, dims (n, mass).
            features: `window_features` of the windows, dims (n, feature).
        """
        a, b = (features @ np.array(c, masses.dtype) for c in (self.shift, self.slope))
        below = np.clip(distribution.at_edges(masses), TINY, 1 - TINY)
        # NumPy's logarithm and exponential are five times as fast as SciPy's logit and expit.
        odds = np.log(1 / below - 1) * np.exp(b)[:, None] - a[:, None]
        changed = 1 / (1 + np.exp(odds))
        zero, one = np.array([0, 1], masses.dtype)
        return np.diff(changed, prepend=zero, append=one)


@dataclass(frozen=True)
class HiddenRainCurve:
    """Logistic curve from the logit of hidden rain to its probability (Platt 1999).

    Attributes:
        intercept: Intercept.
        slope: Slope, at least 0.
    """

    intercept: float
    slope: float

    def probability(self, logit: np.ndarray) -> np.ndarray:
        """Probability of hidden rain, same shape as the logit."""
        return expit(self.intercept + self.slope * logit)


def window_features(masses: np.ndarray, inputs: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Features of windows, of the order of 1.

    Args:
        masses: Predicted distributions of the chosen windows, dims (n, mass).
        inputs: Channels, dims (map, channel, y, x).
        chosen: The chosen windows, dims (map, y, x).

    Returns:
        Dims (n, feature), in the precision of the masses.
    """
    mean = distribution.mean(masses)
    spread = np.sqrt(
        np.maximum(masses @ distribution.CENTRES.astype(masses.dtype) ** 2 - mean**2, 0)
    )
    source = source_class(inputs)[chosen]
    rain = inputs[:, CHANNELS.index("rain")][chosen]
    columns = [np.ones_like(mean), 2 * mean - 1, (2 * mean - 1) ** 2, 4 * spread - 1, 3 * rain - 1]
    columns += [source == i for i in range(len(SOURCE_NAMES))]
    return np.stack(columns, axis=1).astype(masses.dtype)


def fit_recalibration(
    masses: np.ndarray, features: np.ndarray, scores: np.ndarray
) -> Recalibration:
    """Maximise the likelihood of the observed scores, with a ridge penalty.

    Args:
        masses: Predicted distributions, dims (n, mass).
        features: `window_features`, dims (n, feature).
        scores: Observed scores, dims (n,), without NaN.
    """
    number = distribution.mass_numbers(scores)
    below = np.clip(masses.cumsum(axis=-1), TINY, 1 - TINY).astype(np.float64)
    rows = np.arange(len(number))
    upper = logit(below[rows, number])
    lower = logit(below[rows, np.maximum(number - 1, 0)])
    first, last = number == 0, number == distribution.MASSES - 1
    design = features.astype(np.float64)
    count = design.shape[1]
    penalty = np.full(2 * count, RIDGE)
    penalty[[0, count]] = 0.0

    def loss(coefficients: np.ndarray) -> tuple[float, np.ndarray]:
        a, b = design @ coefficients[:count], np.exp(design @ coefficients[count:])
        top = np.where(last, 1.0, expit(a + b * upper))
        bottom = np.where(first, 0.0, expit(a + b * lower))
        share = np.maximum(top - bottom, 1e-9)
        top, bottom = top * (1 - top), bottom * (1 - bottom)
        by_a = (bottom - top) / share
        by_b = b * (bottom * lower - top * upper) / share
        gradient = np.concatenate([by_a @ design, by_b @ design]) / len(scores)
        value = -np.log(share).mean() + (penalty * coefficients**2).sum()
        return float(value), gradient + 2 * penalty * coefficients

    fitted = minimize(loss, np.zeros(2 * count), jac=True, method="L-BFGS-B").x
    return Recalibration(tuple(fitted[:count].tolist()), tuple(fitted[count:].tolist()))


def fit_hidden_rain(logit: np.ndarray, rain: np.ndarray) -> HiddenRainCurve:
    """Fit the curve by maximum likelihood; without both kinds of windows it changes nothing.

    Args:
        logit: Predicted logit, dims (n,).
        rain: Whether the radar has rain, dims (n,).
    """
    if rain.all() or not rain.any():
        return HiddenRainCurve(0.0, 1.0)
    logit = logit.astype(np.float64)

    def loss(curve: np.ndarray) -> tuple[float, np.ndarray]:
        value = curve[0] + curve[1] * logit
        error = expit(value) - rain
        mean = (np.logaddexp(0, value) - rain * value).mean()
        return float(mean), np.array([error.mean(), (error * logit).mean()])

    bounds = [(None, None), (0, None)]
    intercept, slope = minimize(loss, [0.0, 1.0], jac=True, method="L-BFGS-B", bounds=bounds).x
    return HiddenRainCurve(float(intercept), float(slope))
