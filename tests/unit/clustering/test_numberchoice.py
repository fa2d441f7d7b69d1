"""The choice of the number of clusters."""

import numpy as np
import pandas as pd

from rainscore.clustering.numberchoice import chosen_number, number_table


def test_three_clearly_different_kinds_of_map_give_three_clusters() -> None:
    rng = np.random.default_rng(0)
    kind = np.tile([0, 1, 2], 40)
    days = np.repeat(np.arange(10), 12)
    maps = pd.DataFrame(
        {
            "time": pd.Timestamp("2019-01-01") + pd.to_timedelta(days, "D"),
            "split": np.where(days < 7, "train", "validation"),
            "map_score": 0.2 + 0.3 * kind + 0.05 * rng.random(120),
        }
    )
    vectors = np.eye(3)[kind] + 0.05 * rng.standard_normal((120, 3))
    table = number_table(
        vectors.astype(np.float32), maps, seeds=[0, 1], resamples=100, seed=0, candidates=(2, 3, 5)
    )
    assert chosen_number(table) == 3
    assert table.loc[table["k"] == 3, "crps_skill"].item() > 0.9
    assert (table["days"] == 3).all() and (table["n"] == 36).all()


def test_the_smallest_number_within_one_percent_of_the_highest_skill_is_chosen() -> None:
    table = pd.DataFrame({"k": [2, 8, 64, 128], "crps_skill": [0.2, 0.297, 0.2995, 0.3]})
    assert chosen_number(table) == 8
