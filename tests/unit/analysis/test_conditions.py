import numpy as np
import pandas as pd

from rainscore.analysis.conditions import (
    CONDITIONS,
    UNKNOWN,
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
    known = np.ones(len(source), bool) if present is None else np.array(present)
    classes = cell_conditions(*fields, present=known, times=TIMES[: len(source)])
    named = class_names(condition_code(classes).ravel())
    return {name: list(values) for name, values in named.items()}


def test_a_source_is_the_sensor_or_how_much_infrared_there_is() -> None:
    found = names_at([GMI, 0, 0, 0, np.nan], [0, 0, 20, 50, np.nan], [1.0] * 5)
    assert found["source"] == ["imager", "morphed", "mixed", "infrared", "unknown"]


def test_the_sensor_is_that_of_the_last_pass_and_the_next_pass_is_looked_for_ahead() -> None:
    found = names_at([0, SSMIS, 0, 0, MHS], [0] * 5, [0.0] * 5)
    assert found["sensor"] == ["unknown", "SSMIS", "SSMIS", "SSMIS", "sounder"]
    assert found["last"] == ["unknown", "now", "0–0.5 h", "0.5–1 h", "now"]
    assert found["next"] == ["0–0.5 h", "now", "0.5–1 h", "0–0.5 h", "now"]


def test_across_an_absent_half_hour_no_pass_is_known() -> None:
    found = names_at([GMI, 0, 0], [0] * 3, [0.0] * 3, [True, False, True])
    assert found["sensor"] == ["imager", "unknown", "unknown"]
    assert found["last"] == ["now", "unknown", "unknown"]


def test_a_rate_on_an_edge_is_of_the_class_above_and_a_missing_rate_is_unknown() -> None:
    found = names_at([0] * 5, [0] * 5, [0.0, 0.2, 0.99, 3.0, np.nan])
    expected = ["< 0.2 mm/h", "0.2–1 mm/h", "0.2–1 mm/h", "≥ 3 mm/h", "unknown"]
    assert found["intensity"] == expected


def test_the_last_code_is_unknown_in_every_condition() -> None:
    named = class_names(np.array([UNKNOWN]))
    assert {name: values[0] for name, values in named.items()} == dict.fromkeys(
        CONDITIONS, "unknown"
    )
    assert all(isinstance(values.dtype, pd.CategoricalDtype) for values in named.values())
