"""Clusterings compared: against scikit-learn, and on tables where the answer is known."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from rainscore.clustering.comparison import (
    ALL_SEEDS,
    YARDSTICK,
    Days,
    adjusted_rand,
    by_wet_share,
    explained,
    mutual_information,
    stability,
    with_interval,
)
from rainscore.clustering.methodtable import method_table
from rainscore.clustering.number import chosen_number
from rainscore.report.figures.plot_clusters import plot_methods


def test_agreement_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 4, 200), rng.integers(0, 3, 200)
    b[:100] = a[:100] % 3
    days = Days(np.zeros(200, int), np.ones((1, 1)))
    assert adjusted_rand(days.tables(a, b))[0] == pytest.approx(adjusted_rand_score(a, b))
    expected = normalized_mutual_info_score(a, b)
    assert mutual_information(days.tables(a, b))[0] == pytest.approx(expected)


def test_one_cluster_agrees_with_itself() -> None:
    table = np.array([[7.0]])
    assert adjusted_rand(table) == 1
    assert mutual_information(table) == 1


def test_a_day_that_is_drawn_twice_counts_twice() -> None:
    days = Days(np.array([0, 0, 1]), np.array([[1, 1], [2, 0]]))
    tables = days.tables(np.array([0, 1, 1]), np.array([0, 0, 1]))
    assert tables.tolist() == [[[1, 0], [1, 1]], [[2, 0], [2, 0]]]


def test_clusters_that_tell_the_score_explain_it_and_others_do_not() -> None:
    """Scores 0 or 1 in the clusters: no error left; in one cluster: that of the mean."""
    clusters = np.array([0, 0, 1, 1, 0, 1])
    scores = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 1.0])
    train, rows = np.arange(4), np.array([4, 5])
    days = Days(np.array([0, 1]), np.ones((1, 2)))
    for labels, wanted in ((clusters, 1.0), (np.zeros(6, int), 0.0)):
        found = explained(labels, scores, train, rows, days)
        for name in ("eta2", "crps_skill"):
            assert found[name].value(days.weights)[0] == pytest.approx(wanted)


def test_a_cluster_that_no_training_map_is_in_gets_the_scores_of_all() -> None:
    scores = np.array([0.0, 1.0, 0.3])
    days = Days(np.array([0]), np.ones((1, 1)))
    found = explained(np.array([0, 0, 5]), scores, np.arange(2), np.array([2]), days)
    assert found["eta2"].value(days.weights)[0] == pytest.approx(0)


def test_classes_of_wet_share_are_cut_on_the_training_days() -> None:
    maps = pd.DataFrame({"split": ["train"] * 4 + ["test"], "wet_share": [0.1, 0.2, 0.3, 0.4, 9]})
    assert by_wet_share(maps, 2).tolist() == [0, 0, 1, 1, 1]
    assert by_wet_share(maps, 1).tolist() == [0] * 5


def test_the_interval_is_that_of_the_draws_alone() -> None:
    value, low, high = with_interval(np.array([9.0, *np.linspace(0, 1, 101)]), days=3)
    assert (value, low, high) == pytest.approx((9, 0.025, 0.975))
    assert np.isnan(with_interval(np.array([1.0, np.nan]), days=3)[1])


def test_stability_over_seeds_needs_two_of_them() -> None:
    run = pd.DataFrame({"cluster": [0, 1], "resampled": [1, 0]})
    days = Days(np.array([0, 1]), np.ones((3, 2)))
    assert np.isnan(stability([run], days, of="seeds", seed=0)).all()
    assert stability([run], days, of="days", seed=0).tolist() == [1, 1, 1]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Good clusters come again and tell score and regime; random ones do neither."""
    rng = np.random.default_rng(0)
    times = pd.date_range("2019-01-01", periods=30 * 48, freq="30min")
    truth = np.repeat(rng.integers(0, 3, 120), 12)
    split = np.array(["train", "train", "validation", "test"])[np.arange(1440) // 48 % 4]
    maps = pd.DataFrame(
        {
            "time": times,
            "split": split,
            "wet_share": rng.uniform(0.02, 0.5, 1440),
            "map_score": 0.3 * truth + 0.1 * rng.random(1440),
            "regime": np.array(["front", "showers", "drizzle"])[truth],
        }
    )

    def run(labels) -> pd.DataFrame:
        """A repetition whose labels on other days are those of `labels` again."""
        columns = {"cluster": labels(), "resampled": labels(), "seconds": 1.0, "revived": 0}
        return maps[["time", "split"]].assign(**columns)

    def chance() -> np.ndarray:
        return rng.integers(0, 3, 1440)

    methods = {"kmeans": chance, "dcec": lambda: truth}
    runs = {(name, seed): run(labels) for name, labels in methods.items() for seed in (0, 1)}
    null_runs = {key: run(chance) for key in runs}
    null_maps = maps.drop(columns="regime")
    return method_table(runs, maps, null_runs, null_maps, k=3, resamples=100, seed=0)


def pick(table: pd.DataFrame, method: str, measure: str, group: str = "test") -> pd.Series:
    rows = table[(table["seed"] == ALL_SEEDS) & (table["method"] == method)]
    return rows[(rows["measure"] == measure) & (rows["group"] == group)].iloc[0]


def test_the_table_tells_real_clusters_from_none(table) -> None:
    assert pick(table, "dcec", "stability_days_over_null", "train")["low"] > 0
    assert pick(table, "kmeans", "stability_days_over_null", "train")["low"] < 0
    assert pick(table, "dcec", "stability_days", "train")["value"] == 1
    assert abs(pick(table, "dcec", "stability_days", "train")["null"]) < 0.05
    assert pick(table, "dcec", "eta2")["value"] > 0.9
    assert abs(pick(table, "dcec", "eta2")["null"]) < 0.05
    assert pick(table, "dcec", "ari_regimes")["value"] == 1
    assert pick(table, "dcec", "crps_skill_over_kmeans")["low"] > 0
    assert abs(pick(table, YARDSTICK, "eta2")["value"]) < 0.05


def test_the_table_has_one_row_a_measure(table) -> None:
    assert not table.duplicated(["method", "seed", "measure", "group"]).any()
    balance = table[(table["measure"] == "balance") & (table["method"] == "dcec")]
    assert balance["value"].between(0.9, 1).all()
    assert (table.loc[table["measure"] == "empty", "value"] == 0).all()


def test_the_figure_has_a_row_a_method(table) -> None:
    fig = plot_methods(table, period="2019-01", world="simulated")
    assert [text.get_text() for text in fig.axes[0].get_yticklabels()] == [
        "wet share",
        "dcec",
        "kmeans",
    ]
    assert "simulated world" in fig.texts[0].get_text()


def numbers(**found: tuple[float, float, float]) -> pd.DataFrame:
    """A table of k: (low of the stability over the null, skill on validation, on test days)."""
    rows = []
    for name, (low, validation, test) in found.items():
        common = {"method": "kmeans", "seed": ALL_SEEDS, "k": int(name[1:])}
        gain = {"measure": "stability_days_over_null", "group": "train", "low": low}
        rows.append({**common, **gain})
        for group, value in (("validation", validation), ("test", test)):
            rows.append({**common, "measure": "crps_skill", "group": group, "value": value})
    return pd.DataFrame(rows)


def test_the_number_is_the_most_skilful_of_those_that_come_again() -> None:
    assert chosen_number(numbers(k2=(0.1, 0.1, 0.9), k3=(0.1, 0.2, 0.1), k4=(-0.1, 0.5, 0.5))) == 3


def test_one_cluster_where_none_come_again_or_none_tell_the_score() -> None:
    assert chosen_number(numbers(k2=(-0.1, 0.3, 0.3), k3=(np.nan, 0.3, 0.3))) == 1
    assert chosen_number(numbers(k2=(0.1, -0.2, 0.3))) == 1
