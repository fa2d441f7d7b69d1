from dataclasses import fields

import pytest

from rainscore.paths import CHECKOUT
from rainscore.report.draw_analysis import ANALYSIS_FIGURES, AnalysisFiles
from rainscore.report.draw_choice import CHOICE_FIGURES, ChoiceFiles
from rainscore.report.draw_clusters import CLUSTER_FIGURES, ClusterFiles
from rainscore.report.draw_data import DATA_FIGURES, DataFiles
from rainscore.report.draw_gauges import GAUGE_FIGURES, GaugeFiles
from rainscore.report.draw_skill import SKILL_FIGURES, SkillFiles
from rainscore.report.draw_training import TRAINING_FIGURES, TrainingFiles
from rainscore.report.draw_world import WORLD_FIGURES, WorldFiles
from rainscore.report.registry import FIGURES, SCORED, SECTIONS, WALK, drawn_figures

DRAWN: dict = {
    "data": (DATA_FIGURES, DataFiles),
    "choice": (CHOICE_FIGURES, ChoiceFiles),
    "training": (TRAINING_FIGURES, TrainingFiles),
    "analysis": (ANALYSIS_FIGURES, AnalysisFiles),
    "skill": (SKILL_FIGURES, SkillFiles),
    "clusters": (CLUSTER_FIGURES, ClusterFiles),
    "gauges": (GAUGE_FIGURES, GaugeFiles),
    "world": (WORLD_FIGURES, WorldFiles),
}


@pytest.mark.parametrize("section", DRAWN)
def test_each_figure_of_a_section_has_a_function_that_draws_it(section: str) -> None:
    names = [figure.name for figure in FIGURES if figure.section == section]
    assert list(DRAWN[section][0]) == names


@pytest.mark.parametrize("section", DRAWN)
def test_the_files_of_a_section_are_those_of_its_figures(section: str) -> None:
    needed = {name for f in FIGURES if f.section == section for name in f.files}
    assert {field.name for field in fields(DRAWN[section][1])} == needed


def test_names_are_unique_and_sections_exist() -> None:
    names = [figure.name for figure in FIGURES]
    assert len(set(names)) == len(names)
    assert {figure.section for figure in FIGURES} == set(DRAWN) == set(SECTIONS) - {SCORED}


def test_each_figure_has_a_caption_of_one_line_and_no_caption_is_left_over() -> None:
    captions = {path.stem: path.read_text() for path in (CHECKOUT / "report").glob("*.rst")}
    assert set(captions) == {figure.name for figure in FIGURES} | {SCORED, WALK}
    for name, caption in captions.items():
        assert caption.count("\n") == 1 and caption.endswith(".\n"), name


def test_each_section_has_a_script_that_draws_it() -> None:
    for section in SECTIONS:
        assert (CHECKOUT / f"scripts/draw_{section}.py").is_file(), section


def test_a_figure_without_its_files_is_not_drawn() -> None:
    missing = {f.name for f in FIGURES} - {f.name for f in drawn_figures(["desom", "ablation"])}
    assert missing == {"desom_map", "ablation"}
    assert drawn_figures() == list(FIGURES)
