import asyncio
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from rainscore.slurm import (
    BACK,
    SILENT,
    SlurmError,
    after_answer,
    answers,
    guard,
    hints,
    patient,
    status_problem,
)

WITHOUT_ACCOUNTING = """
Configuration data as of 2026-11-28T00:00:00
AccountingStorageType   = accounting_storage/none
MinJobAge               = {age} sec
"""
LOST = (None, None)


def question(*answers: tuple) -> tuple:
    """A status query that gives the answers one after another, and the list of those left."""
    left = list(answers)

    async def query(*_) -> tuple:
        return left.pop(0)

    return query, left


def test_a_status_query_is_repeated_until_the_controller_answers() -> None:
    query, left = question(LOST, LOST, LOST, ({"7": "RUNNING"}, 0.1), ({}, 0.1))
    messages: list[str] = []
    answer = asyncio.run(patient(query, messages.append, pause=0)("squeue", None))
    assert answer == ({"7": "RUNNING"}, 0.1)
    assert left == [({}, 0.1)]
    assert messages == [
        "Slurm does not answer; waiting. Running scripts are not affected.",
        "Slurm answers again.",
    ]


def test_a_controller_that_stays_away_ends_the_workflow_with_a_message() -> None:
    query, _ = question(*[LOST] * 100)
    with pytest.raises(SlurmError, match="start the workflow again"):
        asyncio.run(patient(query, print, pause=0.01, patience=0.1)())


@pytest.mark.parametrize(
    ("configuration", "fits"),
    [
        (WITHOUT_ACCOUNTING.format(age=300), True),
        (WITHOUT_ACCOUNTING.format(age=60), False),
        ("AccountingStorageType   = accounting_storage/slurmdbd\nMinJobAge = 2 sec\n", True),
        ("", True),
    ],
)
def test_a_cluster_that_forgets_finished_jobs_needs_accounting(
    configuration: str, fits: bool
) -> None:
    problem = status_problem(configuration)
    assert (problem == "") is fits
    assert fits or "MinJobAge=240" in problem


@pytest.fixture
def commands(tmp_path: Path, monkeypatch) -> Path:
    """Folder of the only commands that can be found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def command(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_without_sbatch_the_workflow_does_not_start(commands: Path) -> None:
    with pytest.raises(SlurmError, match="sbatch is not available on this machine"):
        guard(SimpleNamespace(), print)


def test_without_an_answer_of_the_controller_the_workflow_does_not_start(commands: Path) -> None:
    command(commands, "sbatch", "")
    command(commands, "scontrol", "exit 1")
    with pytest.raises(SlurmError, match="scontrol ping"):
        guard(SimpleNamespace(), print)


def test_the_guarded_plugin_asks_for_the_age_of_jobs_once(commands: Path) -> None:
    command(commands, "sbatch", "")
    command(commands, "scontrol", "echo 'MinJobAge = 300 sec'")
    ages = [300]
    query, _ = question(({}, 0.1))
    executor = SimpleNamespace(run_job=lambda job: job)
    plugin = SimpleNamespace(get_min_job_age=ages.pop, query_job_status=query, Executor=executor)
    guard(plugin, print)
    assert (plugin.get_min_job_age(), plugin.get_min_job_age()) == (300, 300)
    assert asyncio.run(plugin.query_job_status()) == ({}, 0.1)
    command(commands, "scontrol", "echo 'Slurmctld(primary) at login is UP'")
    assert plugin.Executor.run_job("a job") == "a job"


def test_a_submission_waits_until_the_controller_answers() -> None:
    states = [False, False, True]
    messages: list[str] = []
    submit = after_answer(str.upper, messages.append, ready=lambda: states.pop(0), pause=0)
    assert submit("job") == "JOB"
    assert messages == [SILENT, BACK]
    gone = after_answer(str.upper, print, ready=lambda: False, pause=0.01, patience=0.05)
    with pytest.raises(SlurmError, match="start the workflow again"):
        gone("job")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo 'Slurmctld(primary) at login is UP'", True),
        ("echo 'Slurmctld(primary) at login is DOWN'; exit 1", False),
    ],
)
def test_the_ping_of_the_controller_is_understood(
    script: str, expected: bool, commands: Path
) -> None:
    assert not answers()
    command(commands, "scontrol", script)
    assert answers() is expected


def test_the_plugin_has_the_functions_that_are_replaced() -> None:
    names = "p.get_min_job_age, p.query_job_status, p.Executor.run_job"
    code = f"import snakemake_executor_plugin_slurm as p; {names}"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (
            "sbatch: error: Batch job submission failed: Requested node configuration is not "
            "available",
            "train_unet:gpu=0",
        ),
        ("sbatch: error: Invalid generic resource (gres) specification", "gres=gpu:a100:1"),
        ("error: Invalid account or account/partition combination", "slurm/config.yaml"),
        ("SLURM-job '9' failed, SLURM status is: 'OUT_OF_MEMORY'.", "RULE:mem_mb=MEGABYTES"),
        ("SLURM-job '9' failed, SLURM status is: 'TIMEOUT'.", "RULE:runtime=MINUTES"),
        ("Requested time limit is invalid (missing or exceeds some limit)", "Trainings resume"),
        (
            "Batch job submission failed: Unable to contact slurm controller (connect failure)",
            "scontrol ping",
        ),
    ],
)
def test_a_known_failure_has_a_hint_that_says_what_to_set(log: str, expected: str) -> None:
    (hint,) = hints(log)
    assert expected in hint


def test_an_unknown_failure_has_no_hint() -> None:
    assert hints("KeyError: 'gauges'") == []
