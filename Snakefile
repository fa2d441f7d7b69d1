"""rainscore: scores of satellite precipitation maps, from granules and radar to a report."""

import shutil
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.27")


configfile: str(Path(workflow.basedir) / "config.yaml")


include: "rules/common.smk"


workdir: str(Path(workflow.basedir) / config["folder"])


include: "rules/radar.smk"
include: "rules/imerg.smk"
include: "rules/download.smk"
include: "rules/scores.smk"
include: "rules/training.smk"
include: "rules/clusters.smk"
include: "rules/evaluation.smk"
include: "rules/labels.smk"
include: "rules/methods.smk"
include: "rules/world.smk"
include: "rules/analysis.smk"
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
    if not workflow.local_exec and shutil.which("sbatch") is None:
        raise WorkflowError(
            "--profile slurm: there is no sbatch on this machine; is this a login node?"
        )


onsuccess:
    if Path("results/report.html").exists():
        print(f"\nReport:      {Path.cwd() / 'results/report.html'}")
        print(f"Scored maps: {Path.cwd() / 'results/scored'}")
