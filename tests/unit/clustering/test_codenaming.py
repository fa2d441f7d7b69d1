"""Names of codes."""

import pandas as pd

from rainscore.clustering.codenaming import name_codes

ROW = {
    **{"level": "code", "windows": 10, "rain": 0.5, "imerg_fraction": 0.9, "mean": 0.4},
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
