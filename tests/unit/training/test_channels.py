import numpy as np
import pytest

from rainscore.grids import imerg_cells, window_grid
from rainscore.imerg.passes import MAX_AGE_H, SOURCE_NAMES, pass_ages
from rainscore.imerg.reader import FIELDS
from rainscore.regridding.conservative import overlap_weights
from rainscore.training.channels import (
    CHANNELS,
    build_inputs,
    known_quality,
    scale_age,
    scale_rain,
    source_class,
    unscale_age,
    wet_share,
)

NAN = np.nan


def ages(sources: list[float], present: list[bool] | None = None, skip: int = 0) -> np.ndarray:
    """Ages of one cell whose half-hours have these sources; `skip` leaves out a half-hour."""
    n = len(sources)
    steps = np.arange(n) + (np.arange(n) >= skip if skip else 0)
    times = np.datetime64("2019-01-01T00:00") + steps * np.timedelta64(30, "m")
    kept = np.array([True] * n if present is None else present)
    return pass_ages(np.array(sources, float)[:, None, None], kept, times)[:, :, 0, 0]


def test_age_counts_half_hours_from_the_last_and_to_the_next_pass() -> None:
    last, following = ages([0, 7, 0, 0, 9, 0])
    np.testing.assert_array_equal(last, [NAN, 0, 0.5, 1, 0, 0.5])
    np.testing.assert_array_equal(following, [0.5, 0, 1, 0.5, 0, NAN])


def test_age_is_unknown_after_a_half_hour_that_is_absent() -> None:
    last, _ = ages([7, 0, 0, 0], present=[True, True, False, True])
    np.testing.assert_array_equal(last, [0, 0.5, NAN, NAN])


def test_age_is_unknown_after_a_gap_in_time() -> None:
    last, _ = ages([7, 0, 0, 0], skip=2)
    np.testing.assert_array_equal(last, [0, 0.5, NAN, NAN])


def test_age_stops_at_its_cap_and_is_known_once_the_record_is_that_long() -> None:
    last, _ = ages([0] * 15)
    assert np.isnan(last[:12]).all()
    np.testing.assert_array_equal(last[12:], MAX_AGE_H)


def test_rain_is_scaled_to_one_at_a_hundred_and_missing_stays() -> None:
    scaled = scale_rain(np.array([0.0, 0.9, 99.9, NAN]))
    np.testing.assert_allclose(scaled, [0, 1 / 3, 1, NAN])


def granule_on(cells, **values) -> dict[str, np.ndarray]:
    return {name: np.full((1, *cells.shape), values.get(name, NAN), np.float32) for name in FIELDS}


@pytest.mark.parametrize("source, name", [(9, "imager"), (5, "SSMIS"), (7, "sounder")])
def test_channels_hold_what_the_granule_says(source: int, name: str) -> None:
    grid = window_grid(centre=(122, 37), size_km=(80, 80), step_km=8)
    cells = imerg_cells(grid)
    fields = granule_on(
        cells, mw_source=source, mw_precipitation=9.9, ir_influence=0, liquid_probability=50,
        quality_index=0.75,
    )  # fmt: skip
    inputs = build_inputs(
        fields,
        np.zeros((2, 1, *cells.shape)),
        rain=np.full((1, *grid.shape), 0.9),
        to_learning=overlap_weights(cells, grid),
    )
    channel = dict(zip(CHANNELS, inputs[0], strict=True))
    np.testing.assert_allclose(channel["rain"], 1 / 3, rtol=1e-6)
    np.testing.assert_allclose(channel["mw_rain"], 2 / 3, atol=0.01)
    assert (channel["liquid"] == 0.5).all()
    assert (channel["quality_index"] == 0.75).all()
    assert (channel["age_last"] == 0).all()
    assert (channel["age_known"] == 1).all()
    assert SOURCE_NAMES[source_class(inputs)[0, 0, 0]] == name


def test_ages_come_back_from_half_precision_and_an_unknown_one_is_endless() -> None:
    ages = np.append(np.arange(0, MAX_AGE_H + 0.25, 0.5), NAN)
    scaled = scale_age(ages).astype(np.float16)
    assert (np.diff(scaled) > 0).all() and scaled[0] == 0 and scaled[-1] == 1
    assert np.diff(scaled)[0] > 3 * np.diff(scaled)[3]
    np.testing.assert_allclose(unscale_age(scaled.astype(np.float32)), ages, atol=0.03)


def test_what_is_missing_is_flagged_and_never_nan() -> None:
    grid = window_grid(centre=(0, 45), size_km=(80, 80), step_km=8)
    cells = imerg_cells(grid)
    inputs = build_inputs(
        granule_on(cells),
        np.full((2, 1, *cells.shape), NAN),
        rain=np.full((1, *grid.shape), NAN),
        to_learning=overlap_weights(cells, grid),
    )
    channel = dict(zip(CHANNELS, inputs[0], strict=True))
    assert np.isfinite(inputs).all()
    assert (channel["valid"] == 0).all()
    assert (channel["age_known"] == 0).all()
    assert (channel["age_last"] == 1).all()
    assert (channel["quality_index"] == 0).all()
    assert np.isnan(known_quality(inputs)).all()


def test_wet_share_counts_valid_pixels_only() -> None:
    inputs = np.zeros((2, len(CHANNELS), 2, 2), np.float32)
    inputs[0, CHANNELS.index("valid")] = [[1, 1], [0, 1]]
    inputs[0, CHANNELS.index("rain")] = scale_rain(np.array([[0.2, 0.1], [5, 0]]))
    np.testing.assert_allclose(wet_share(inputs, 0.2), [1 / 3, NAN])
