"""The wrapper of `make run`, with a small workflow of two rules."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from rainscore.paths import CHECKOUT
from tools.run import RunState, skill_sentence

SNAKEFILE = """
rule all:
    input: "results/end.txt"
rule simulate_radar:
    output: "results/{month}.txt"
    log: "logs/simulate_radar/{month}.log"
    script: "job.py"
rule train_unet:
    input: expand("results/{month}.txt", month=["2019-01", "2019-02"])
    output: "results/end.txt"
    log: "logs/train_unet.log"
    script: "job.py"
"""
JOB = """
import sys, time
from pathlib import Path
log = Path(snakemake.log[0])
log.write_text("started\\n")
if snakemake.rule == "train_unet" and Path("fail").exists():
    log.write_text("started\\nerror: the disk is full\\n")
    sys.exit(1)
while Path("wait").exists():
    time.sleep(0.05)
Path(snakemake.output[0]).write_text("done")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "job.py").write_text(JOB)
    return tmp_path


def start(project: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "tools.run", "--cores", "2"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell starts background jobs with Ctrl-C ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def test_a_run_prints_one_line_per_job_and_nothing_of_the_scheduler(project: Path) -> None:
    process = start(project)
    printed, errors = process.communicate()
    assert process.returncode == 0
    names = [line.split("] ")[1].rsplit(" (", 1)[0] for line in printed.splitlines()]
    assert sorted(names[:2]) == ["simulate_radar 2019-01", "simulate_radar 2019-02"]
    assert names[2:] == ["train_unet"]
    assert errors == ""
    assert "4 of 4 steps" in (project / "logs/run.log").read_text()


def test_a_failure_shows_the_rule_and_the_end_of_its_log(project: Path) -> None:
    (project / "fail").touch()
    process = start(project)
    printed, _ = process.communicate()
    assert process.returncode == 1
    assert "train_unet failed." in printed
    assert "logs/train_unet.log:\n  started\n  error: the disk is full\n" in printed
    assert printed.endswith("Full output: logs/run.log\n")


def test_an_error_before_the_first_job_shows_the_end_of_the_output(project: Path) -> None:
    (project / "Snakefile").write_text("raise ValueError('a key is unknown')\n")
    process = start(project)
    printed, _ = process.communicate()
    assert process.returncode == 1
    assert "a key is unknown" in printed


def test_an_interrupt_stops_the_workflow_and_the_wrapper(project: Path) -> None:
    (project / "wait").touch()
    process = start(project)
    deadline = time.monotonic() + 60
    while not list(project.glob("logs/simulate_radar/*.log")) and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does at Ctrl-C
    assert process.wait(timeout=60) != 0
    assert not list(project.glob("results/*.txt"))


def test_the_state_of_a_run_follows_the_output() -> None:
    state = RunState()
    for line in ("total  3", "localrule regrid_month:", "    jobid: 7"):
        state.read(line)
    state.read("    wildcards: month=2019-01")
    assert [job.name for job in state.running.values()] == ["regrid_month 2019-01"]
    assert (
        state.read("Finished jobid: 7 (Rule: regrid_month)") == "[1/3] regrid_month 2019-01 (0 s)"
    )
    assert state.running == {}


def test_the_skill_of_the_unet_is_given_with_that_of_its_best_rival() -> None:
    rows = [("U-Net", 0.39, "all"), ("boosting", 0.37, "all"), ("boosting", 0.9, "2019-01")]
    table = pd.DataFrame(rows, columns=["method", "value", "split"])
    table = table.assign(measure="crps_skill", low=0.3, high=0.4, days=7)
    assert skill_sentence(table) == (
        "CRPS skill against climatology on 7 held-out days: U-Net 0.39 [0.30, 0.40]; "
        "best rival, boosting, 0.37 [0.30, 0.40]."
    )
