"""Codes of scored maps in words, and scores from the labels of codes and clusters."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.clustering.codebook import NO_CODE
from rainscore.clustering.compositions import CompositionClusters
from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.prediction.codefields import code_variable, label_scores, too_small_for_clusters
from rainscore.prediction.explain import code_sentences, code_table

ATLAS = {
    3: {
        **{"name": "light rain", "mean": 0.4, "zero": 0.1, "low": 0.0, "median": 0.4, "high": 0.8},
        **{"amount_factor": 0.9, "place_factor": 0.5},
        **{"hit_rain": 0.2, "missed_rain": 0.1, "false_rain": 0.3},
    }
}


def scored() -> xr.Dataset:
    codes = np.array([[3, 3, 3], [7, NO_CODE, NO_CODE]], np.uint8)
    return xr.Dataset({"code": code_variable(codes, ATLAS)})


def test_the_codes_of_a_map_are_listed_by_their_share() -> None:
    table = code_table(scored())
    assert table["code"].tolist() == [3, 7]
    assert table["share"].tolist() == [0.75, 0.25]
    assert table["name"][0] == "light rain" and pd.isna(table["name"][1])


def test_the_sentences_say_what_a_code_means_and_what_limits_it() -> None:
    sentences = code_sentences(scored())
    assert sentences[0].startswith("The map is made of 2 codes")
    assert sentences[1] == (
        "75 %, code 3 (light rain): score 0.40 [0.00, 0.80]; exactly 0 in 10 % of the cases; "
        "limited by the place of the rain (amount 0.90, place 0.50); 0.20 mm/h hit, 0.10 missed, "
        "0.30 false."
    )
    assert sentences[2] == "25 %, code 7."


def test_the_sentences_say_what_follows_a_code() -> None:
    following = {"stays_family": 0.25, "ends": 0.5, "next_name": "drizzle", "next_share": 0.2}
    for entries, ending in (
        (following, "no rain in 50 %, most often another family: drizzle (20 %)."),
        (following | {"next_name": None, "next_share": None}, "no rain in 50 %."),
        (following | {"stays_family": None}, "0.30 false."),
    ):
        atlas: dict[int, dict] = {3: {**ATLAS[3], **entries}}
        dataset = xr.Dataset({"code": code_variable(np.array([[3]], np.uint8), atlas)})
        sentence = code_sentences(dataset)[1]
        assert sentence.endswith(ending)
        known = entries["stays_family"] is not None
        assert ("half an hour later the same family in 25 %" in sentence) == known


def test_a_map_without_codes_has_no_sentences_and_no_table() -> None:
    assert code_sentences(xr.Dataset()) == []
    with pytest.raises(RainscoreError, match="no codes"):
        code_table(xr.Dataset())


def test_a_window_smaller_than_the_clustered_maps_says_why_it_has_no_score() -> None:
    clusters = CompositionClusters(np.zeros((1, 2)), {"size": 100})
    large, small = (Grid("EPSG:3857", 0, 0, 8000, -8000, 100, n) for n in (100, 99))
    assert too_small_for_clusters(clusters, large) == ""
    assert "maps of 800 km" in too_small_for_clusters(clusters, small)


def test_scores_by_clusters_are_those_of_the_labels_where_the_map_has_a_score() -> None:
    scores = pd.DataFrame(
        {
            "map_score": [0.9, np.nan, 0.9],
            "map_score_low": 0.8,
            "map_score_high": 1.0,
            "map_score_outside": 0.0,
        }
    )
    labels = {1: {"score": 0.5, "score_low": 0.3, "score_high": 0.7}}
    table = label_scores(scores, np.array([1.0, 1.0, np.nan]), labels)
    assert table["map_score"][0] == 0.5 and table["map_score"][1:].isna().all()
    assert (table["map_score_low"][0], table["map_score_high"][0]) == (0.3, 0.7)
    assert table["map_score_outside"].tolist() == [0.0, 0.0, 0.0]
