"""Sections of the report on the skill: the summary of the run, and the held-out days."""

import numpy as np
import pandas as pd

from rainscore.evaluation.rivals import BOOSTING
from rainscore.evaluation.skill import (
    ALL_CASES,
    AT_HOME,
    INPUTS,
    MAP_INPUTS,
    OF_UNET,
    UNET,
)
from rainscore.evaluation.transferskill import UNET_SKILL
from rainscore.io import read_json, read_table
from rainscore.report.numbers import MISSING, interval
from rainscore.report.page import Number, Picture, Section, Table
from rainscore.report.registry import SECTIONS
from rainscore.report.reportfiles import ReportFiles
from rainscore.report.runsample import RunSample
from rainscore.report.tables import largest_days, largest_sample, pivot
from rainscore.scores.localscore import LOCAL_SCORES
from rainscore.training.inputstates import STATES

MEASURES = {
    "crps_skill": "CRPS skill [1]",
    "mae": "mean absolute error [1]",
    "coverage": "coverage of the 90 % interval [1]",
    "width": "width of the interval [1]",
    "rank_correlation": "rank correlation [1]",
    "auc_bad_map": "area under the ROC curve, bad maps [1]",
}
"""Heading of each measure of the tables of the skill."""


SIMULATED = (
    "The data are simulated. The results show whether the method works and where it fails; they do "
    "not describe the real IMERG."
)


TRANSFER_KINDS = {"unseen world": "in unseen worlds", "real radar": "on real rain"}
"""Words for the kinds of cases on which nothing is learnt."""


FEW_DAYS = "There are fewer than two test days: the skill has no interval and is not conclusive."


SKILL_TEXT = (
    "Results on held-out days, which were not used to train, select or calibrate any method. For "
    "windows in which IMERG has rain, the methods predict the distribution of the score. For "
    "windows in which IMERG has none, the U-Net predicts the probability that the radar has rain "
    "there (hidden rain). Both are evaluated separately."
)


def summary_section(files: ReportFiles, sample: RunSample, slides: list[Picture]) -> Section:
    """Return the first section: main numbers, what was done, maps in time, skill of the methods."""
    skill = read_table(files.skill)
    days = largest_days(skill)
    score = read_json(files.unet_card)["score"]
    paragraphs = [
        f"{sample.maps} IMERG maps from {sample.days} days were scored against the radar by the "
        f"{LOCAL_SCORES[score['name']]} at a threshold of {score['wet_threshold_mm_h']:g} mm/h in "
        f"windows of {score['window_km']:g} km. A U-Net was trained to predict this score from "
        f"IMERG alone. The table compares it on {days} held-out days with simpler methods. The "
        "CRPS skill measures the predicted distribution relative to climatology: 0 is no "
        "improvement, 1 is perfect."
    ]
    if sample.world == "simulated":
        paragraphs.append(SIMULATED)
    if days < 2:
        paragraphs.append(FEW_DAYS)
    table = _skill_table(skill, "all", "Score of each window with rain in IMERG", "windows")
    transfer = [read_table(path) for path in files.transfer]
    numbers = main_numbers(skill, *transfer)
    return Section(
        "Summary", "\n\n".join(paragraphs), tables=[table], numbers=numbers, slides=slides
    )


def main_numbers(skill: pd.DataFrame, transfer: pd.DataFrame | None = None) -> list[Number]:
    """Return the numbers of the first screen: skill, its change elsewhere, and coverage.

    Args:
        skill: Table of `skill.skill_table`.
        transfer: Table of `transferskill.transfer_table`, if the run has such cases.
    """
    rows = skill[skill["split"] == "all"]
    skills = _by(rows[rows["measure"] == "crps_skill"], "method")
    covered = _by(rows[rows["measure"] == "coverage"], "method")
    rivals = [name for name in skills if not name.startswith(OF_UNET)]
    best = max(rivals, key=lambda name: skills[name][0])
    numbers = [
        _skill_number(
            "CRPS skill of the U-Net",
            skills[UNET],
            f"best other method, {best}: {skills[best][0]:.2f}",
        ),
        Number(
            "Scores inside the 90 % interval",
            f"{100 * covered[UNET][0]:.0f} %",
            "on the held-out days",
        ),
    ]
    if transfer is not None:
        pooled = transfer[(transfer["method"] == UNET) & (transfer["split"] == "all")]
        pooled = pooled[pooled["case"] == ALL_CASES]
        kinds = _by(pooled[pooled["measure"] == "crps_skill"], "kind")
        for kind, name in TRANSFER_KINDS.items():
            if kind in kinds and np.isfinite(kinds[kind][0]):
                home = f"{kinds[AT_HOME][0]:.2f} on the held-out days"
                numbers.append(_skill_number(f"CRPS skill {name}", kinds[kind], home))
    return numbers


def _by(rows: pd.DataFrame, column: str) -> dict[str, tuple[float, float, float]]:
    """Return value, low and high of each row, by the name in a column."""
    bounds = zip(rows["value"], rows["low"], rows["high"], strict=True)
    return dict(zip(rows[column], bounds, strict=True))


def _skill_number(label: str, row: tuple[float, float, float], note: str) -> Number:
    value, _, bounds = interval(*row, decimals=2).partition(" ")
    return Number(label, value, f"95 % interval {bounds}; {note}" if bounds else note)


