"""Sections of the report, from the result files of a run."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from rainscore.io import read_table
from rainscore.report.clustertext import clusters_section
from rainscore.report.datatext import choice_section, data_section
from rainscore.report.gaugetext import gauges_section
from rainscore.report.numbers import count
from rainscore.report.page import Picture, Section, Table
from rainscore.report.registry import FIGURES, SCORED, SECTIONS, WALK
from rainscore.report.reportfiles import ReportFiles
from rainscore.report.runsample import RunSample
from rainscore.report.skilltext import skill_section, summary_section
from rainscore.report.tables import pivot

MEASURES = {
    "score": "score [1]",
    "bias": "relative bias [1]",
    "cc": "correlation [1]",
    "rmse": "RMSE [mm/h]",
    "fss": "FSS [1]",
    "pod": "POD [1]",
    "far": "FAR [1]",
    "csi": "CSI [1]",
    "hss": "HSS [1]",
}
"""Heading of each measure of the table of the scores by source."""


def sections(files: ReportFiles, sample: RunSample, captions: Mapping[str, str]) -> list[Section]:
    """Return the sections of the report in order.

    Args:
        files: Result files of the run.
        sample: Sample of the run.
        captions: Caption of each figure and of the pictures of scored maps, by name.
    """
    pictures = _pictures(files, sample, captions)
    scored = _scored_pictures(files, captions[SCORED])
    parts = [
        summary_section(files, sample, _walk_pictures(files, captions[WALK])),
        data_section(files, pictures["data"]),
        choice_section(files, pictures["choice"]),
        Section(SECTIONS["training"], TRAINING_TEXT, pictures["training"]),
        _analysis_section(files, pictures["analysis"], sample),
        skill_section(files, pictures["skill"]),
        clusters_section(files, pictures["clusters"]),
        Section(SECTIONS["scored"], _scored_text(len(scored)), scored),
    ]
    if files.verification:
        parts.append(gauges_section(files, pictures["gauges"]))
    if files.rain:
        parts.append(_world_section(files, pictures["world"], sample))
    return parts


TRAINING_TEXT = (
    "The U-Net predicts the score map from IMERG; the auto-encoder compresses a rain map into a "
    "latent vector for clustering. Both are trained on the training days and selected on the "
    "validation days."
)


ANALYSIS_TEXT = (
    "Agreement of IMERG with the radar by place, source, time since the last microwave pass, "
    "season, hour, intensity, weather regime, wavelength and time shift. The score refers to "
    "windows, the other measures to IMERG's 0.1° cells. All measures are functions of sums over "
    "time, so that classes can be added exactly. Classes of fewer than three days are not drawn."
)


WORLD_TEXT = (
    "Comparison of the simulated world with published and real values. Results of the simulation "
    "are relevant to real data as far as these agree; known differences are listed in "
    "docs/simulation.md."
)


def _pictures(
    files: ReportFiles, sample: RunSample, captions: Mapping[str, str]
) -> dict[str, list[Picture]]:
    """Return the drawn figures of each section in the order of the registry."""
    paths = {Path(path).stem: Path(path) for path in files.figures}
    pictures: dict[str, list[Picture]] = {section: [] for section in SECTIONS}
    for figure in FIGURES:
        if figure.name in paths:
            caption = captions[figure.name]
            alt = caption.split(". ")[0]
            picture = Picture(paths[figure.name], caption, alt, sample.text)
            pictures[figure.section].append(picture)
    return pictures


def _walk_pictures(files: ReportFiles, caption: str) -> list[Picture]:
    return [
        Picture(path, caption, f"{pd.Timestamp(path.stem):%Y-%m-%d %H:%M} UTC", "one half-hour")
        for path in sorted(Path(files.walk).glob("*.png"))
    ]


def _scored_pictures(files: ReportFiles, caption: str) -> list[Picture]:
    return [
        Picture(path, f"{caption} {path.stem}", f"Scored map {path.stem}", "one half-hour")
        for path in sorted(Path(files.scored).glob("*.png"))
    ]


def _scored_text(number: int) -> str:
    return (
        f"{number} maps were scored without radar, as new maps are. The NetCDF files are in "
        "results/scored."
    )


def _analysis_section(files: ReportFiles, pictures: list[Picture], sample: RunSample) -> Section:
    conditions = read_table(files.conditions)
    rows = conditions[conditions["grouping"].isin(["source", "all"])]
    rows = rows.assign(source=rows["source"].fillna("all"))
    rows = rows[rows["measure"].isin(MEASURES) & rows["value"].notna()]
    rows = rows.assign(measure=rows["measure"].map(MEASURES))
    overall = conditions[conditions["grouping"] == "all"].iloc[0]
    caption = (
        "Agreement by source: score and FSS over windows, other measures over IMERG's cells; FSS, "
        "POD, FAR, CSI and HSS (fractions skill score, probability of detection, false alarm "
        "ratio, critical success index, Heidke skill score) at the threshold of the score. In "
        "brackets: 95 % intervals from resampled days."
    )
    text = f"{count(overall['n'])} cells, {count(overall['windows'])} windows, {sample.days} days"
    table = Table(pivot(rows, index="source", columns="measure"), caption, text)
    return Section(SECTIONS["analysis"], ANALYSIS_TEXT, pictures, [table])


def _world_section(files: ReportFiles, pictures: list[Picture], sample: RunSample) -> Section:
    rows = pd.concat([read_table(path) for path in (*files.rain, *files.satellite)])
    headings = {"low": "target from", "high": "target to", "reference": "real or published"}
    rows = rows[rows[list(headings)].notna().any(axis=1)].rename(columns=headings)
    caption = (
        "Simulated values with their target ranges and the real or published values. CC: "
        "correlation; POD: probability of detection; FAR: false alarm ratio; HSS: Heidke skill "
        "score. In brackets: units."
    )
    return Section(SECTIONS["world"], WORLD_TEXT, pictures, [Table(rows, caption, sample.text)])
