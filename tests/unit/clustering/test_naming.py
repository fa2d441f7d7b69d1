"""Portraits of maps and names of clusters, by hand."""

import numpy as np
import pandas as pd
import pytest

from rainscore.clustering.naming import DRY_NAME, HOURS, SEASONS, name_clusters
from rainscore.clustering.portraits import decorrelation, portrait

PLAIN = {
    "wet_share": 0.07, "intensity": 0.5, "heavy_share": 0.0, "scale_km": 40.0, "east": 0.0,
    "north": 0.0, "microwave": 0.4, "morphed": 0.4, "infrared": 0.2,
    **dict.fromkeys(SEASONS, 0.25), **{f"hour_{i}": 0.25 for i in range(len(HOURS))},
}  # fmt: skip


def names(*rows: dict) -> list[str]:
    features = pd.DataFrame([{**PLAIN, **row} for row in rows])
    return list(name_clusters(features, pd.Series(10, features.index)).values())


def test_a_portrait_is_what_a_hand_would_count() -> None:
    rain = np.zeros((2, 4, 5))
    rain[0, 0, 4], rain[0, 0, 3] = 6.0, 2.0
    rain[0, 3, 0] = 0.1  # dry: under the threshold
    rain[0, 3, 1:] = np.nan
    look = portrait(rain, threshold=0.2, step_km=8)
    assert look.loc[0, "wet_share"] == 2 / 16
    assert look.loc[0, "intensity"] == 4
    assert look.loc[0, "heavy_share"] == 0.5
    assert look.loc[0, "north"] == 1
    assert look.loc[0, "east"] == pytest.approx((6 * 1 + 2 * 0.5) / 8)
    assert look.loc[1, "wet_share"] == 0
    assert look.drop(columns="wet_share").loc[1].isna().all()
    assert np.isnan(portrait(rain * np.nan, threshold=0.2, step_km=8)["wet_share"]).all()


def test_the_decorrelation_length_is_that_of_the_field() -> None:
    rng = np.random.default_rng(0)
    wave = np.fft.fftfreq(128)
    distance = np.hypot(wave[:, None], wave)
    noise = np.fft.fft2(rng.standard_normal((20, 128, 128)))
    fields = []
    for width in (3.0, 9.0):
        # A Gaussian filter of width s gives the autocorrelation exp(−r² / 4s²): 1/e at r = 2s.
        fields.append(np.fft.ifft2(noise * np.exp(-2 * (np.pi * distance * width) ** 2)).real)
    short, long = (decorrelation(field).mean() for field in fields)
    assert short == pytest.approx(6, rel=0.1)
    assert long == pytest.approx(18, rel=0.2)


def test_a_constant_field_never_decorrelates() -> None:
    np.testing.assert_array_equal(decorrelation(np.ones((1, 10, 20))), [5])


def test_a_name_says_area_strength_and_shape() -> None:
    assert names(
        {},
        {"wet_share": 0.3, "intensity": 1.6, "heavy_share": 0.1, "scale_km": 120.0},
        {"wet_share": 0.02, "intensity": 1.0, "scale_km": 60.0},
    ) == [
        "scattered light showers",
        "widespread heavy rain systems with strong cores",
        "isolated moderate rain areas",
    ]


def test_a_source_is_named_only_where_it_sets_apart() -> None:
    seen = {"microwave": 0.9, "morphed": 0.1, "infrared": 0.0}
    wide = {"wet_share": 0.3}
    assert names({}, {"wet_share": 0.15}, {**wide, **seen}) == [
        "scattered light showers",
        "broad light showers",
        "widespread light showers, mostly microwave",
    ]
    assert names(seen, {**wide, **seen}) == ["scattered light showers", "widespread light showers"]


def test_place_season_and_hour_are_no_part_of_a_name() -> None:
    """They are those of the training's domain; a new map may be from anywhere."""
    winter = {"DJF": 1.0, "MAM": 0.0, "JJA": 0.0, "SON": 0.0}
    late = {"hour_3": 1.0, "hour_0": 0.0, "hour_1": 0.0, "hour_2": 0.0}
    found = names({}, {"wet_share": 0.3, "east": -0.6, "north": 0.5, **winter, **late})
    assert found == ["scattered light showers", "widespread light showers"]


def test_names_are_distinct() -> None:
    assert names({}, {}, {"wet_share": 0.08}) == [
        "scattered light showers, number 0",
        "scattered light showers, number 1",
        "scattered light showers, 8 % wet",
    ]


def test_a_cluster_of_maps_without_any_rain_is_called_so() -> None:
    """Where `clustering.min_wet_share` is 0 they are clustered as all others."""
    dry = {"wet_share": 0.0, "intensity": np.nan, "heavy_share": np.nan, "scale_km": np.nan}
    assert names({}, dry) == ["scattered light showers", "no rain"]


def test_maps_with_too_little_rain_are_called_so() -> None:
    features = pd.DataFrame([PLAIN, PLAIN], index=[-1, 0])
    found = name_clusters(features, pd.Series([5, 5], index=[-1, 0]))
    assert found == {-1: DRY_NAME, 0: "scattered light showers"}
