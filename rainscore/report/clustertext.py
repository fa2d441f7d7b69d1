"""What the report says of the clusters."""

from collections.abc import Mapping

import pandas as pd

from rainscore.clustering.labels import FEW_DAYS, WIDE
from rainscore.clustering.naming import HOURS, SEASONS
from rainscore.clustering.scorecounts import DRY
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
    f"{FEW_DAYS} days, or a 95 % interval of the median wider than {WIDE}."
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
