"""What the report says of the clusters."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rainscore.clustering.labels import MAX_WIDTH, MIN_DAYS
from rainscore.clustering.methodtable import ALL_SEEDS
from rainscore.clustering.naming import HOURS, SEASONS
from rainscore.clustering.scoredistributions import DRY
from rainscore.evaluation.clusterchecks import CLUSTER, POOL, all_maps_row
from rainscore.report.page import interval, number

TEXT = (
    "Maps with enough rain are clustered by their latent vectors, without any score. A cluster is "
    "named by a rule from its mean area, strength and texture, and by its source where that sets "
    "it apart. Its label is the distribution of the map scores of its maps on all days but the "
    "test days, shrunk to that of all clustered maps where its days are few; the 90 % interval is "
    "as wide as days left out ask for."
)


LABELS = (
    "Clusters: the map score that each tells of a new map, median [5 %, 95 %], the score of all "
    "its maps together, and what its maps have in common. Uncertain: fewer than "
    f"{MIN_DAYS} days, or a 95 % interval of the median wider than {MAX_WIDTH}."
)


def labels_table(labels: pd.DataFrame) -> pd.DataFrame:
    """A readable table of the clusters.

    Args:
        labels: Of `label_clusters`.
    """
    frame = pd.DataFrame(
        {
            "cluster": labels["cluster"].map(lambda c: "–" if c == DRY else str(c)),
            "name": labels["name"],
            "maps": labels["maps"],
            "days": labels["days"],
            "map score": labels["score"],
            "map score_low": labels["score_low"],
            "map score_high": labels["score_high"],
            "of all together": labels["score_of_sums"],
            "sample": labels["uncertain"].map({True: "uncertain", False: "enough"}),
            "most frequent season": _most(labels, SEASONS),
            "hours": _most(labels, {f"hour_{i}": text for i, text in enumerate(HOURS)}),
            "microwave [%]": 100 * labels["microwave"],
            "age [h]": labels["age_h"],
        }
    )
    known = labels["regime"].fillna("") != ""
    if known.any():
        shares = labels["regime_share"].mul(100).map("{:.0f} %".format)
        frame["true regime"] = (labels["regime"] + " (" + shares + ")").where(known, "–")
    return frame


def _most(labels: pd.DataFrame, words: Mapping[str, str]) -> list[str]:
    """The largest of some shares of each cluster, in words; a dash where none is known."""
    shares = labels[list(words)].fillna(0)
    return [
        f"{words[str(most)]} ({100 * share:.0f} %)" if share > 0 else "–"
        for most, share in zip(shares.idxmax(axis=1), shares.max(axis=1), strict=True)
    ]


def checks_text(checks: pd.DataFrame, *, novelty: float) -> str:
    """What the labels were found to be worth on held-out days.

    Args:
        checks: Of `heldout.check_labels`.
        novelty: Share of known maps that may be called new.
    """
    parts = []
    for split, days in (
        ("map", "test days"),
        ("left out", "days, each left out from the labels in turn"),
    ):
        row = all_maps_row(checks, CLUSTER, "coverage", split)
        if row is not None:
            parts.append(
                f"The 90 % interval that a cluster tells covers {_percent(row)} of the maps of "
                f"{row['days']} {days} ({number(row['n'])} maps)."
            )
    row = all_maps_row(checks, CLUSTER, "false_alarms", "novelty")
    if row is not None:
        parts.append(
            f"The novelty flag is set to call {100 * novelty:g} % of maps of this world new, and "
            f"called {_percent(row)} of {number(row['n'])} clustered test maps of {row['days']} "
            "days so."
        )
    seen = checks[checks["measure"] == "detected"]
    if len(seen):
        shares = [
            f"{name} {100 * x:.0f} %" for name, x in zip(seen["group"], seen["value"], strict=True)
        ]
        parts.append(
            f"Of {number(seen['n'].iloc[0])} of these maps, changed in a known way, it calls new: "
            f"{'; '.join(shares)}. What is hardly ever called new, the flag does not see."
        )
    row = all_maps_row(checks, POOL, "crps_gain", "map")
    if row is not None:
        verdict = "helps" if row["low"] > 0 else "hurts" if row["high"] < 0 else "does not help"
        parts.append(
            f"Joining the cluster's distribution to the U-Net's {verdict}: it changes the CRPS of "
            f"the map score by a skill of {interval(row['value'], row['low'], row['high'])} "
            "against the U-Net alone, on the same test days."
        )
    return " ".join(parts)


def _percent(row: pd.Series) -> str:
    return interval(*(100 * row[name] for name in ("value", "low", "high"))) + " %"


def has_clusters(table: pd.DataFrame, method: str) -> bool:
    """Whether a method finds clusters rather than a partition of a continuum.

    It does where the clusterings of resampled days agree more closely on the real maps than on
    surrogate maps without clusters, beyond the 95 % interval.

    Args:
        table: From `methodtable.method_table`.
        method: Name of the method.
    """
    row = _over_all_seeds(table, method, "stability_days_over_null", "train")
    return row is not None and bool(row["low"] > 0)


def null_sentence(table: pd.DataFrame, methods: list[str]) -> str:
    """Sentence that says which methods find clusters.

    Args:
        table: From `methodtable.method_table`.
        methods: Names of the methods.
    """
    parts = []
    for method in methods:
        row = _over_all_seeds(table, method, "stability_days", "train")
        if row is None:
            continue
        verdict = "clusters" if has_clusters(table, method) else "no clusters"
        parts.append(f"{method}: {verdict} (ARI {row['value']:.2f}, surrogates {row['null']:.2f})")
    return (
        "Are there clusters? Agreement (ARI) of clusterings of resampled days, on the real maps "
        "and on surrogate maps without clusters. " + "; ".join(parts) + "."
    )


def joint_sentence(table: pd.DataFrame, joint: list[str], group: str = "test") -> str:
    """Sentence that says whether joint training of network and clusters improves the skill.

    A joint method helps where the 95 % interval of its CRPS skill minus that of k-means lies above
    zero, and hurts where it lies below.

    Args:
        table: From `methodtable.method_table`.
        joint: Names of the joint methods.
        group: Split on which the skill is measured.
    """
    parts = []
    for method in joint:
        row = _over_all_seeds(table, method, "crps_skill_over_kmeans", group)
        if row is None or not np.isfinite(row["low"]):
            parts.append(f"{method}: no result (k-means was not run, or too few days)")
            continue
        verdict = (
            "helps" if row["low"] > 0 else "hurts" if row["high"] < 0 else "makes no difference"
        )
        parts.append(
            f"{method} {verdict} ({row['value']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}])"
        )
    return (
        "Does joint training of network and clusters help? CRPS skill of the cluster's score "
        f"distribution on the {group} days, minus that of k-means on the auto-encoder alone: "
        + "; ".join(parts).replace("-0", "−0")
        + "."
    )


def _over_all_seeds(table: pd.DataFrame, method: str, measure: str, group: str) -> pd.Series | None:
    rows = table[
        (table["method"] == method)
        & (table["measure"] == measure)
        & (table["group"] == group)
        & (table["seed"] == ALL_SEEDS)
    ]
    return rows.iloc[0] if len(rows) else None
