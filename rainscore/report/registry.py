"""Registry of the figures of a run: name, section of the report, and the files it is drawn from.

The rules, the report and the tests read this list; nothing else lists figures. A figure `name` is
`results/figures/{name}.svg`, its caption is `report/{name}.rst`, and the rule that draws it is
`draw_{section}`.
"""

from collections.abc import Collection
from dataclasses import dataclass

SECTIONS = {
    "data": "Data",
    "choice": "Choice of the score",
    "training": "Training of the networks",
    "analysis": "Score by condition",
    "skill": "Score predicted from IMERG alone",
    "clusters": "Codes of windows and clusters of maps",
    "scored": "New maps scored without radar",
    "gauges": "Comparison with rain gauges",
    "world": "Simulated world",
}
"""Heading of each section of the report, in the order of the report."""


SCORED = "scored"
"""Name of the caption of the pictures of scored maps; their number depends on the run."""


WALK = "walk"
"""Name of the caption of the pictures of consecutive half-hours; as many as the run has."""


@dataclass(frozen=True)
class FigureEntry:
    """A figure of the report.

    Attributes:
        name: Name of the figure.
        section: Section of the report, a key of `SECTIONS`.
        files: Names of the result files that the figure is drawn from: inputs of the rule
            `draw_{section}`.
    """

    name: str
    section: str
    files: tuple[str, ...]


def _section(section: str, **figures: tuple[str, ...]) -> tuple[FigureEntry, ...]:
    return tuple(FigureEntry(name, section, files) for name, files in figures.items())


FIGURES = (
    *_section("data", availability=("imerg", "radar")),
    *_section(
        "choice",
        evidence=("evidence", "choice", "tables"),
        honesty=("evidence", "tables"),
        responses=("evidence", "tables"),
        redundancy=("evidence", "tables"),
    ),
    *_section(
        "training",
        learning=("unet_curve", "autoencoder_curve", "tables"),
        latent_sizes=("latent_sizes", "tables"),
    ),
    *_section(
        "analysis",
        skill_maps=("places", "conditions"),
        skill_by_age=("conditions", "places"),
        skill_by_condition=("conditions", "places"),
        skill_by_two=("conditions", "places"),
        cycles=("conditions", "places"),
        performance=("conditions", "thresholds", "places"),
        contingency=("thresholds", "joint", "conditions", "places"),
        rates=("joint", "conditions", "places"),
        spectra=("spectra", "conditions", "places"),
        timing=("timing", "conditions", "places"),
        fss_by_scale=("scales", "conditions", "places"),
        amounts=("pairs", "scores", "tables", "conditions", "places"),
        subcell=("scores", "conditions", "places"),
    ),
    *_section(
        "skill",
        skill=("skill", "tables"),
        map_skill=("skill", "tables"),
        paired=("paired", "tables"),
        coverage=("skill", "tables"),
        coverage_deciles=("skill", "tables"),
        reliability=("reliability", "tables"),
        transfer=("transfer", "tables"),
        predicted=("skill", "tables"),
        importance=("importance", "tables"),
        ablation=("ablation", "tables"),
        sensitivity=("unet", "features", "splits", "tables"),
        cases=("unet", "features", "pairs", "scores", "splits", "tables"),
    ),
    *_section(
        "clusters",
        code_curve=("curve",),
        atlas=("atlas", "prototypes", "codebook", "features"),
        encoders=("encoders",),
        clusters=("clusters", "labels", "maps", "tables"),
        latents=("clusters", "labels", "latents", "tables"),
        transitions=("clusters", "labels", "transitions"),
        desom_map=("desom", "desom_labels", "desom_maps"),
        methods=("methods", "tables"),
    ),
    *_section("gauges", gauges=("verification",)),
    *_section("world", world=("rain", "satellite", "tables")),
)


def drawn_figures(absent: Collection[str] = ()) -> list[FigureEntry]:
    """Return the figures of a run: those whose result files it has.

    Args:
        absent: Names of result files that the run does not have.
    """
    return [figure for figure in FIGURES if not set(figure.files) & set(absent)]
