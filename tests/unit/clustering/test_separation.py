"""Test for groups among maps."""

import numpy as np
import pandas as pd
import pytest

from rainscore.clustering.separation import power_table, separation_of, separation_table

DAYS = np.repeat(np.datetime64("2019-01-01") + np.arange(40), 25)


def gaussian(seed: int) -> np.ndarray:
    """Maps of a continuum whose days differ from each other."""
    rng = np.random.default_rng(seed)
    daily = np.repeat(rng.standard_normal((40, 6)), 25, axis=0)
    return 0.5 * daily + rng.standard_normal((1000, 6))


def test_planted_groups_four_deviations_apart_are_found_and_a_continuum_has_none() -> None:
    table = power_table(gaussian(0), DAYS, trials=10, seed=0, groups=(2,))
    found = table.set_index("separation")["found"]
    assert found[0.0] == 0
    assert found[4.0] >= 0.8 and found[5.0] >= 0.8


def bent(x: np.ndarray) -> np.ndarray:
    """A continuum with shorter tails; a stronger bend would pile up values at both ends."""
    return np.tanh(x / 2)


@pytest.mark.parametrize("transform", [np.exp, lambda x: np.c_[x, x[:, :1] ** 2], bent])
def test_a_skewed_or_a_curved_continuum_has_no_groups(transform) -> None:
    assert not separation_of(transform(gaussian(1)), DAYS, seed=0).found


def test_an_elongated_continuum_has_no_groups_although_it_is_cut_reproducibly() -> None:
    stretched = gaussian(2) * np.array([20, 1, 1, 1, 1, 1])
    assert not separation_of(stretched, DAYS, seed=0).found


def test_the_table_holds_the_test_without_the_test_days_and_its_power() -> None:
    times = DAYS.astype("datetime64[ns]") + np.tile(np.arange(25), 40) * np.timedelta64(30, "m")
    maps = pd.DataFrame({"time": times, "split": np.where(np.arange(1000) < 900, "train", "test")})
    table = separation_table({"codes": (maps, gaussian(3))}, seed=0)
    own = table[table["groups"] == 0].iloc[0]
    assert (own["maps"], own["days"], own["found"]) == (900, 36, 0)
    assert own["p_value"] > 0.05
