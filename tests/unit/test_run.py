"""The wrapper of `make run`, with a small workflow of two rules."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from rainscore.paths import CHECKOUT
from tools.run import RunState, skill_sentence

SNAKEFILE = f"""
include: "{CHECKOUT}/rules/stops.smk"

rule all:
    input: "results/end.txt"
rule simulate_radar:
    output: "results/{{month}}.txt"
    log: "logs/simulate_radar/{{month}}.log"
    script: "job.py"
rule train_unet:
    input: expand("results/{{month}}.txt", month=["2019-01", "2019-02"])
    output: "results/end.txt"
    log: "logs/train_unet.log"
    script: "job.py"
"""
JOB = """
import sys, time
from contextlib import suppress
from pathlib import Path
log = Path(snakemake.log[0])
with suppress(OSError):
    log.write_text("started\\n")
if snakemake.rule == "train_unet" and Path("fail").exists():
    log.write_text("started\\nerror: the disk is full\\n")
    sys.exit(1)
while Path("wait").exists():
    time.sleep(0.05)
if Path("fill").exists():
    with suppress(OSError), open("filler", "ab", buffering=0) as file:
        while True:
            file.write(bytes(500))
if Path("fill").exists() or Path("write").exists():
    from rainscore.io import write_bytes
    from rainscore.runtime import start_logging
    start_logging(log)
    write_bytes(bytes(400_000), snakemake.output[0])
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


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(project: Path) -> bool:
    """Whether both jobs of a month have started."""
    return len(list(project.glob("logs/simulate_radar/*.log"))) == 2


@pytest.mark.parametrize(
    ("number", "status", "sender"),
    [
        (signal.SIGINT, 130, "Ctrl-C"),
        (signal.SIGTERM, 143, "SIGTERM"),
        (signal.SIGHUP, 129, "a closed terminal"),
    ],
)
def test_a_signal_stops_all_jobs_and_leaves_neither_a_lock_nor_an_incomplete_result(
    number: int, status: int, sender: str, project: Path
) -> None:
    (project / "wait").touch()
    process = start(project)
    wait_for(lambda: is_running(project))
    process.send_signal(number)
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == status
    assert printed == f"Stopped by {sender}. The same command resumes the run.\n"
    assert errors == ""
    assert not list(project.glob("results/*"))
    assert not list(project.glob(".snakemake/locks/*"))


@pytest.mark.parametrize("attempt", range(3))
def test_a_closed_pipe_stops_the_run(attempt: int, project: Path) -> None:
    """Also at the moment when a job ends and the scheduler holds its locks."""
    months = ", ".join(f'"2019-{month:02}"' for month in range(1, 9))
    (project / "Snakefile").write_text(SNAKEFILE.replace('"2019-01", "2019-02"', months))
    process = start(project)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert not list(project.glob("results/end.txt"))
    assert not list(project.glob(".snakemake/locks/*"))


def test_the_command_that_a_locked_folder_prints_removes_the_lock(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    locks = project / ".snakemake/locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("results/end.txt\n")  # what a killed run leaves
    process = start(project)
    printed, _ = process.communicate()
    assert process.returncode == 1
    assert f"{project} is locked: another run is active there, or an earlier one" in printed
    command = printed.splitlines()[-1].strip()
    subprocess.run(shlex.split(command), check=True, capture_output=True)
    assert not list(project.glob(".snakemake/locks/*"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A project on a disk of 400 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=400k", "rainscore-test", str(folder)]
    if os.getuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a file system needs root")
    (folder / "Snakefile").write_text(SNAKEFILE)
    (folder / "job.py").write_text(JOB)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("filled", [True, False])
def test_a_disk_that_fills_is_named_in_one_line(filled: bool, small_disk: Path) -> None:
    """Either there is no space left at all, or too little for the result only."""
    (small_disk / ("fill" if filled else "write")).touch()
    process = start(small_disk)
    printed, errors = process.communicate()
    assert process.returncode == 1
    assert errors == ""
    message = r"^error: results/2019-0\d\.txt: the disk is full, or a quota is reached; free some"
    assert re.search(message, printed, re.MULTILINE), printed
    assert f"The disk of {small_disk} is full. The same command resumes the run.\n" in printed
    assert "Traceback" not in printed + (small_disk / "logs/run.log").read_text()


def test_a_read_only_folder_is_one_line(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    process = start(small_disk)
    printed, errors = process.communicate()
    assert process.returncode == 2
    assert errors == ""
    assert printed == (
        "logs/run.log: Read-only file system; start the run in a folder that can be written to\n"
    )


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
    rows += [("window codes (64)", 0.38, "all")]  # codes of the U-Net itself
    table = pd.DataFrame(rows, columns=["method", "value", "split"])
    table = table.assign(measure="crps_skill", low=0.3, high=0.4, days=7)
    assert skill_sentence(table) == (
        "CRPS skill against climatology on 7 held-out days: U-Net 0.39 [0.30, 0.40]; "
        "best rival, boosting, 0.37 [0.30, 0.40]."
    )
