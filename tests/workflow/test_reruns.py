"""Jobs that an edit, a touched file, a new month or a changed setting reruns."""

import json
import re
import shutil

import pandas as pd
import pytest
import yaml

from tests.workflow.checkout import TINY, Checkout

PER_MONTH = {
    "simulate_radar",
    "simulate_imerg",
    "regrid_month",
    "compute_scores",
    "build_features",
    "tabulate_month",
    "evaluate_candidates",
    "measure_world",
}
AFTER_UNET = {
    "train_unet",
    "calibrate_unet",
    "evaluate_skill",
    "check_clusters",
    "measure_importance",
    "score_maps",
    "draw_training",
    "draw_skill",
    "draw_scored",
    "write_report",
    "fit_codes",
    "assign_codes",
    "describe_codes",
    "cluster_compositions",
    "repeat_compositions",
    "label_clusters",
    "average_clusters",
    "compare_methods",
    "evaluate_codes",
    "stratify_skill",
    "draw_analysis",
    "draw_clusters",
}
SETS_OF_MONTHS = AFTER_UNET | {
    "choose_score",
    "describe_world",
    "split_days",
    "train_autoencoder",
    "extract_latents",
    "describe_maps",
    "draw_data",
    "draw_choice",
    "draw_world",
}
DRAWING = {
    "draw_data",
    "draw_choice",
    "draw_training",
    "draw_analysis",
    "draw_skill",
    "draw_clusters",
    "draw_scored",
    "draw_world",
    "write_report",
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Checkout:
    """A checkout after a complete run, in which each job had access to its inputs only."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    rules, saved = checkout.folder / "rules", checkout.folder.with_name("rules")
    shutil.copytree(rules, saved)
    checkout.isolate()
    checkout.snakemake("--cores", "2")
    shutil.copytree(saved, rules, dirs_exist_ok=True)
    return checkout


@pytest.fixture
def checkout(finished: Checkout):
    """The finished checkout; edits of a test are undone after it, with the times of the files."""
    saved = finished.folder.with_name("saved")
    shutil.copytree(
        finished.folder, saved, ignore=shutil.ignore_patterns("results", "logs", ".snakemake")
    )
    yield finished
    shutil.copytree(saved, finished.folder, dirs_exist_ok=True)
    shutil.rmtree(saved)


def test_a_complete_run_leaves_its_main_results(finished: Checkout) -> None:
    results = finished.folder / "results"
    for name in ("report.html", "evaluation/skill.parquet", "choice/choice.json"):
        assert (results / name).stat().st_size > 0, name
    scored = [path.stem for path in results.glob("scored/*.nc")]
    assert [path.stem for path in results.glob("figures/scored/*.png")] == scored
    assert len(scored) == 1


def test_snakemakes_own_report_has_each_figure_with_its_caption(finished: Checkout) -> None:
    finished.snakemake("--cores", "1", "--report", "figures.html")
    text = (finished.folder / "figures.html").read_text("utf-8")
    captions = dict(re.findall(r'"results/figures/(\w+)\.svg": {.*?"caption": "<p>(.+?)</p>', text))
    drawn = {path.stem for path in (finished.folder / "results/figures").glob("*.svg")}
    assert set(captions) == drawn and drawn


def test_a_second_run_has_nothing_to_do(checkout: Checkout) -> None:
    assert checkout.would_run() == {}


def test_touching_every_file_reruns_nothing(checkout: Checkout) -> None:
    for path in checkout.folder.rglob("*"):
        inside = path.relative_to(checkout.folder).parts
        if path.is_file() and inside[0] not in ("results", "logs", ".snakemake"):
            path.touch()
    assert checkout.would_run() == {}


def test_a_comment_reruns_nothing(checkout: Checkout) -> None:
    path = checkout.folder / "rainscore/training/losses.py"
    path.write_text(path.read_text() + "\n# A remark.\n")
    assert checkout.would_run() == {}


def test_an_edited_loss_reruns_the_training_and_what_depends_on_it_only(checkout: Checkout) -> None:
    checkout.edit(
        "rainscore/training/losses.py", "hidden_weight: float = 0.4", "hidden_weight: float = 0.3"
    )
    assert checkout.would_run() == dict.fromkeys(AFTER_UNET, 1)


def test_an_edited_figure_reruns_the_figures_and_the_report(checkout: Checkout) -> None:
    path = checkout.folder / "rainscore/report/figures/plot_importance.py"
    path.write_text(path.read_text() + "\nEDITED = True\n")
    assert checkout.would_run() == {"draw_skill": 1, "write_report": 1}


def test_an_edited_figure_style_redraws_the_figures_and_rewrites_the_report(
    checkout: Checkout,
) -> None:
    path = checkout.folder / "rainscore/report/figures/style.py"
    path.write_text(path.read_text() + "\nEDITED = True\n")
    assert set(checkout.would_run()) == DRAWING


def test_an_edited_validation_of_the_configuration_reruns_nothing(checkout: Checkout) -> None:
    path = checkout.folder / "rainscore/config.py"
    path.write_text(path.read_text() + "\nEDITED = True\n")
    assert checkout.would_run() == {}


def test_edited_input_channels_rebuild_the_training_files_but_not_the_score_maps(
    checkout: Checkout,
) -> None:
    path = checkout.folder / "rainscore/training/channels.py"
    path.write_text(path.read_text() + "\nEDITED = True\n")
    jobs = checkout.would_run()
    assert jobs["build_features"] == 2
    assert not {"compute_scores", "regrid_month", "tabulate_month"} & set(jobs)


def test_the_comparison_with_comephore_does_not_rerun_the_choice_of_the_score(
    checkout: Checkout,
) -> None:
    checkout.configure(radar={"comephore_folder": "docs"})
    assert checkout.would_run() == {}


def test_a_new_month_computes_itself_and_what_depends_on_the_set_of_months(
    checkout: Checkout,
) -> None:
    checkout.configure(period={"months": ["2019-01", "2019-04", "2019-07"]})
    jobs = checkout.would_run()
    assert jobs == dict.fromkeys(PER_MONTH | SETS_OF_MONTHS, 1)


@pytest.mark.parametrize(
    ("section", "leaf", "expected"),
    [
        (
            "clustering",
            {"k": 3},
            {
                "cluster_compositions",
                "label_clusters",
                "average_clusters",
                "check_clusters",
                "draw_clusters",
                "repeat_compositions",
                "compare_methods",
                "evaluate_codes",
                "evaluate_skill",
                "draw_skill",
                "score_maps",
                "draw_scored",
                "stratify_skill",
                "draw_analysis",
                "write_report",
            },
        ),
        ("unet", {"epochs": 2}, AFTER_UNET),
        ("prediction", {"held_out_count": 2}, {"score_maps", "draw_scored", "write_report"}),
        (
            "evaluation",
            {"resamples": 30},
            {
                "choose_score",
                "evaluate_skill",
                "evaluate_codes",
                "fit_codes",
                "assign_codes",
                "describe_codes",
                "cluster_compositions",
                "average_clusters",
                "repeat_compositions",
                "measure_importance",
                "draw_skill",
                "stratify_skill",
                "draw_analysis",
                "label_clusters",
                "check_clusters",
                "draw_clusters",
                "compare_methods",
                "score_maps",
                "draw_scored",
                "draw_choice",
                "write_report",
            },
        ),
    ],
)
def test_a_changed_leaf_reruns_exactly_what_uses_it(
    checkout: Checkout, section: str, leaf: dict, expected: set[str]
) -> None:
    config = yaml.safe_load(TINY.read_text())
    checkout.configure(**{section: {**config[section], **leaf}})
    assert checkout.would_run() == dict.fromkeys(expected, 1)


def test_a_changed_threshold_reruns_the_scores_but_not_the_world(checkout: Checkout) -> None:
    checkout.configure(scores={"wet_threshold_mm_h": 0.5})
    jobs = checkout.would_run()
    assert not {"simulate_radar", "simulate_imerg", "regrid_month", "split_days"} & set(jobs)
    assert jobs["compute_scores"] == 2


def test_a_network_trained_on_final_is_compared_on_early_with_its_own(checkout: Checkout) -> None:
    target = "results/evaluation/ablation.parquet"
    checkout.snakemake(target, "--cores", "2", over=["configs/early.yaml"])
    table = pd.read_parquet(checkout.folder / "runs/early" / target)
    reduced, crps = table[table["measure"] == "crps"].to_dict("records")
    assert (reduced["variant"], reduced["days"]) == ("map-without-previous", 2)
    assert (crps["variant"], crps["days"]) == ("trained-on-final", 2)
    assert crps["n"] > 0 and crps["difference"] != 0
    card = json.loads((checkout.folder / "runs/early/results/models/unet.json").read_text())
    assert (card["run"], card["hidden"]) == ("early", ["age_next", "change_next", "next_known"])


def test_an_unknown_key_stops_before_anything_runs(checkout: Checkout) -> None:
    checkout.configure(unet={"widht": 8})
    with pytest.raises(AssertionError, match=r"unknown key widht, did you mean width\?"):
        checkout.would_run()
