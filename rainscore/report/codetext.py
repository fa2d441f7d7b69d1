"""Text and tables of the report on the codes of windows."""

import numpy as np
import pandas as pd

from rainscore.clustering.naming import HOURS, SEASONS
from rainscore.evaluation.codeskill import MAPS, WET_SHARE, WINDOWS
from rainscore.evaluation.skill import ALL_CASES, AT_HOME, CLIMATOLOGY, UNET
from rainscore.report.numbers import MISSING, count, interval
from rainscore.report.page import Table

CODES_TEXT = (
    "The features of the last decoder level of the U-Net, one vector per pixel, are clustered by "
    "k-means into codes. Each code is labelled with the distribution of the scores of its windows "
    "on the training and the calibration days; codes with similar distributions form a family. The "
    "atlas describes each family: what the rain looks like (an example, and the prototype, "
    "which is the mean), how good IMERG is there, what limits it, the amount or the place of the "
    "rain, and what follows half an hour later. The command rainscore explain names the codes "
    "of a scored map, and the file results/codes/atlas.parquet describes all codes."
)

MEASURES = {
    "crps_skill": "CRPS skill [1]",
    "of_unet": "share of the U-Net's",
    "over_wet_share": "gain over wet share [1]",
}
"""Heading of each measure of the table of skill."""


def families_table(atlas: pd.DataFrame) -> Table:
    """Return the atlas of the families as a table for readers.

    Args:
        atlas: Table of `atlas.describe_codes`.
    """
    rows = atlas[(atlas["level"] == "family") & (atlas["windows"] > 0)]
    season = rows[list(SEASONS)].idxmax(axis=1).map(SEASONS)
    hours = [f"hour_{i}" for i in range(len(HOURS))]
    quarter = np.array(HOURS)[rows[hours].to_numpy().argmax(axis=1)]
    frame = pd.DataFrame(
        {
            "family": rows["number"].astype(str),
            "name": rows["name"],
            "share of the windows [%]": 100 * rows["share"],
            "score": rows["median"],
            "score_low": rows["low"],
            "score_high": rows["high"],
            "score exactly 0 [%]": 100 * rows["zero"],
            "amount factor": rows["amount_factor"],
            "place factor": rows["place_factor"],
            "hit [mm/h]": rows["hit_rain"],
            "missed [mm/h]": rows["missed_rain"],
            "false [mm/h]": rows["false_rain"],
            "time since last pass [h]": rows["age_h"],
            "land [%]": 100 * rows["land"],
            "most frequent season": season,
            "most frequent hours": quarter,
            "next: the same [%]": 100 * rows["stays"],
            "next: no rain [%]": 100 * rows["ends"],
            "next: other family": _next_families(rows),
        }
    )
    caption = (
        "Families of codes: local score of a new window (median and 90 % interval) [1] and "
        "probability of a score of exactly 0; mean factors of the affinity [1], mean rain of both "
        "products, of the radar alone and of IMERG alone, and conditions, on all days but the test "
        "days. Next: what follows half an hour later at the same pixel: the same family, no rain "
        "of IMERG, and the most frequent other family with its share."
    )
    return Table(
        frame, caption, f"{count(rows['windows'].sum())} windows of {rows['days'].max()} days"
    )


def _next_families(rows: pd.DataFrame) -> list[str]:
    """Number and share of the most frequent other family half an hour later."""
    return [
        MISSING if pd.isna(number) else f"{number} ({100 * share:.0f} %)"
        for number, share in zip(rows["next_family"], rows["next_share"], strict=True)
    ]


def skill_table(skill: pd.DataFrame) -> Table:
    """Return the skill of codes, clusters of maps and the U-Net as a table for readers.

    Args:
        skill: Table of `codeskill.evaluate_codes`.
    """
    rows = _over_cases(skill)
    rows = rows[(rows["method"] != CLIMATOLOGY) & rows["measure"].isin(MEASURES)]
    keys = ["level", "kind", "method", "classes", "days", "n"]
    frame = rows[keys].drop_duplicates().reset_index(drop=True)
    for measure, heading in MEASURES.items():
        part = rows[rows["measure"] == measure].rename(
            columns={"value": heading, "low": f"{heading}_low", "high": f"{heading}_high"}
        )
        columns = [heading, f"{heading}_low", f"{heading}_high"]
        frame = frame.merge(part[["level", "kind", "method", *columns]], how="left")
    frame = frame.rename(columns={"kind": "place", "n": "windows or maps"})
    caption = (
        "Skill of codes of windows and of clusters of maps for the local score and the map score, "
        "against the climatology of the training days, with 95 % intervals over resampled blocks "
        "of two days."
    )
    return Table(frame, caption, f"{int(frame['days'].max())} days")


def skill_sentences(skill: pd.DataFrame) -> list[str]:
    """Return a sentence on how much of the U-Net's skill codes and clusters keep.

    Args:
        skill: Table of `codeskill.evaluate_codes`.
    """
    rows = _over_cases(skill)
    parts = []
    for kind in rows["kind"].unique():
        for level in (WINDOWS, MAPS):
            part = rows[(rows["kind"] == kind) & (rows["level"] == level)]
            part = part[(part["measure"] == "of_unet") & (part["classes"] > 0)]
            best = part[part["method"] != WET_SHARE].nlargest(1, "value")
            parts += [
                f"{level}, {_place(kind)}: {row['method']} ({row['classes']} classes) "
                f"{interval(*(100 * row[name] for name in ('value', 'low', 'high')))} %"
                for _, row in best.iterrows()
            ]
    return [f"Share of the CRPS skill of the U-Net that codes keep: {'; '.join(parts)}."]


def separation_sentence(table: pd.DataFrame) -> str:
    """Return a sentence on whether maps fall into groups, with the power of the test.

    Args:
        table: Table of `separation.separation_table`.
    """
    parts = []
    for space, rows in table.groupby("space", sort=False):
        own = rows[rows["groups"] == 0].iloc[0]
        planted = rows[(rows["groups"] > 1) & (rows["separation"] == 4)].iloc[0]
        verdict = "groups" if own["found"] else "no groups"
        parts.append(
            f"{space}: {verdict} (p = {own['p_value']:.2f}, {own['days']} days; two planted groups "
            f"4σ apart are found in {100 * planted['found']:.0f} % of {planted['trials']} trials)"
        )
    return (
        "Do maps fall into groups, or are clusters a partition of a continuum? Dip test of the "
        "maps in the direction of lowest kurtosis, found on other days: " + "; ".join(parts) + "."
    )


def _place(kind: str) -> str:
    return "test days" if kind == AT_HOME else f"{kind}s"


def _over_cases(skill: pd.DataFrame) -> pd.DataFrame:
    """Rows over all cases of a kind."""
    return skill[(skill["case"] == ALL_CASES) & (skill["method"] != UNET)]
