"""Structural similarity: by hand, and in windows."""

import numpy as np
import pytest

from rainscore.scores.continuous import moment_sums
from rainscore.scores.ssim import LOG_RANGE, log_rain, ssim


def test_similarity_of_a_field_with_itself_is_one_and_of_dry_fields_missing():
    rain = log_rain(np.random.default_rng(0).gamma(0.3, 3.0, (1, 20, 20)))
    assert ssim(moment_sums(rain, rain)).item() == pytest.approx(1)
    assert np.isnan(ssim(moment_sums(0 * rain, 0 * rain))).all()


def test_similarity_of_two_pixels_by_hand():
    imerg, radar = np.array([[[1.0, 3.0]]]), np.array([[[2.0, 2.0]]])
    c1, c2 = (0.01 * LOG_RANGE) ** 2, (0.03 * LOG_RANGE) ** 2
    expected = 1 * c2 / (1 + c2)
    assert ssim(moment_sums(imerg, radar)).item() == pytest.approx(expected, rel=1e-4)
    expected = (2 * 1 * 2 + c1) / (1 + 4 + c1)
    constant = moment_sums(np.full((1, 1, 2), 1.0), np.full((1, 1, 2), 2.0))
    assert ssim(constant).item() == pytest.approx(expected, rel=1e-4)
