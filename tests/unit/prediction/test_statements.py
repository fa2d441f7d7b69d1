"""Which score of a map to use."""

import numpy as np

from rainscore.prediction.statements import which_score

MAP = {
    "map_score": 0.5,
    "map_score_outside": 0.0,
    "novelty": 0.0,
    "cluster_score_low": 0.3,
    "cluster_score_high": 0.7,
}


def test_the_map_score_goes_before_the_cluster_because_it_is_of_this_map() -> None:
    assert which_score(MAP).startswith("use the map score and its interval")


def test_a_map_score_outside_the_interval_of_the_cluster_is_explained() -> None:
    text = which_score(MAP | {"map_score": 0.2})
    assert text.startswith("use the map score") and "outside the interval of its cluster" in text


def test_without_an_interval_of_its_own_that_of_the_cluster_is_a_rough_range() -> None:
    text = which_score(MAP, withheld="it is calibrated for windows of 800 km")
    assert "the interval of the cluster" in text and "rough range" in text


def test_neither_score_is_recommended_for_an_unusual_map() -> None:
    for name in ("novelty", "map_score_outside"):
        assert which_score(MAP | {name: 1.0}).startswith("use neither score without a check")


def test_a_map_that_is_scored_by_its_codes_has_the_score_of_its_cluster() -> None:
    text = which_score(MAP, by_codes=True)
    assert "those of its cluster" in text and "predicted from this map" not in text
    assert which_score(MAP | {"novelty": 1.0}, by_codes=True).startswith("use neither score")


def test_nothing_is_said_where_there_is_only_one_score_or_none() -> None:
    assert which_score(MAP | {"map_score": np.nan}) == ""
    assert which_score(MAP | {"cluster_score_low": np.nan}) == ""
