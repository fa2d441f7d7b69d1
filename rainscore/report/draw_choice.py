"""Figures of the section on the choice of the score, from the result files of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from rainscore.io import read_json, read_table
from rainscore.report.figures.plot_choice import (
    plot_evidence,
    plot_honesty,
    plot_redundancy,
    plot_responses,
)
from rainscore.report.runsample import RunSample
from rainscore.scores.choice.decision import HONEST_INFLATIONS
from rainscore.scores.choice.faults import FAULT_TEXTS


@dataclass(frozen=True)
class ChoiceFiles:
    """Files that the figures of the choice of the score are drawn from.

    Attributes:
        evidence: Table of the candidate scores.
        choice: JSON file of the choice.
        tables: Score tables, one per month.
    """

    evidence: str
    choice: str
    tables: Sequence[str]


def _evidence(files: ChoiceFiles, sample: RunSample) -> Figure:
    choice, evidence = read_json(files.choice), read_table(files.evidence)
    rows = evidence[
        evidence["criterion"].isin(
            [*choice["criteria"], "criteria_mean", "merit", "predictability"]
        )
    ]
    return plot_evidence(rows, used=choice["used"], period=sample.period, world=sample.world)


def _responses(files: ChoiceFiles, sample: RunSample) -> Figure:
    evidence = read_table(files.evidence)
    return plot_responses(evidence, FAULT_TEXTS, period=sample.period, world=sample.world)


def _redundancy(files: ChoiceFiles, sample: RunSample) -> Figure:
    evidence = read_table(files.evidence)
    return plot_redundancy(evidence, period=sample.period, world=sample.world)


def _honesty(files: ChoiceFiles, sample: RunSample) -> Figure:
    evidence = read_table(files.evidence)
    return plot_honesty(
        evidence, factors=HONEST_INFLATIONS, period=sample.period, world=sample.world
    )


CHOICE_FIGURES: Mapping[str, Callable[[ChoiceFiles, RunSample], Figure]] = {
    "evidence": _evidence,
    "honesty": _honesty,
    "responses": _responses,
    "redundancy": _redundancy,
}
"""Function that draws each figure, by name."""
