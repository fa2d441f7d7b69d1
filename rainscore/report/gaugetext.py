"""Section of the report on the comparison of scored maps with rain gauges."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from rainscore.evaluation.gaugemeasures import IMERG_WET, RANK_MEASURES
from rainscore.evaluation.gaugeverification import read_verification
from rainscore.report.page import Picture, Section, Table
from rainscore.report.registry import SECTIONS
from rainscore.report.reportfiles import ReportFiles
from rainscore.report.runsample import period_text
from rainscore.report.tables import largest_sample, pivot

TEXT = (
    "The maps that were scored without radar are compared with rain gauges. The agreement of one "
    "gauge and IMERG is the affinity of the two rates of one accumulation; the sample holds the "
    "accumulations in which IMERG is wet at the gauge. A gauge is a sample of a cell, so even a "
    "perfect map does not agree with it completely (docs/verification.md)."
)


def gauges_section(files: ReportFiles, pictures: list[Picture]) -> Section:
    """Return the section on rain gauges: rank correlations, and measures by predicted score."""
    result = read_verification(Path(files.verification[0]).parent)
    starts = result.pairs["start"]
    period = period_text(starts.min(), starts.max(), starts.dt.to_period("M").nunique())
    main = result.measures[result.measures["sample"] == IMERG_WET]
    ranks = main[main["measure"].isin(RANK_MEASURES)]
    fifths = result.fifths[result.fifths["sample"] == IMERG_WET]
    sample = largest_sample(main, "accumulations") if len(main) else "no accumulation"
    tables = [
        Table(
            pivot(ranks, index="method", columns="measure"),
            "Spearman's rank correlation of predictors with the observed agreement [1], and the "
            "difference of the predicted score to each. In brackets: 95 % intervals from resampled "
            "days, the same days for all predictors.",
            sample,
            period,
        ),
        Table(
            pivot(_in_words(fifths), index="fifth", columns="measure"),
            "Observed measures by fifth of the predicted score (1: lowest) [1]. In brackets: 95 % "
            "intervals from resampled days.",
            sample,
            period,
        ),
    ]
    drawn = [replace(picture, sample=sample, period=period) for picture in pictures]
    return Section(SECTIONS["gauges"], TEXT, drawn, tables)


def _in_words(fifths: pd.DataFrame) -> pd.DataFrame:
    """Rows with the mean predicted score under that name."""
    return fifths.replace({"measure": {"predicted": "mean predicted score"}})
