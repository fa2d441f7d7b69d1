import numpy as np
import pandas as pd

from rainscore.analysis.conditions import (
    CONDITIONS,
    UNKNOWN_CODE,
    cell_conditions,
    class_names,
    condition_code,
)

TIMES = np.datetime64("2019-01-01T00:00", "ns") + np.arange(5) * np.timedelta64(30, "m")
GMI, SSMIS, MHS = 9, 5, 7


def names_at(source: list, influence: list, rain: list, present: list | None = None) -> dict:
    """Names of the classes of one cell at each of the half-hours."""
    fields = (
        np.array(values, np.float32).reshape(-1, 1, 1) for values in (source, influence, rain)
    )
    is_present = np.ones(len(source), bool) if present is None else np.array(present)
    classes = cell_conditions(*fields, present=is_present, times=TIMES[: len(source)])
    categories = class_names(condition_code(classes).ravel())
    return {name: list(values) for name, values in categories.items()}


def test_the_source_is_the_sensor_or_the_class_of_the_infrared_weight() -> None:
    names = names_at([GMI, 0, 0, 0, np.nan], [0, 0, 20, 50, np.nan], [1.0] * 5)
    assert names["source"] == ["imager", "morphed", "mixed", "infrared", "unknown"]


def test_the_sensor_is_that_of_the_last_pass_and_ages_are_counted_in_both_directions() -> None:
    names = names_at([0, SSMIS, 0, 0, MHS], [0] * 5, [0.0] * 5)
    assert names["sensor"] == ["unknown", "SSMIS", "SSMIS", "SSMIS", "sounder"]
    assert names["last"] == ["unknown", "now", "0–0.5 h", "0.5–1 h", "now"]
    assert names["next"] == ["0–0.5 h", "now", "0.5–1 h", "0–0.5 h", "now"]


def test_ages_and_sensor_are_unknown_across_an_absent_half_hour() -> None:
    names = names_at([GMI, 0, 0], [0] * 3, [0.0] * 3, [True, False, True])
    assert names["sensor"] == ["imager", "unknown", "unknown"]
    assert names["last"] == ["now", "unknown", "unknown"]


def test_a_rate_on_an_edge_belongs_to_the_class_above_and_a_missing_rate_is_unknown() -> None:
    names = names_at([0] * 5, [0] * 5, [0.0, 0.2, 0.99, 3.0, np.nan])
    expected = ["< 0.2 mm/h", "0.2–1 mm/h", "0.2–1 mm/h", "≥ 3 mm/h", "unknown"]
    assert names["intensity"] == expected


def test_the_last_code_is_unknown_in_every_condition() -> None:
    categories = class_names(np.array([UNKNOWN_CODE]))
    assert {name: values[0] for name, values in categories.items()} == dict.fromkeys(
        CONDITIONS, "unknown"
    )
    assert all(isinstance(values.dtype, pd.CategoricalDtype) for values in categories.values())
