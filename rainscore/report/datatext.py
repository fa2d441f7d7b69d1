"""Sections of the report on the data and on the choice of the score."""

from collections.abc import Mapping

import pandas as pd

from rainscore.imerg.manifests import read_manifest
from rainscore.io import read_json, read_months, read_table
from rainscore.report.page import Picture, Section, Table
from rainscore.report.registry import SECTIONS
from rainscore.report.reportfiles import ReportFiles
from rainscore.report.tables import largest_sample, pivot


def data_section(files: ReportFiles, pictures: list[Picture]) -> Section:
    """Return the section on the data: how much is present, missing or damaged."""
    table = read_months(list(files.tables))
    text = (
        f"Of {len(table)} half-hours, {int((table['imerg_state'] != 0).sum())} have no readable "
        f"IMERG map, {int((table['radar_state'] != 0).sum())} have no radar, and "
        f"{int(table['map_score'].notna().sum())} have a map score."
    )
    if read_manifest(files.radar[0]).attrs.get("step_minutes", 0) > 30:
        text += (
            " The radar gives hourly sums: both products are compared as means of the hour, which "
            "have the time of its first half-hour."
        )
    return Section(SECTIONS["data"], text, pictures, [_states_table(files)])


def _states_table(files: ReportFiles) -> Table:
    products = {"IMERG half-hours": files.imerg, "radar frames": files.radar}
    rows = []
    for product, paths in products.items():
        manifest = pd.concat([read_manifest(path) for path in paths])
        counts = manifest["state"].value_counts()
        versions = sorted(set(manifest["version"]) - {""})
        rows.append(
            {
                "product": product,
                "expected": len(manifest),
                **{state: int(counts.get(state, 0)) for state in ("present", "missing", "damaged")},
                "version": ", ".join(versions),
            }
        )
    caption = (
        "Number of files or frames of the period by state. Missing and damaged data are treated as "
        "missing in all results."
    )
    return Table(pd.DataFrame(rows), caption, f"{rows[0]['expected']} half-hours")


def _recommendation(choice: dict) -> str:
    """Sentence on the recommended score."""
    recommended = choice["recommended"]
    if not recommended:
        return "No candidate meets the requirements of the rule."
    share = choice["share_of_resamples"].get(recommended)
    certainty = f", in {100 * share:.0f} % of the resamples of days" if share is not None else ""
    return f"The rule recommends “{recommended}” ({choice['candidates'][recommended]}){certainty}."


def _words(name: str) -> str:
    """Names of criteria as words: `scale_freedom` is scale freedom."""
    return name.replace("_", " ")


def _list(title: str, texts: Mapping[str, str]) -> str:
    """Paragraph of names and their meaning."""
    return f"{title}: " + "; ".join(f"{name}: {text}" for name, text in texts.items()) + "."


def choice_section(files: ReportFiles, pictures: list[Picture]) -> Section:
    """Return the section on the choice of the score: rule, recommendation and evidence."""
    choice = read_json(files.choice)
    used = choice["used"]
    alternatives = [
        f"{_words(k)}: {score or 'none'}" for k, score in choice["without_criterion"].items()
    ]
    paragraphs = [
        "Candidate scores were evaluated on the pairs of IMERG and radar, on the radar with known "
        "faults, and on consecutive radar frames, in adjacent windows. Rule: "
        f"{_words(choice['rule'])}.",
        _recommendation(choice)
        + f" Recommendation without one of the criteria: {', '.join(alternatives)}. The run uses "
        f"“{used}” ({choice['candidates'][used]}), as configured.",
        "Highest by one criterion alone: "
        + "; ".join(f"{_words(k)}: {', '.join(v)}" for k, v in choice["by_criterion_alone"].items())
        + ".",
        _list("Criteria", {_words(k): text for k, text in choice["criteria"].items()}),
        _list("Candidates", choice["candidates"]),
    ]
    if choice["left_out"]:
        omitted = ", ".join(map(_words, choice["left_out"]))
        paragraphs.append(f"Omitted for lack of data: {omitted}.")
    evidence = read_table(files.evidence)
    names = [*choice["criteria"], "criteria_mean", "merit", "best_inflation"]
    rows = evidence[evidence["criterion"].isin(names)]
    caption = (
        "Value of each candidate score on each criterion [1]. In brackets: 95 % intervals from "
        "resampled days."
    )
    table = Table(
        pivot(rows, index="score", columns="criterion"),
        caption,
        largest_sample(rows, "windows with rain", "windows"),
    )
    return Section(SECTIONS["choice"], "\n\n".join(paragraphs), pictures, [table])
