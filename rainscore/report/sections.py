"""What the report says, from the files of a run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from rainscore.clustering.algorithms.methods import METHODS
from rainscore.imerg.manifests import read_manifest
from rainscore.io import read_json
from rainscore.report.clustertext import (
    LABELS,
    TEXT,
    checks_text,
    joint_sentence,
    labels_table,
    null_sentence,
)
from rainscore.report.page import Figure, Section, Table, pivot
from rainscore.report.results import Results
from rainscore.scores.localscore import LOCAL_SCORES

MEASURES = {
    "crps_skill": "CRPS skill",
    "mae": "mean absolute error",
    "coverage": "coverage of its 90 % interval",
    "width": "width of the interval",
    "rank_correlation": "rank correlation",
    "auc_bad_map": "area under ROC, bad map",
}


FOUND = (
    "skill_maps",
    "skill_by_age",
    "skill_by_condition",
    "skill_by_two",
    "cycles",
    "performance",
    "contingency",
    "rates",
    "spectra",
    "timing",
)


PREDICTED = (
    "skill",
    "map_skill",
    "paired",
    "coverage",
    "reliability",
    "predicted",
    "learning",
    "importance",
    "ablation",
    "sensitivity",
    "cases",
    "more_cases",
)


SIMULATED = (
    "This world is simulated: its numbers show that the method works and where it fails, and say "
    "nothing about the real IMERG."
)


FEW_DAYS = (
    "The test days are so few that the skill proves nothing; no interval can be given from one day."
)


def sections(run: Results, captions: Mapping[str, str]) -> list[Section]:
    """Sections of the report, in order.

    Args:
        run: The run's files.
        captions: Caption of each figure, by its name; a figure that was not drawn is left out.
    """
    skill = run.read("evaluation/skill.parquet")

    def figures(*names: str) -> list[Figure]:
        paths = [(name, run.folder / f"figures/{name}.svg") for name in names if name in captions]
        return [
            Figure(path, captions[name], captions[name].split(". ")[0], run_sample(run))
            for name, path in paths
        ]

    return [
        _first(run, skill, captions["scored"]),
        Section("Data", _data_text(run), figures("availability"), [_states(run)]),
        Section(
            "Which score",
            _choice_text(run),
            figures("evidence", "responses", "redundancy"),
            [_evidence(run)],
        ),
        Section(
            "Scores found",
            "How well IMERG agrees with the radar, by place, source, time from the microwave "
            "passes, season, hour, intensity, weather, wavelength and time shift: the score over "
            "its windows, the other measures over IMERG's own cells. Each is a function of sums, "
            "so the classes add up exactly. A class met on fewer than three days is not drawn.",
            figures(*FOUND),
            [_skill_by_source(run)],
        ),
        Section(
            "Scores predicted from IMERG alone",
            "Held-out days only: no network, no baseline and no calibration has seen them. Where "
            "IMERG has rain in the window the quantiles of the score are predicted; where it has "
            "none, the probability that rain is hidden there. The two are never blended.",
            figures(*PREDICTED),
            [_skill_table(skill, "map", "Score of the whole map"), _paired(run), _hidden(skill)],
        ),
        Section(
            "Clusters of maps, and what they say of the score",
            _clusters_text(run),
            figures("clusters", "latents", "transitions", "desom_map", "latent_sizes"),
            [_labels(run)],
        ),
        _methods(run, figures("methods")),
        Section(
            "New maps, scored without radar", _new_text(run), _scored(run, captions["scored"])[1:]
        ),
        *([_world(run, figures("world"))] if "world" in captions else []),
    ]


def _world(run: Results, drawn: list[Figure]) -> Section:
    text = (
        "How far the embedded world agrees with what is published: the better it does, the more "
        "what is learnt in it means. What it still gets wrong is in docs/simulation.md."
    )
    rows = pd.concat([run.read(f"world/{part}.parquet") for part in ("rain", "satellite")])
    aims = {"low": "aim from", "high": "aim to", "reference": "real or published"}
    rows = rows[rows[list(aims)].notna().any(axis=1)].rename(columns=aims)
    caption = "The simulated world, its aims, and the real or published values."
    return Section("The simulated world", text, drawn, [Table(rows, caption, run_sample(run))])


def run_sample(run: Results) -> str:
    """Sample of the whole run, in words."""
    return f"{run.maps} maps, {run.days} days"


def _skill_by_source(run: Results) -> Table:
    skill = run.read("analysis/conditions.parquet")
    rows = skill[skill["grouping"].isin(["source", "all"])]
    rows = rows.assign(source=rows["source"].fillna("all"))
    shown = {"score": "score", "bias": "relative bias", "cc": "correlation", "rmse": "RMSE [mm/h]"}
    shown |= {name: name.upper() for name in ("fss", "pod", "far", "csi", "hss")}
    rows = rows[rows["measure"].isin(shown) & rows["value"].notna()]
    rows = rows.assign(measure=rows["measure"].map(shown))
    n, windows = (int(skill.loc[skill["grouping"] == "all", c].iloc[0]) for c in ("n", "windows"))
    caption = (
        "Skill by source: score and FSS over windows, the others over IMERG's cells; FSS and POD "
        "to HSS at the score's threshold. 95 % intervals from resampling days."
    )
    frame = pivot(rows, index="source", columns="measure")
    return Table(frame, caption, f"{n} cells, {windows} windows, {run.days} days")


def _days(rows: pd.DataFrame) -> int:
    return int(rows["days"].to_numpy().max(initial=0))


def _sample(rows: pd.DataFrame, unit: str, count: str = "n") -> str:
    """The largest sample of the rows, in words; none at all where there is no row."""
    return f"{int(rows[count].to_numpy().max(initial=0))} {unit}, {_days(rows)} days"


def _first(run: Results, skill: pd.DataFrame, caption: str) -> Section:
    card = read_json(run.folder / "models/unet.json")
    score = card["score"]
    text = (
        f"{run.maps} IMERG maps of {run.days} days were scored against the radar by the "
        f"{LOCAL_SCORES[score['name']]} at {score['wet_threshold_mm_h']:g} mm/h in windows of "
        f"{score['window_km']:g} km. A U-Net learnt to predict that score from IMERG alone; the "
        f"table compares it, on {_days(skill)} held-out days, with what is known without any "
        "network. Skill is that of the whole predictive distribution against climatology: 0 is "
        "no better, 1 perfect."
    )
    notes = [text]
    if run.world == "simulated":
        notes.append(SIMULATED)
    if _days(skill) < 2:
        notes.append(FEW_DAYS)
    table = _skill_table(skill, "all", "Score of each window where IMERG has rain")
    return Section("What was run", "\n\n".join(notes), _scored(run, caption)[:1], [table])


def _skill_table(skill: pd.DataFrame, split: str, what: str) -> Table:
    rows = skill[(skill["split"] == split) & skill["measure"].isin(MEASURES)].copy()
    best = rows[rows["measure"] == "crps_skill"].set_index("method")["value"]
    rows["rank"] = rows["method"].map(best)
    rows["order"] = rows["measure"].map({name: i for i, name in enumerate(MEASURES)})
    rows = rows.sort_values(["rank", "order"], ascending=[False, True])
    rows["measure"] = rows["measure"].map(MEASURES)
    caption = f"{what}: measures on the held-out days, with 95 % intervals from resampling days."
    frame = pivot(rows, index="method", columns="measure")
    return Table(frame, caption, _sample(rows, "maps" if split == "map" else "windows"))


def _paired(run: Results) -> Table:
    rows = run.read("evaluation/paired.parquet")
    rows = rows[(rows["method"] == "U-Net") & rows["split"].isin(["all", "map"])]
    frame = rows[["split", "other", "skill", "skill_low", "skill_high", "p"]].sort_values(
        ["split", "skill"]
    )
    frame = frame.assign(split=frame["split"].map({"all": "each window", "map": "whole map"}))
    caption = (
        "CRPS skill of the U-Net against each other method on the same held-out windows or maps, "
        "with 95 % intervals and the probability of no difference, from the same resampled days."
    )
    names = {"split": "score of", "other": "against"}
    return Table(frame.rename(columns=names), caption, f"{_days(rows)} days")


def _hidden(skill: pd.DataFrame) -> Table:
    rows = skill[skill["measure"] == "brier"][["method", "value", "low", "high", "n", "days"]]
    caption = (
        "Brier score of the probability that rain is hidden where IMERG has none (less is better)."
    )
    return Table(rows.drop(columns=["n", "days"]), caption, _sample(rows, "windows"))


def _states(run: Results) -> Table:
    rows = []
    for product, part in (("IMERG half-hours", "imerg"), ("radar frames", "radar")):
        manifest = pd.concat([read_manifest(path) for path in run.paths(f"{part}/{{}}.parquet")])
        counts = manifest["state"].value_counts()
        versions = sorted(set(manifest["version"]) - {""})
        rows.append(
            {
                "product": product,
                "expected": len(manifest),
                **{s: int(counts.get(s, 0)) for s in ("present", "missing", "damaged")},
                "version": ", ".join(versions),
            }
        )
    caption = (
        "What the period should hold, and what was found; what is missing or damaged stays missing."
    )
    return Table(pd.DataFrame(rows), caption, f"{rows[0]['expected']} half-hours")


def _data_text(run: Results) -> str:
    unusable = int((run.table["radar_state"] != 0).sum())
    unread = int((run.table["imerg_state"] != 0).sum())
    return (
        f"Of {len(run.table)} half-hours, {unread} have no readable IMERG map and {unusable} no "
        f"radar; {run.maps} have a score."
    )


def _choice_text(run: Results) -> str:
    choice = read_json(run.folder / "choice/choice.json")
    best, used = choice["recommended"], choice["used"]
    firm = choice["share_of_resamples"].get(best)
    without = [f"{name}: {score}" for name, score in choice["without_criterion"].items()]
    parts = [
        "Candidates were tried on the pairs, on known faults of the radar itself and on its own "
        f"noise, in windows laid side by side. The rule: {choice['rule']}.",
        f"It recommends “{best}” ({choice['candidates'][best]})"
        + (f", in {100 * firm:.0f} % of the resamples of days" if firm is not None else "")
        + f"; with one criterion left out it would recommend: {', '.join(without)}. The run uses "
        f"“{used}” ({choice['candidates'][used]}), as its configuration says.",
        "; ".join(f"{name}: {text}" for name, text in choice["criteria"].items()) + ".",
    ]
    if choice["left_out"]:
        parts.append(f"Left out for want of data: {', '.join(choice['left_out'])}.")
    return "\n\n".join(parts)


def _evidence(run: Results) -> Table:
    evidence = run.read("choice/evidence.parquet")
    criteria = read_json(run.folder / "choice/choice.json")["criteria"]
    kept = evidence[evidence["criterion"].isin([*criteria, "merit"])]
    frame = pivot(kept, index="score", columns="criterion")
    caption = "Evidence for each candidate, with 95 % intervals from resampling days."
    return Table(frame, caption, _sample(kept, "windows with rain", "windows"))


def _labels(run: Results) -> Table:
    labels = run.read(f"clusters/{run.method}_labels.parquet")
    return Table(labels_table(labels), LABELS, f"{int(labels['maps'].sum())} maps")


def _methods(run: Results, drawn: list[Figure]) -> Section:
    table = run.read("clusters/methods.parquet")
    used = [name for name in METHODS if (table["method"] == name).any()]
    said = [null_sentence(table, used)]
    joint = [name for name in used if METHODS[name].joint]
    if joint:
        said.append(joint_sentence(table, joint))
    return Section("Clustering methods", "\n\n".join(said), drawn)


def _clusters_text(run: Results) -> str:
    checks = run.read(f"clusters/{run.method}_coverage.parquet")
    novelty = read_json(run.folder / f"models/{run.method}.json")["false_alarm_rate"]
    return f"{TEXT}\n\n{checks_text(checks, novelty=novelty)}"


def _pictures(run: Results) -> Sequence[Path]:
    return sorted((run.folder / "scored").glob("*.png"))


def _scored(run: Results, caption: str) -> list[Figure]:
    return [
        Figure(path, f"{caption} {path.stem}", f"Scored map {path.stem}", "one half-hour")
        for path in _pictures(run)
    ]


def _new_text(run: Results) -> str:
    number = len(_pictures(run))
    return f"{number} maps were scored; the NetCDF files lie beside the pictures in results/scored."
