"""Section of the report on the clusters of maps."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rainscore.clustering.algorithms.methods import METHODS
from rainscore.clustering.labels import MAX_WIDTH, MIN_DAYS
from rainscore.clustering.methodtable import ALL_SEEDS
from rainscore.clustering.naming import HOURS, SEASONS
from rainscore.clustering.scoredistributions import DRY
from rainscore.evaluation.clusterchecks import CLUSTER, POOL, all_maps_row
from rainscore.io import read_json, read_table
from rainscore.report.codetext import (
    CODES_TEXT,
    families_table,
    separation_sentence,
    skill_sentences,
    skill_table,
)
from rainscore.report.numbers import count, interval, number
from rainscore.report.page import Picture, Section, Table
from rainscore.report.registry import SECTIONS
from rainscore.report.reportfiles import ReportFiles

TEXT = (
    "Maps with enough rain are clustered without using the scores of single maps: by the families "
    "of codes that they are made of (method codes), or by the latent vector of the auto-encoder. "
    "The name of a cluster follows from the mean rain area, intensity and texture of its maps, and "
    "from their source where it differs from that of the other maps. The label of a cluster is the "
    "distribution of the map scores of its maps on all days but the test days, shrunk towards that "
    "of all clustered maps where there are few days. Its 90 % interval is calibrated by leaving "
    "out days."
)


LABELS_CAPTION = (
    "Clusters: map score of a new map (median and 90 % interval) [1], score of all maps together "
    f"[1], and properties of the maps. Uncertain: fewer than {MIN_DAYS} days, or a 95 % interval "
    f"of the median wider than {MAX_WIDTH}."
)


def clusters_section(files: ReportFiles, pictures: list[Picture]) -> Section:
    """Return the section on the clusters: labels, their check, and the clustering methods."""
    labels = read_table(files.labels)
    false_alarm_rate = read_json(files.clusters_card)["false_alarm_rate"]
    atlas = read_table(files.atlas)
    skill = read_table(files.code_skill)
    paragraphs = [
        CODES_TEXT,
        *skill_sentences(skill),
        TEXT,
        checks_text(read_table(files.checks), false_alarm_rate=false_alarm_rate),
        separation_sentence(read_table(files.separation)),
        *_methods_text(read_table(files.methods)),
    ]
    table = Table(labels_table(labels), LABELS_CAPTION, f"{count(labels['maps'].sum())} maps")
    tables = [families_table(atlas), skill_table(skill), table]
    return Section(SECTIONS["clusters"], "\n\n".join(paragraphs), pictures, tables)


def _methods_text(table: pd.DataFrame) -> list[str]:
    """Return a paragraph on whether joint training helps; none without joint methods."""
    used = [name for name in METHODS if (table["method"] == name).any()]
    joint = [name for name in used if METHODS[name].joint]
    return [joint_sentence(table, joint)] if joint else []


def labels_table(labels: pd.DataFrame) -> pd.DataFrame:
    """Return the labels of the clusters as a table for readers.

    Args:
        labels: Table of `label_clusters`.
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
            "score of all maps": labels["score_of_sums"],
            "sample": labels["uncertain"].map({True: "uncertain", False: "sufficient"}),
            "most frequent season": _most_frequent(labels, SEASONS),
            "most frequent hours": _most_frequent(
                labels, {f"hour_{i}": text for i, text in enumerate(HOURS)}
            ),
            "microwave [%]": 100 * labels["microwave"],
            "time since last pass [h]": labels["age_h"],
        }
    )
    simulated = labels["regime"].fillna("") != ""
    if simulated.any():
        shares = labels["regime_share"].mul(100).map("{:.0f} %".format)
        regimes = labels["regime"] + " (" + shares + ")"
        frame["most frequent true regime"] = regimes.where(simulated, "–")
    return frame


def _most_frequent(labels: pd.DataFrame, names: Mapping[str, str]) -> list[str]:
    """Return the name and share of the largest of some columns, a dash where all are zero."""
    shares = labels[list(names)].fillna(0)
    return [
        f"{names[str(column)]} ({100 * share:.0f} %)" if share > 0 else "–"
        for column, share in zip(shares.idxmax(axis=1), shares.max(axis=1), strict=True)
    ]


def checks_text(checks: pd.DataFrame, *, false_alarm_rate: float) -> str:
    """Return sentences on coverage, novelty flag and skill of the labels on held-out days.

    Args:
        checks: Table of `clusterchecks.check_labels`.
        false_alarm_rate: Share of ordinary maps that the novelty flag is set to mark [1].
    """
    sentences = []
    for split, days in (
        ("map", "test days"),
        ("left out", "days, each left out in turn from the labels"),
    ):
        row = all_maps_row(checks, CLUSTER, "coverage", split)
        if row is not None:
            sentences.append(
                f"The 90 % interval of the label covers {_percent(row)} of the map scores on "
                f"{row['days']} {days} ({number(row['n'])} maps)."
            )
    row = all_maps_row(checks, CLUSTER, "false_alarms", "novelty")
    if row is not None:
        sentences.append(
            f"The novelty flag is set to mark {100 * false_alarm_rate:g} % of ordinary maps; it "
            f"marks {_percent(row)} of {number(row['n'])} clustered test maps "
            f"({row['days']} days)."
        )
    sentences += _detected_text(checks)
    row = all_maps_row(checks, POOL, "crps_gain", "map")
    if row is not None:
        verdict = (
            "improves" if row["low"] > 0 else "worsens" if row["high"] < 0 else "does not improve"
        )
        sentences.append(
            f"Averaging the distribution of the cluster with that of the U-Net {verdict} the "
            "prediction of the map score: CRPS skill relative to the U-Net alone "
            f"{interval(row['value'], row['low'], row['high'])} on the same test days."
        )
    return " ".join(sentences)


def _detected_text(checks: pd.DataFrame) -> list[str]:
    """Return a sentence on how many artificially changed maps the novelty flag marks."""
    rows = checks[checks["measure"] == "detected"]
    if rows.empty:
        return []
    shares = [
        f"{name} {100 * x:.0f} %" for name, x in zip(rows["group"], rows["value"], strict=True)
    ]
    return [
        f"Of {number(rows['n'].iloc[0])} of these maps with artificial changes it marks: "
        f"{'; '.join(shares)}. Changes with a low percentage are not detected."
    ]


def _percent(row: pd.Series) -> str:
    return interval(*(100 * row[name] for name in ("value", "low", "high"))) + " %"


def joint_sentence(table: pd.DataFrame, joint: list[str], group: str = "test") -> str:
    """Return a sentence on whether joint training of network and clusters improves the skill.

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
