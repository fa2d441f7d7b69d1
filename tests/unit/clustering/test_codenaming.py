"""Names of codes."""

import pandas as pd

from rainscore.clustering.codenaming import name_codes

ROW = {
    **{"level": "code", "windows": 10, "rain": 0.5, "imerg_fraction": 0.9, "mean": 0.4},
    **{"hit_rain": 0.3, "false_rain": 0.2, "infrared_weight": 0.1, "land": 0.8},
    **{"imager": 0.0, "SSMIS": 0.0, "sounder": 0.0, "morphed": 0.9, "infrared": 0.1, "age_h": 1.5},
}


def names(*changes: dict) -> list[str]:
    return name_codes(pd.DataFrame([{**ROW, "number": i, **c} for i, c in enumerate(changes)]))


def test_a_name_says_extent_strength_and_source() -> None:
    assert names({}) == ["continuous light rain, morphed for 1.5 h"]
    heavy = {"rain": 8.0, "imerg_fraction": 0.2, "imager": 0.8, "morphed": 0.2}
    infrared = {"rain": 0.01, "imerg_fraction": 0.5, "morphed": 0.3, "infrared": 0.7}
    assert names(heavy, infrared) == [
        "isolated heavy rain, seen by imager",
        "broken edge of rain, infrared",
    ]


def test_equal_names_get_the_score_and_then_the_number() -> None:
    assert names({}, {"mean": 0.6}, {"mean": 0.6}) == [
        "continuous light rain, morphed for 1.5 h, score 0.40",
        "continuous light rain, morphed for 1.5 h, score 0.60, number 1",
        "continuous light rain, morphed for 1.5 h, score 0.60, number 2",
    ]


def test_a_code_without_windows_is_named_as_not_observed() -> None:
    assert names({"windows": 0}) == ["not observed"]


def families(*changes: dict) -> list[str]:
    return names(*({"level": "family", **change} for change in changes))


def test_a_family_is_named_by_what_tells_it_most_from_the_mean_family() -> None:
    assert families(
        {},
        {},
        {"age_h": 4.0, "rain": 2.0, "hit_rain": 1.0, "false_rain": 1.0},
        # 0.04 mm/h at the pixel, 0.5 mm/h on average in its window.
        {"rain": 0.04},
        {"imager": 0.3, "sounder": 0.6, "morphed": 0.1, "age_h": 1.4},
        {"infrared_weight": 0.5},
        {"land": 0.1},
    )[2:] == [
        "continuous moderate rain, long after a pass",
        "continuous edge of rain, beside the rain",
        "continuous light rain, often seen by microwave",
        "continuous light rain, more infrared",
        "continuous light rain, more at sea",
    ]


def test_families_with_the_same_rain_are_told_apart_by_their_score() -> None:
    assert families({}, {"mean": 0.6}) == [
        "continuous light rain, score 0.40",
        "continuous light rain, score 0.60",
    ]


def test_a_family_whose_age_is_unknown_is_named_without_it() -> None:
    assert families({"age_h": float("nan")}) == ["continuous light rain"]
