"""Scores of satellite precipitation maps, from granules and radar frames to a report."""

from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.27")


configfile: str(Path(workflow.basedir) / "config.yaml")


include: "rules/stops.smk"
include: "rules/common.smk"


workdir: str(Path(workflow.basedir) / config["run_folder"])


include: "rules/download.smk"
include: "rules/simulation.smk"
include: "rules/regridding.smk"
include: "rules/scores.smk"
include: "rules/analysis.smk"
include: "rules/training.smk"
include: "rules/clustering.smk"
include: "rules/evaluation.smk"
include: "rules/prediction.smk"
include: "rules/report.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        "results/report.html",
        "results/scored",
        "results/evaluation/skill.parquet",
        "results/choice/choice.json",


onstart:
    remove_partial_files(Path("results"), "**/.*.part")
    guard_slurm()


onerror:
    print_hints(log)


onsuccess:
    if Path("results/report.html").exists():
        print(f"\nReport:      {Path.cwd() / 'results/report.html'}")
        print(f"Scored maps: {Path.cwd() / 'results/scored'}")
