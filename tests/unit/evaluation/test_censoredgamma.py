"""The censored, shifted gamma distribution against numerical integration and known data."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import gamma

from rainscore.evaluation.censoredgamma import Gamma, fit_regression

RAIN = Gamma(np.array(1.2), np.array(1.5), -0.4)


def cdf(x: float) -> float:
    return gamma.cdf(x + 0.4, a=float(RAIN.shape), scale=float(RAIN.scale)) if x >= 0 else 0.0


@pytest.mark.parametrize("rain", [0.0, 0.3, 2.5])
def test_the_crps_is_the_integral_of_its_definition(rain) -> None:
    parts = [(0, rain, 0.0), (rain, 80, 1.0)]
    expected = sum(quad(lambda x, s=s: (cdf(x) - s) ** 2, a, b, limit=200)[0] for a, b, s in parts)
    assert float(RAIN.crps(np.array(rain))) == pytest.approx(expected, rel=1e-6)


def test_quantiles_are_zero_up_to_the_probability_of_no_rain() -> None:
    dry = cdf(0.0)
    assert RAIN.quantile(np.array([0.5 * dry, dry, 0.9])).tolist() == pytest.approx(
        [0, 0, gamma.ppf(0.9, a=float(RAIN.shape), scale=float(RAIN.scale)) - 0.4]
    )


def test_the_regression_finds_the_mean_and_the_spread_of_rain_that_follows_imerg() -> None:
    rng = np.random.default_rng(0)
    imerg, wet = rng.gamma(1.0, 2.0, 4000), np.ones(4000)
    radar = imerg * rng.gamma(4.0, 0.25, 4000)  # mean 1, standard deviation 0.5
    fitted = fit_regression(imerg, wet, radar)
    rain = fitted.distribution(fitted.predictor(np.array([1.0, 4.0]), np.array([1.0, 1.0])))
    level = (np.arange(200) + 0.5)[:, None] / 200
    assert rain.quantile(level).mean(axis=0) == pytest.approx([1.0, 4.0], rel=0.15)
    assert (np.diff(rain.quantile(np.array([[0.05], [0.5], [0.95]])), axis=0) > 0).all()
