"""The complete workflow on Slurm, disturbed in every way that a cluster knows."""

import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.localslurm import Slurm, wait_for
from tests.cluster.workflowrun import SlurmRun
from tests.workflow.checkout import Checkout
from tools.compare_memory import compare

OUTAGE = 60
"""Time without a controller [s]."""
SNAKEMAKE_MEMORY = 250
"""Memory of the Snakemake processes of a job [MB]."""
LIMITS = ("--snakefile", "tests/cluster/limits.smk")
TARGETS = (
    "results/models/unet_calibration.json",
    "results/latents.parquet",
    "results/choice/choice.json",
)
"""Results of both trainings and of the jobs of a month."""
MODELS = ("unet.safetensors", "unet.json", "autoencoder.safetensors", "autoencoder.json")


@dataclass
class Disturbed:
    """A finished run that was disturbed.

    Attributes:
        checkout: The copy of the project that it ran in.
        status: Exit status.
        output: Output of Snakemake.
        second: Exit status and output of a workflow that was started in the same folder.
        together: Rules of the trainings that ran at the same time.
        limits: The run of `limits.smk` at the same time.
    """

    checkout: Checkout
    status: int
    output: str
    second: tuple[int, str]
    together: set[str]
    limits: SlurmRun


@pytest.fixture(scope="module")
def run(slurm: Slurm, tmp_path_factory) -> Iterator[Disturbed]:
    """The tiny run until its trainings; every disturbance happens once."""
    folder = tmp_path_factory.mktemp("checkout")
    checkout = Checkout(folder)
    checkout.configure(unet={"epochs": 12, "patience": 12})
    workflow = SlurmRun(folder, "workflow.log", *TARGETS)
    limits = SlurmRun(folder, "limits.log", *LIMITS, "over_memory.txt", "over_time.txt")
    try:
        month = slurm.wait_for_job("month")
        second = SlurmRun(folder, "second.log", *TARGETS)
        refused = second.wait(), second.output
        slurm.cancel(month)
        wait_for(lambda: "CANCELLED" in workflow.output, "the cancelled job is not noticed", 300)
        slurm.wait_for_job("month")
        slurm.stop_controller()
        time.sleep(OUTAGE)
        slurm.start_controller()
        log = folder / "logs/train_unet.log"
        unet = slurm.wait_for_job("train_unet", seconds=600)
        slurm.wait_for_job("train_autoencoder")
        together = {j.comment for j in slurm.jobs() if "train" in j.comment and j.is_running}
        wait_for(lambda: log.exists() and " step " in log.read_text(), "no training step", 600)
        slurm.lose_node(unet.node)
        wait_for(lambda: "NODE_FAIL" in workflow.output, "the lost node is not noticed", 400)
        slurm.start_node(unet.node)
        status = workflow.wait()
        limits.wait()
        yield Disturbed(checkout, status, workflow.output, refused, together, limits)
    finally:
        workflow.kill()
        limits.kill()


def test_a_disturbed_run_ends_without_any_manual_step(run: Disturbed) -> None:
    assert run.status == 0, run.output[-4000:]
    for target in TARGETS:
        assert (run.checkout.folder / target).stat().st_size > 0, target


def test_short_jobs_share_a_slurm_job(run: Disturbed) -> None:
    jobs = int(re.findall(r"^total +(\d+)$", run.output, re.MULTILINE)[0])
    submitted = len(re.findall("has been submitted with SLURM jobid", run.output))
    # A job of the month and one of the training were repeated.
    assert submitted - 2 < 0.8 * jobs, (submitted, jobs)


def test_two_trainings_run_at_the_same_time(run: Disturbed) -> None:
    assert run.together == {
        "rule_train_unet",
        "rule_train_autoencoder_wildcards_autoencoder",
    }


def test_a_second_workflow_in_the_same_folder_is_refused(run: Disturbed) -> None:
    status, output = run.second
    assert status == 1
    assert "Directory cannot be locked" in output


def test_a_controller_that_is_away_for_a_minute_stops_nothing(run: Disturbed) -> None:
    assert "Slurm does not answer; waiting" in run.output
    assert "Slurm answers again" in run.output


def test_a_training_on_a_lost_node_ends_with_the_bytes_of_an_undisturbed_one(
    run: Disturbed,
) -> None:
    assert "'NODE_FAIL'" in run.output
    models = run.checkout.folder / "results/models"
    disturbed = {name: digest(models / name) for name in MODELS}
    for name in MODELS:
        (models / name).unlink()
    targets = [f"results/models/{name}" for name in MODELS]
    # The order of a network's sums depends on the number of threads: on Slurm a training has two.
    threads = ("--set-threads", "train_unet=2", "train_autoencoder=2")
    run.checkout.snakemake(*targets, "--cores", "2", *threads)
    assert {name: digest(models / name) for name in MODELS} == disturbed


def test_a_job_over_its_memory_gets_more_at_its_next_attempt(run: Disturbed) -> None:
    run.limits.wait()
    assert "OverMemoryKill" not in run.limits.output
    assert int((run.checkout.folder / "limits/over_memory.txt").read_text()) > 450


def test_a_job_over_its_time_gets_more_at_its_next_attempt(run: Disturbed) -> None:
    assert "'TIMEOUT'" in run.limits.output
    assert int((run.checkout.folder / "limits/over_time.txt").read_text()) > 1


def test_a_partition_without_gpus_leads_to_a_hint(run: Disturbed) -> None:
    target = ("needs_gpu.txt", "--set-resources", "needs_gpu:slurm_partition=plain")
    failed = SlurmRun(run.checkout.folder, "gpu.log", *LIMITS, *target)
    assert failed.wait() == 1
    assert "Hint: A partition lacks what a job requests" in failed.output


def test_a_job_without_a_gpu_runs_on_a_partition_without_gpus(run: Disturbed) -> None:
    resources = ("needs_gpu:slurm_partition=plain", "needs_gpu:gpu=0")
    done = SlurmRun(
        run.checkout.folder, "gpu.log", *LIMITS, "needs_gpu.txt", "--set-resources", *resources
    )
    assert done.wait() == 0, done.output[-3000:]


def test_the_complete_workflow_ends_with_its_report(run: Disturbed) -> None:
    rest = SlurmRun(run.checkout.folder, "rest.log")
    assert rest.wait() == 0, rest.output[-4000:]
    results = run.checkout.folder / "results"
    for name in ("report.html", "evaluation/skill.parquet", "choice/choice.json"):
        assert (results / name).stat().st_size > 0, name
    assert len(list(results.glob("scored/*.nc"))) == 1


def test_no_rule_uses_more_memory_than_it_requests(run: Disturbed) -> None:
    dry_run = run.checkout.snakemake("--dry-run", "--forceall", "--cores", "2")
    table = compare(dry_run, run.checkout.folder / "logs")
    print(table.to_string())
    assert (table["used"] + SNAKEMAKE_MEMORY <= table["requested"]).all(), table


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
