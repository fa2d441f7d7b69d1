"""Result files that the report is written from."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ReportFiles:
    """Result files that the report is written from.

    Attributes:
        figures: SVG files of the figures; the stem is the name of the figure.
        walk: Folder of the PNG pictures of consecutive half-hours.
        scored: Folder of the PNG pictures of the scored maps.
        imerg, radar: Manifests, one per month.
        tables: Score tables, one per month.
        evidence, choice: Table and JSON file of the choice of the score.
        conditions: Table of the measures by condition.
        skill, paired: Tables of the evaluation.
        transfer: Table of the unseen worlds and real rain, in a list; empty without such cases.
        labels, checks: Tables of the labels of the clusters and of their check.
        methods: Table that compares the clustering methods.
        separation: Table of the test for groups of maps.
        atlas: Description of the codes and families.
        code_skill: Table of the skill of codes and clusters of maps.
        unet_card, clusters_card: JSON files that describe the U-Net and the clustering model.
        verification: Files of the verification with gauges; empty without gauges.
        rain, satellite: Tables of the simulated world, each in a list; empty for real data.
    """

    figures: Sequence[str]
    walk: str
    scored: str
    imerg: Sequence[str]
    radar: Sequence[str]
    tables: Sequence[str]
    evidence: str
    choice: str
    conditions: str
    skill: str
    paired: str
    transfer: Sequence[str]
    labels: str
    checks: str
    methods: str
    separation: str
    atlas: str
    code_skill: str
    unet_card: str
    clusters_card: str
    verification: Sequence[str]
    rain: Sequence[str]
    satellite: Sequence[str]
