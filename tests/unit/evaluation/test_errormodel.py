import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from rainscore.evaluation.blocks import CHANNEL_NAMES
from rainscore.evaluation.censoredgamma import RainRegression
from rainscore.evaluation.errormodel import (
    LARGEST_NOISE,
    NOISE_STEPS,
    ErrorModel,
    fit_error_model,
    noise_fields,
    pixel_means,
    score_masses,
)
from rainscore.scores.distribution import mean
from rainscore.scores.localscore import local_score, score_parts
from rainscore.scores.scoremaps import ScoreSettings
from rainscore.training.channels import scale_rain
from tests.unit.evaluation.maps import block_of
from tests.world import SCORE as WORLD_SCORE
from tests.world import month_pair

SCORE = ScoreSettings("affinity", 0.1, 48, 0.5, 8)


def regression(spread: float) -> RainRegression:
    """The radar has the mean of IMERG, and a relative spread that falls with the rain."""
    return RainRegression((0.01, 0.01, 1.0, 1e-6, spread), -1e-4, 1.0, 1.0, 1.0)


def test_the_noise_has_unit_variance_and_falls_to_1_over_e_at_its_range() -> None:
    steps = noise_fields((40, 50), 6.0, count=60, rng=np.random.default_rng(0))
    noise = (steps / (NOISE_STEPS - 1) * 2 - 1) * LARGEST_NOISE
    assert noise.std() == pytest.approx(1, abs=0.1)
    for axis in (1, 2):
        first, second = (np.take(noise, np.arange(*ends), axis) for ends in ((0, 30), (6, 36)))
        assert (first * second).mean() == pytest.approx(np.exp(-1), abs=0.1)


@pytest.mark.parametrize("name", ["affinity", "amount", "csi", "fss"])
def test_equal_rain_scores_one_and_rain_against_no_rain_scores_zero(name) -> None:
    imerg = np.zeros((20, 20), np.float32)
    imerg[5:9, 5:9] = 2.0
    settings = ScoreSettings(name, 0.1, 48, 0.5, 8)
    means = pixel_means(imerg, np.stack([imerg, 0 * imerg]), settings)
    scores = local_score(score_parts(name, means))
    assert scores[0, 7, 7] == pytest.approx(1, abs=1e-5)
    assert scores[1, 7, 7] == pytest.approx(0, abs=1e-5)


def test_the_affinity_of_a_window_is_that_of_its_smoothed_sums() -> None:
    imerg, radar = np.random.default_rng(1).gamma(0.5, 2.0, (2, 30, 30)).astype(np.float32)
    sigma = 48 / np.sqrt(4 * np.pi) / 8
    both, total = (
        gaussian_filter(f, sigma, truncate=2.507, mode="constant")
        for f in (2 * np.sqrt(imerg * radar), imerg + radar)
    )
    scores = local_score(score_parts("affinity", pixel_means(imerg, radar[None], SCORE)))
    np.testing.assert_allclose(scores[0], both / total, atol=1e-4)


def test_masses_keep_the_share_of_zeros_and_the_mean_of_the_members() -> None:
    scores = np.array([[0.0, 0.2], [0.0, 0.4], [0.6, 0.6], [0.8, 0.4]])
    masses = score_masses(scores)
    np.testing.assert_allclose(masses.sum(axis=1), 1)
    assert masses[:, 0].tolist() == pytest.approx([0.5, 0.0], abs=1e-6)
    assert mean(masses) == pytest.approx(scores.mean(axis=0), abs=0.02)


def test_a_larger_error_of_the_rain_gives_a_lower_score() -> None:
    inputs = np.zeros((1, len(CHANNEL_NAMES), 24, 24), np.float32)
    inputs[0, CHANNEL_NAMES.index("rain")] = scale_rain(np.array(2.0))
    inputs[0, CHANNEL_NAMES.index("valid")] = 1
    block = block_of(np.full((1, 24, 24), 0.5), inputs)
    small, large = (
        mean(ErrorModel(regression(s), SCORE, seed=0).predict(block)).mean() for s in (0.1, 1.5)
    )
    assert small > 0.95 and large < small - 0.1


def test_the_error_model_is_fitted_to_the_pairs_of_the_training_half_hours(tmp_path) -> None:
    """IMERG equals the radar in the first half-hour; the others, of another file, are not used."""
    exact = month_pair("2019-01-01", "2019-01-01T03:00")
    paths = [tmp_path / "2019-01.nc", tmp_path / "2019-02.nc"]
    exact.to_netcdf(paths[0], engine="h5netcdf")
    other = month_pair("2019-02-01", "2019-02-01T03:00")
    other.assign(radar=0 * other["radar"]).to_netcdf(paths[1], engine="h5netcdf")
    fitted = fit_error_model(paths, exact["time"].values[:1], WORLD_SCORE, seed=0)
    rates = np.array([0.5, 1.0, 2.0])
    rain = fitted.distribution(fitted.predictor(rates, np.ones(3)))
    level = (np.arange(100) + 0.5)[:, None] / 100
    assert rain.quantile(level).mean(axis=0) == pytest.approx(rates, rel=0.25)