def skill_section(files: ReportFiles, pictures: list[Picture]) -> Section:
    """Return the section on the skill: whole maps, paired comparison, hidden rain."""
    skill = read_table(files.skill)
    tables = [
        _skill_table(skill, "map", "Score of the whole map", "maps"),
        _paired_table(read_table(files.paired)),
        inputs_table(skill),
        _hidden_table(skill),
    ]
    sentences = [transfer_text(read_table(path)) for path in files.transfer]
    return Section(SECTIONS["skill"], "\n\n".join([SKILL_TEXT, *sentences]), pictures, tables)


def inputs_table(skill: pd.DataFrame) -> Table:
    """Return the table of coverage and width of the 90 % interval by the available inputs.

    Args:
        skill: Table of `heldout.Skill`.
    """
    rows = skill[skill["split"].isin([INPUTS, MAP_INPUTS])]
    columns = {}
    for split, kind in ((INPUTS, "windows"), (MAP_INPUTS, "whole maps")):
        for measure, name in (("coverage", "scores inside"), ("width", "width")):
            part = rows[(rows["split"] == split) & (rows["measure"] == measure)].set_index("group")
            for column, ending in (("value", ""), ("low", "_low"), ("high", "_high")):
                columns[f"{kind}: {name}{ending}"] = part[column]
    states = [state for state in STATES if state in set(rows["group"])]
    caption = (
        "90 % interval of the U-Net by the inputs that are available: share of the observed scores "
        "inside it and its width [1], from every third map. In brackets: 95 % intervals from "
        "resampled blocks of two days."
    )
    frame = pd.DataFrame(columns).reindex(states).rename_axis("available inputs").reset_index()
    return Table(frame, caption, largest_sample(rows, "windows"))


def transfer_text(transfer: pd.DataFrame) -> str:
    """Sentence on the U-Net in unseen worlds and on real rain.

    Args:
        transfer: Table of `transferskill.transfer_table`.
    """
    together = transfer[(transfer["split"] == "all") & (transfer["case"] == ALL_CASES)]
    pooled = together[together["method"] == UNET].set_index(["measure", "kind"])["value"]
    rival = together[(together["method"] == BOOSTING) & (together["measure"] == UNET_SKILL)]
    gains = _by(rival, "kind")
    home = pooled["crps_skill", AT_HOME]
    parts = [f"The CRPS skill of the U-Net is {home:.2f} at home, on the held-out days"]
    for kind, name in TRANSFER_KINDS.items():
        skill = pooled.get(("crps_skill", kind), np.nan)
        if np.isnan(skill):
            continue
        kept = f" ({100 * skill / home:.0f} % of it)" if home > 0 else ""
        coverage = 100 * pooled["coverage", kind]
        parts.append(
            f"{name} it is {skill:.2f}{kept}, and the 90 % interval holds {coverage:.0f} % of the "
            "scores"
        )
        if kind in gains:
            parts[-1] += f", and its CRPS skill relative to {BOOSTING} is {interval(*gains[kind])}"
    return "; ".join(parts) + "."


def _skill_table(skill: pd.DataFrame, split: str, title: str, unit: str) -> Table:
    rows = skill[(skill["split"] == split) & skill["measure"].isin(MEASURES)].copy()
    crps_skill = rows[rows["measure"] == "crps_skill"].set_index("method")["value"]
    rows["rank"] = rows["method"].map(crps_skill)
    rows["order"] = rows["measure"].map({name: i for i, name in enumerate(MEASURES)})
    rows = rows.sort_values(["rank", "order"], ascending=[False, True])
    rows["measure"] = rows["measure"].map(MEASURES)
    caption = (
        f"{title}: measures on the held-out days. In brackets: 95 % intervals from resampled "
        "blocks of two days."
    )
    frame = pivot(rows, index="method", columns="measure")
    return Table(frame, caption, largest_sample(rows, unit))


def _paired_table(paired: pd.DataFrame) -> Table:
    rows = paired[(paired["method"] == "U-Net") & paired["split"].isin(["all", "map"])]
    columns = ["split", "other", "skill", "skill_low", "skill_high", "p"]
    frame = rows[columns].sort_values(["split", "skill"])
    frame = frame.assign(
        split=frame["split"].map({"all": "each window", "map": "whole map"}),
        p=[f"{p:.3f}" if np.isfinite(p) else MISSING for p in frame["p"]],
    )
    caption = (
        "CRPS skill of the U-Net relative to each other method on the same held-out windows or "
        "maps. In brackets: 95 % intervals; p: probability of no difference; both from the same "
        "resampled blocks of two days."
    )
    names = {"split": "score of", "other": "reference method", "skill": "CRPS skill [1]"}
    bounds = {f"skill_{end}": f"CRPS skill [1]_{end}" for end in ("low", "high")}
    return Table(frame.rename(columns=names | bounds), caption, f"{largest_days(rows)} days")


def _hidden_table(skill: pd.DataFrame) -> Table:
    rows = skill[skill["measure"] == "brier"][["method", "value", "low", "high", "n", "days"]]
    caption = (
        "Brier score [1] of the probability of hidden rain where IMERG has none (lower is better). "
        "In brackets: 95 % intervals from resampled blocks of two days."
    )
    frame = rows.drop(columns=["n", "days"])
    return Table(frame, caption, largest_sample(rows, "windows"))
