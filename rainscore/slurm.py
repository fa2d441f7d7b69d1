"""Guards for a workflow on a Slurm cluster: waiting for the controller, hints on failed jobs."""

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any

from rainscore.errors import RainscoreError

MIN_JOB_AGE = 240
"""Shortest `MinJobAge` with which `squeue` lists every finished job once [s].

The plugin asks for the states of jobs every 180 s or more often.
"""
PAUSE = 10
"""Pause between two questions to a controller that does not answer [s]."""
PATIENCE = 4 * 3600
"""Time after which a workflow ends if the controller has not answered [s]."""

SILENT = "Slurm does not answer; waiting. Running scripts are not affected."
BACK = "Slurm answers again."

Query = Callable[..., Coroutine[Any, Any, tuple[dict | None, float | None]]]


class SlurmError(RainscoreError):
    """Slurm is missing or does not answer, or it does not keep the states of jobs."""


def guard(plugin: Any, warn: Callable[[str], None]) -> None:
    """Check Slurm, and make the Snakemake plugin survive a controller that does not answer.

    Version 2.8.0 of the plugin forgets its running jobs after five failed status queries, and asks
    `sacct` while the controller is down even where there is no accounting. In both cases it
    waits forever. Its two functions that ask the controller are replaced. A submission waits for
    the controller too: `sbatch` fails after some seconds, which would use up the repetitions.

    Args:
        plugin: Module `snakemake_executor_plugin_slurm`.
        warn: Receives one message when the controller stops answering, and one when it answers.

    Raises:
        SlurmError: The workflow cannot run on this cluster; the message says why.
    """
    if shutil.which("sbatch") is None:
        raise SlurmError("sbatch is not available on this machine; use a login node of the cluster")
    if problem := status_problem(_configuration()):
        raise SlurmError(problem)
    age = plugin.get_min_job_age()
    plugin.get_min_job_age = lambda: age
    plugin.query_job_status = patient(plugin.query_job_status, warn)
    plugin.Executor.run_job = after_answer(plugin.Executor.run_job, warn)


