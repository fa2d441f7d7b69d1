import numpy as np
import pytest

from rainscore.errors import RainscoreError
from rainscore.radar.formats import get_format, remove_clutter
from rainscore.radar.halfhours import half_hour_mean

NAN = np.nan


def test_every_format_states_its_timestamp_convention_and_the_reason() -> None:
    for name in ("fr-radar-rainfall", "meteonet", "odim", "netcdf", "comephore", "radolan"):
        radar = get_format(name)
        assert radar.name == name
        assert radar.timestamp_convention in ("start", "end", "file")
        assert radar.timestamp_reason


def test_a_configured_convention_replaces_that_of_the_format() -> None:
    radar = get_format("meteonet", timestamp_convention="end")
    assert (radar.timestamp_convention, radar.timestamp_reason) == (
        "end",
        "set in the configuration",
    )


def test_unknown_formats_and_conventions_are_refused() -> None:
    with pytest.raises(RainscoreError, match="odim, netcdf, comephore or radolan"):
        get_format("nexrad")
    with pytest.raises(RainscoreError, match="choose format, start or end"):
        get_format("odim", timestamp_convention="middle")


def test_clutter_becomes_missing_and_is_counted() -> None:
    rate = np.array([[0.0, 299.9, 300.0], [300.1, 8646.0, NAN]], np.float32)
    clean, count = remove_clutter(rate)
    np.testing.assert_array_equal(
        clean, np.array([[0.0, 299.9, 300.0], [NAN, NAN, NAN]], np.float32)
    )
    assert (count, clean.dtype) == (2, np.float32)
    assert rate[1, 1] == 8646
    assert remove_clutter(rate, max_rate_mm_h=50.0)[1] == 4


def test_a_pixel_needs_enough_valid_frames() -> None:
    # Six frames of four pixels with 6, 5, 4 and 0 valid values; five are needed (0.8 × 6 = 4.8).
    frames = np.array([[1, 1, 1, NAN]] * 4 + [[4, 4, NAN, NAN], [7, NAN, NAN, NAN]])[:, None]
    mean, share = half_hour_mean(frames.astype(np.float32), minutes=[5] * 6, min_frame_share=0.8)
    np.testing.assert_allclose(mean, [[2.5, 1.6, NAN, NAN]], rtol=1e-6)
    np.testing.assert_allclose(share, [[1, 5 / 6, 4 / 6, 0]], rtol=1e-6)
    assert mean.dtype == share.dtype == np.float32


def test_a_share_that_is_a_whole_number_of_frames_is_not_rounded_up() -> None:
    frames = np.ones((3, 1, 1), np.float32)
    assert half_hour_mean(frames, minutes=[3] * 3, min_frame_share=0.3)[0] == 1
    assert np.isnan(half_hour_mean(frames, minutes=[3] * 3, min_frame_share=0.31)[0])


def test_frames_are_weighed_by_their_own_lengths() -> None:
    # 10 min of 3 mm/h, 5 min of 6 mm/h, and 15 min that only the second pixel has.
    frames = np.array([[[3, 3]], [[6, 6]], [[NAN, 12]]], np.float32)
    mean, share = half_hour_mean(frames, minutes=[10, 5, 15], min_frame_share=0.5)
    np.testing.assert_allclose(mean, [[4, 8]], rtol=1e-6)
    np.testing.assert_allclose(share, [[0.5, 1]], rtol=1e-6)


def test_an_absent_frame_counts_as_missing() -> None:
    mean, share = half_hour_mean(np.ones((3, 1, 1)), minutes=[5] * 3, min_frame_share=0.8)
    assert np.isnan(mean) and share == 0.5


def test_a_pixel_without_any_valid_frame_is_missing_even_if_no_frame_is_required() -> None:
    mean, _ = half_hour_mean(np.full((2, 1, 1), NAN), minutes=[15, 15], min_frame_share=0.0)
    assert np.isnan(mean)


def test_a_mean_of_no_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="no frame to average"):
        half_hour_mean(iter([]), minutes=[], min_frame_share=0.8)


# nanmean, the reference of this test, warns about pixels without a frame.
@pytest.mark.filterwarnings("ignore:Mean of empty slice")
def test_the_mean_agrees_with_numpy_over_a_stack_and_over_a_stream() -> None:
    rng = np.random.default_rng(3)
    frames = rng.gamma(0.5, 2.0, (6, 20, 30)).astype(np.float32)
    frames[rng.random(frames.shape) < 0.3] = NAN
    expected = np.where(np.isfinite(frames).sum(0) >= 4, np.nanmean(frames, axis=0), NAN)
    for source in (frames, (frame for frame in frames)):
        mean, _ = half_hour_mean(source, minutes=[5] * 6, min_frame_share=0.6)
        np.testing.assert_allclose(mean, expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["fr-radar-rainfall", "netcdf"])
def test_a_minimum_quality_is_refused_for_a_format_without_a_quality_field(name: str) -> None:
    with pytest.raises(RainscoreError, match="no quality field"):
        get_format(name, min_quality=0.5)
