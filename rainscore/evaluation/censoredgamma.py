"""Censored, shifted gamma distribution (CSGD) of the radar's rain, given IMERG's rain around it.

Scheuerer and Hamill 2015 (doi:10.1175/MWR-D-15-0061.1). Rain is max(0, G + δ), with G a gamma
variable and δ ≤ 0: P(rain = 0) is the probability that G ≤ −δ.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import beta, gammainc, gammaincinv

PARAMETERS = 5
"""Number of parameters of the regression."""

SMALLEST_SHAPE = 1e-3
"""Lower bound of the shape of the gamma distribution, for numerical reasons."""


@dataclass(frozen=True)
class Gamma:
    """Censored, shifted gamma distributions; arrays that broadcast.

    Attributes:
        mean: Mean of the gamma variable [mm/h].
        spread: Its standard deviation [mm/h].
        shift: Shift δ ≤ 0 [mm/h].
    """

    mean: np.ndarray
    spread: np.ndarray
    shift: np.ndarray | float

    @property
    def shape(self) -> np.ndarray:
        """Shape of the gamma variable [1]."""
        return np.maximum((self.mean / self.spread) ** 2, SMALLEST_SHAPE)

    @property
    def scale(self) -> np.ndarray:
        """Scale of the gamma variable [mm/h]."""
        return self.mean / self.shape

    def quantile(self, level: np.ndarray) -> np.ndarray:
        """Rain [mm/h] at probability levels; 0 up to the probability of no rain."""
        return np.maximum(self.scale * gammaincinv(self.shape, level) + self.shift, 0)

    def crps(self, rain: np.ndarray) -> np.ndarray:
        """Continuous ranked probability score [mm/h] (equation 10 of the reference).

        Args:
            rain: Observed rain [mm/h], without NaN.
        """
        shape, scale = self.shape, self.scale
        start, value = -self.shift / scale, (rain - self.shift) / scale
        below, below_next = gammainc(shape, value), gammainc(shape + 1, value)
        dry, dry_next = gammainc(shape, start), gammainc(shape + 1, start)
        twice = gammainc(2 * shape, 2 * start)
        first = value * (2 * below - 1) - start * dry**2
        second = 1 + 2 * dry * dry_next - dry**2 - 2 * below_next
        third = beta(0.5, shape + 0.5) / np.pi * (1 - twice)
        return scale * (first + shape * (second - third))


@dataclass(frozen=True)
class RainRegression:
    """CSGD of the radar's rain as a function of IMERG's rain and of the wet share around it.

    With x the rain of IMERG divided by its mean, w the wet share, and μ, σ the mean and the
    standard deviation of the radar's rain:

    - mean = μ / a · log(1 + (eᵃ − 1) (b + c·x + d·w)),
    - standard deviation = e · σ · √(mean / μ), the same shift everywhere.

    Attributes:
        coefficients: a, b, c, d and e, positive.
        shift: Shift δ [mm/h].
        imerg_mean: Mean rain of IMERG in the fit [mm/h].
        mean, spread: Mean and standard deviation of the radar's rain in the fit [mm/h].
    """

    coefficients: tuple[float, ...]
    shift: float
    imerg_mean: float
    mean: float
    spread: float

    def predictor(self, imerg: np.ndarray, wet_share: np.ndarray) -> np.ndarray:
        """Mean of the gamma variable [mm/h], from the rain [mm/h] and the wet share [1]."""
        a, b, c, d, _ = self.coefficients
        linear = b + c * imerg / self.imerg_mean + d * wet_share
        return self.mean / a * np.log1p(np.expm1(a) * linear)

    def distribution(self, mean: np.ndarray) -> Gamma:
        """Distribution of the rain, from the mean of the gamma variable [mm/h]."""
        spread = self.coefficients[-1] * self.spread * np.sqrt(mean / self.mean)
        return Gamma(mean, spread, self.shift)


def fit_regression(imerg: np.ndarray, wet_share: np.ndarray, radar: np.ndarray) -> RainRegression:
    """Fit the regression by the smallest mean CRPS.

    Args:
        imerg: Rain of IMERG [mm/h], dims (n,).
        wet_share: Wet share around it [1], dims (n,).
        radar: Rain of the radar [mm/h], dims (n,), not all 0.
    """
    moments = (max(float(imerg.mean()), 1e-3), float(radar.mean()), float(radar.std()))

    def regression(logs: np.ndarray) -> RainRegression:
        *coefficients, shift = np.exp(np.clip(logs, -12, 6)).tolist()
        return RainRegression(tuple(coefficients), -shift * moments[1], *moments)

    def loss(logs: np.ndarray) -> float:
        fitted = regression(logs)
        rain = fitted.distribution(fitted.predictor(imerg, wet_share))
        return float(rain.crps(radar).mean())

    start = np.log([0.5, 0.05, 0.5, 0.5, 0.8, 0.3])
    options = {"maxfev": 600, "xatol": 0.02, "fatol": 1e-5 * moments[1], "adaptive": True}
    return regression(minimize(loss, start, method="Nelder-Mead", options=options).x)