def _configuration() -> str:
    """Configuration that the controller reports.

    Raises:
        SlurmError: The controller does not answer.
    """
    command = ["scontrol", "show", "config"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        raise SlurmError(
            "the Slurm controller does not answer; try again when `scontrol ping` says UP"
        ) from error
    return done.stdout


def status_problem(configuration: str) -> str:
    """Why the states of finished jobs cannot be read on a cluster; empty if they can.

    Args:
        configuration: Output of `scontrol show config`.
    """
    values = dict(re.findall(r"^(\w+) *= (\S+)", configuration, re.MULTILINE))
    accounting = values.get("AccountingStorageType", "") not in ("", "accounting_storage/none")
    age = int(values.get("MinJobAge", MIN_JOB_AGE))
    if accounting or age >= MIN_JOB_AGE:
        return ""
    return (
        f"this cluster has no accounting and forgets finished jobs after {age} s (MinJobAge), so "
        "the end of a job can be missed; ask its administrators for accounting (slurmdbd) or for "
        f"MinJobAge={MIN_JOB_AGE} or more"
    )


def patient(
    query: Query, warn: Callable[[str], None], *, pause: float = PAUSE, patience: float = PATIENCE
) -> Query:
    """Repeat a status query until the controller answers.

    Args:
        query: Coroutine that returns the states of jobs, or None where the query failed.
        warn: Receives one message when the controller stops answering, and one when it answers.
        pause: Pause between two queries [s].
        patience: Time after which a failed query is an error [s].

    Returns:
        Coroutine with the arguments of `query`. It raises `SlurmError` after `patience` seconds.
    """

    async def repeated(*arguments):
        start = time.monotonic()
        states, seconds = await query(*arguments)
        if states is None:
            warn(SILENT)
        while states is None:
            if time.monotonic() - start > patience:
                raise _gone(patience)
            await asyncio.sleep(pause)
            states, seconds = await query(*arguments)
            if states is not None:
                warn(BACK)
        return states, seconds

    return repeated


def answers() -> bool:
    """Whether a controller of Slurm answers."""
    try:
        done = subprocess.run(["scontrol", "ping"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0 and " UP" in done.stdout


def after_answer(
    submit: Callable[..., Any],
    warn: Callable[[str], None],
    *,
    ready: Callable[[], bool] = answers,
    pause: float = PAUSE,
    patience: float = PATIENCE,
) -> Callable[..., Any]:
    """Submit jobs only while the controller answers.

    Args:
        submit: Function that submits a job.
        warn: Receives one message when the controller does not answer, and one when it answers.
        ready: Whether the controller answers.
        pause: Pause between two questions [s].
        patience: Time after which a controller that does not answer is an error [s].

    Returns:
        Function with the arguments of `submit`. It raises `SlurmError` after `patience` seconds.
    """

    def submitted(*arguments):
        start, waited = time.monotonic(), False
        while not ready():
            if not waited:
                warn(SILENT)
            waited = True
            if time.monotonic() - start > patience:
                raise _gone(patience)
            time.sleep(pause)
        if waited:
            warn(BACK)
        return submit(*arguments)

    return submitted


def _gone(patience: float) -> SlurmError:
    return SlurmError(
        f"Slurm has not answered for {patience / 3600:.0f} hours; start the workflow again when "
        "`scontrol ping` says UP"
    )


_HINTS = {
    r"nvalid generic resource|[Uu]nable to allocate.*gres|Requested node configuration is not "
    r"available|[Ii]nvalid (?:Trackable RESource|TRES)|unrecognized option '?--gpus": (
        "A partition lacks what a job requests. Without GPUs: --set-resources train_unet:gpu=0 "
        "train_autoencoder:gpu=0 train_variant:gpu=0 cluster_maps:gpu=0. Where the cluster wants "
        "the name of a GPU: train_unet:gpu=0 train_unet:gres=gpu:a100:1. Another partition: "
        "train_unet:slurm_partition=NAME."
    ),
    r"nvalid account|nvalid qos|nvalid partition|[Jj]ob's account not permitted": (
        "Slurm refuses an account, a partition or a quality of service (qos); set yours in "
        "default-resources of slurm/config.yaml."
    ),
    r"Requested time limit is invalid|PartitionTimeLimit": (
        "A job requests more time than its partition allows. Trainings resume, so less is enough: "
        "--set-resources train_unet:runtime=MINUTES."
    ),
    r"status is: 'OUT_OF_MEMORY'|Exceeded job memory limit|oom[-_ ]kill|exceeded memory limit": (
        "A job needed more memory than it requested, at its last attempt as well: --set-resources "
        "RULE:mem_mb=MEGABYTES, or set-resources in slurm/config.yaml."
    ),
    r"status is: 'TIMEOUT'|DUE TO TIME LIMIT": (
        "A job reached its time limit, at its last attempt as well: --set-resources "
        "RULE:runtime=MINUTES. A training resumes from its checkpoint when the workflow is started "
        "again."
    ),
    r"submission failed: Unable to contact slurm controller": (
        "Jobs could not be submitted because the controller did not answer; start the workflow "
        "again when `scontrol ping` says UP."
    ),
}


def read_logs(paths: Iterable[str]) -> str:
    """Text of logs of Snakemake and of the logs of Slurm jobs that they name."""
    text = "\n".join(Path(path).read_text("utf-8", errors="replace") for path in paths)
    jobs = {Path(name) for name in re.findall(r"/\S*slurm_logs/\S+\.log", text)}
    return text + "\n".join(
        job.read_text("utf-8", errors="replace") for job in sorted(jobs) if job.is_file()
    )


def hints(log: str) -> list[str]:
    """What to set after a failed run on a cluster.

    Args:
        log: Text with the messages of Slurm: the log of Snakemake and the logs of the jobs.

    Returns:
        One sentence or more per kind of failure, in a fixed order.
    """
    return [hint for pattern, hint in _HINTS.items() if re.search(pattern, log)]
