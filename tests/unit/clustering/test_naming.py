"""Names of clusters from their mean properties."""

import numpy as np
import pandas as pd

from rainscore.clustering.naming import DRY_NAME, HOURS, SEASONS, name_clusters

PLAIN = {
    "wet_share": 0.07, "intensity": 0.5, "heavy_share": 0.0, "scale_km": 40.0, "east": 0.0,
    "north": 0.0, "microwave": 0.4, "morphed": 0.4, "infrared": 0.2,
    **dict.fromkeys(SEASONS, 0.25), **{f"hour_{i}": 0.25 for i in range(len(HOURS))},
}  # fmt: skip


def names(*rows: dict) -> list[str]:
    properties = pd.DataFrame([{**PLAIN, **row} for row in rows])
    return list(name_clusters(properties, pd.Series(10, properties.index)).values())


def test_a_name_consists_of_area_strength_and_shape() -> None:
    assert names(
        {},
        {"wet_share": 0.3, "intensity": 1.6, "heavy_share": 0.1, "scale_km": 120.0},
        {"wet_share": 0.02, "intensity": 1.0, "scale_km": 60.0},
    ) == [
        "scattered light showers",
        "widespread heavy rain systems with strong cores",
        "isolated moderate rain areas",
    ]


def test_a_source_is_named_only_where_it_is_more_frequent_than_elsewhere() -> None:
    microwave = {"microwave": 0.9, "morphed": 0.1, "infrared": 0.0}
    wide = {"wet_share": 0.3}
    assert names({}, {"wet_share": 0.15}, {**wide, **microwave}) == [
        "scattered light showers",
        "broad light showers",
        "widespread light showers, mostly microwave",
    ]
    assert names(microwave, {**wide, **microwave}) == [
        "scattered light showers",
        "widespread light showers",
    ]


def test_position_season_and_hour_do_not_change_a_name() -> None:
    """A new map may be from another region."""
    winter = {"DJF": 1.0, "MAM": 0.0, "JJA": 0.0, "SON": 0.0}
    late = {"hour_3": 1.0, "hour_0": 0.0, "hour_1": 0.0, "hour_2": 0.0}
    elsewhere = names({}, {"wet_share": 0.3, "east": -0.6, "north": 0.5, **winter, **late})
    assert elsewhere == ["scattered light showers", "widespread light showers"]


def test_names_are_distinct() -> None:
    assert names({}, {}, {"wet_share": 0.08}) == [
        "scattered light showers, number 0",
        "scattered light showers, number 1",
        "scattered light showers, 8 % wet",
    ]


def test_a_cluster_of_maps_without_any_rain_is_named_no_rain() -> None:
    """They are clustered where `clustering.min_wet_share` is 0."""
    dry = {"wet_share": 0.0, "intensity": np.nan, "heavy_share": np.nan, "scale_km": np.nan}
    assert names({}, dry) == ["scattered light showers", "no rain"]


def test_the_cluster_of_dry_maps_has_a_fixed_name() -> None:
    properties = pd.DataFrame([PLAIN, PLAIN], index=[-1, 0])
    result = name_clusters(properties, pd.Series([5, 5], index=[-1, 0]))
    assert result == {-1: DRY_NAME, 0: "scattered light showers"}
