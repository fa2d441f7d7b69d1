"""The table of methods, for one method with perfect clusters and one with random ones."""

import numpy as np
import pandas as pd
import pytest

from rainscore.clustering.methodtable import (
    ALL_SEEDS,
    COLUMNS,
    WET_SHARE,
    Repetitions,
    method_table,
)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """`dcec` returns the regime, on which the score depends; `kmeans` returns random labels."""
    rng = np.random.default_rng(0)
    times = pd.date_range("2019-01-01", periods=30 * 48, freq="30min")
    regime = np.repeat(rng.integers(0, 3, 120), 12)
    split = np.array(["train", "train", "validation", "test"])[np.arange(1440) // 48 % 4]
    maps = pd.DataFrame(
        {
            "time": times,
            "split": split,
            "wet_share": rng.uniform(0.02, 0.5, 1440),
            "map_score": 0.3 * regime + 0.1 * rng.random(1440),
            "regime": np.array(["front", "showers", "drizzle"])[regime],
        }
    )

    def run(labels) -> pd.DataFrame:
        columns = {"cluster": labels(), "resampled": labels(), "revived": 0}
        return maps[["time", "split"]].assign(**columns)

    def random() -> np.ndarray:
        return rng.integers(0, 3, 1440)

    methods = {"kmeans": random, "dcec": lambda: regime}
    runs = {(name, seed): run(labels) for name, labels in methods.items() for seed in (0, 1)}
    return method_table(Repetitions(runs, maps), k=3, resamples=100, seed=0)


def pick(table: pd.DataFrame, method: str, measure: str, group: str = "test") -> pd.Series:
    rows = table[(table["seed"] == ALL_SEEDS) & (table["method"] == method)]
    return rows[(rows["measure"] == measure) & (rows["group"] == group)].iloc[0]


def test_perfect_clusters_are_stable_and_skilful_and_random_ones_are_not(table) -> None:
    assert pick(table, "dcec", "stability_days", "train")["value"] == 1
    assert abs(pick(table, "kmeans", "stability_days", "train")["value"]) < 0.05
    assert pick(table, "dcec", "eta2")["value"] > 0.9
    assert pick(table, "dcec", "ari_regimes")["value"] == 1
    assert pick(table, "dcec", "nmi_regimes")["value"] == pytest.approx(1)
    assert pick(table, "dcec", "crps_skill_over_kmeans")["low"] > 0
    assert abs(pick(table, WET_SHARE, "eta2")["value"]) < 0.05


def test_the_table_has_one_row_per_method_seed_measure_and_group(table) -> None:
    assert table.columns.tolist() == COLUMNS
    assert not table.duplicated(["method", "seed", "measure", "group"]).any()
    balance = table[(table["measure"] == "balance") & (table["method"] == "dcec")]
    assert balance["value"].between(0.9, 1).all()
    assert (table.loc[table["measure"] == "empty", "value"] == 0).all()


def test_rows_over_all_seeds_are_means_over_the_seeds(table) -> None:
    rows = table[(table["method"] == "kmeans") & (table["measure"] == "eta2")]
    rows = rows[rows["group"] == "test"].set_index("seed")["value"]
    assert sorted(rows.index) == [ALL_SEEDS, 0, 1]
    assert rows[ALL_SEEDS] == pytest.approx((rows[0] + rows[1]) / 2)


def test_k_means_is_not_compared_with_itself(table) -> None:
    with_reference = table[table["measure"].str.endswith("_over_kmeans")]
    assert set(with_reference["method"]) == {"dcec", WET_SHARE}
