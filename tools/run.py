"""Run the workflow with a short report of its progress.

All arguments are passed on to Snakemake, whose full output is written to logs/run.log. The terminal
shows a progress bar and one line per finished job; without a terminal, the lines only.

Ctrl-C, SIGTERM, a closed terminal and a closed pipe stop the running jobs and release the lock of
Snakemake; the exit status is 130, 143, 129 or 141.
"""

import argparse
import io
import os
import queue
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import yaml
from tqdm import tqdm

from rainscore.config import merge
from rainscore.paths import CHECKOUT

LOG = Path("logs/run.log")
BAR = "{bar:30} {n_fmt} of {total_fmt} jobs, {elapsed} {desc}"
FULL = 1_000_000
"""Free space below which a disk is called full [bytes]."""
LOG_LINES = 15
"""Number of lines of a log shown after a failure."""
STOPS: dict[int, str] = {
    signal.SIGINT: "Ctrl-C",
    signal.SIGTERM: "SIGTERM",
    signal.SIGHUP: "a closed terminal",
    signal.SIGPIPE: "a closed pipe",
}
"""Signals that stop a run, and what sends them."""
ENVIRONMENT = {"RAINSCORE_PROGRESS": "off", "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
"""Environment variables of Snakemake and its jobs."""
LOCKED = "Directory cannot be locked"
"""Message of Snakemake where another run is active, or where a killed one left its lock."""


@dataclass
class Job:
    """A job of the workflow."""

    rule: str
    started: float
    wildcards: str = ""
    log: str = ""

    @property
    def name(self) -> str:
        """Rule and values of the wildcards."""
        values = [pair.split("=", 1)[1] for pair in self.wildcards.split(", ") if "=" in pair]
        return " ".join([self.rule, *values])


@dataclass
class RunState:
    """State of a run, as read from the output of Snakemake.

    Attributes:
        total: Number of jobs.
        finished: Number of finished jobs.
        running: Jobs that started and have not finished, by their Snakemake id.
        failed: Jobs that failed.
        errors: Errors of jobs, one line each; a full disk has no place for them in the log.
    """

    total: int = 0
    finished: int = 0
    running: dict[str, Job] = field(default_factory=dict)
    failed: list[Job] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _current: Job | None = None

    def read(self, line: str) -> str | None:
        """Update the state with a line of output; return the message to show, if any."""
        if match := re.match(r"(?:local)?(?:rule|checkpoint) (\w+):$", line):
            self._current = Job(match[1], time.monotonic())
        elif match := re.match(r"Error in (?:rule|checkpoint) (\w+):$", line):
            self._current = Job(match[1], time.monotonic())
            self.failed.append(self._current)
        elif match := re.match(r"    (jobid|wildcards|log): (.*)$", line):
            self._describe(match[1], match[2])
        elif match := re.match(r"Finished jobid: (\d+)", line):
            return self._finish(match[1])
        elif match := re.match(r"total +(\d+)$", line):
            self.total = int(match[1])
        elif line.startswith("error: "):
            self.errors.append(line)
        elif line.startswith("Nothing to be done"):
            return "Nothing to be done: all results are up to date."
        return None

    def _describe(self, key: str, value: str) -> None:
        job = self._current
        if job is None:
            return
        if key == "wildcards":
            job.wildcards = value
        elif key == "log":
            job.log = value.split(" (check log")[0]
        elif job in self.failed:
            self.running.pop(value, None)
        else:
            self.running[value] = job

    def _finish(self, job_id: str) -> str | None:
        self.finished += 1
        job = self.running.pop(job_id, None)
        if job is None or job.rule == "all":
            return None
        width = len(str(self.total))
        seconds = time.monotonic() - job.started
        return f"[{self.finished:{width}}/{self.total}] {job.name} ({seconds:.0f} s)"


def output_of(process: subprocess.Popen) -> Iterator[str | None]:
    """Lines of the output of a process; None in every second without output."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in process.stdout or ():
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=1)
        except queue.Empty:
            yield None
            continue
        if line is None:
            return
        yield line


def run(arguments: list[str]) -> int:
    """Run Snakemake with the given arguments; return its exit status."""
    try:
        log = open_log()
    except OSError as error:
        print(f"{LOG}: {error.strerror}; start the run in a folder that can be written to")
        return 2
    process = subprocess.Popen(
        [sys.executable, "-m", "snakemake", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, **ENVIRONMENT},
        process_group=0,  # the terminal sends Ctrl-C to this process only, which passes it on
    )
    received = pass_on_stops(process)
    state = RunState()
    try:
        with log:
            follow(process, state, log)
    except BrokenPipeError:  # Python ignores SIGPIPE
        silence()
        stop(process, signal.SIGPIPE, received)
    status = process.wait()
    if received:
        return stopped(received[0])
    folder = run_folder(arguments)
    for sentence in explanation(state, folder, arguments) if status else closing(folder):
        print(sentence)
    return 128 - status if status < 0 else status


def open_log() -> io.FileIO:
    """Open the log of the output of Snakemake."""
    LOG.parent.mkdir(exist_ok=True)
    return io.FileIO(LOG, "w")


def follow(process: subprocess.Popen, state: RunState, log: io.FileIO) -> None:
    """Write the output of Snakemake to the log, and show its progress until it ends."""
    with tqdm(bar_format=BAR, disable=None, leave=False) as bar:
        for line in output_of(process):
            if line is not None:
                with suppress(OSError):  # a full disk
                    log.write(line.encode())
                if message := state.read(line.rstrip("\n")):
                    bar.write(message)
                    sys.stdout.flush()
            bar.total, bar.n = state.total, state.finished
            names = dict.fromkeys(job.rule for job in state.running.values())
            bar.set_description_str(", ".join(names))


def pass_on_stops(process: subprocess.Popen) -> list[int]:
    """Stop a run at the signals of `STOPS`; return the list that the first of them is put into."""
    received: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # `nohup` ignores the end of the terminal.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda number, _: stop(process, number, received))
    return received


def stop(process: subprocess.Popen, number: int, received: list[int]) -> None:
    """Ask Snakemake and all its jobs to stop; the first request is kept.

    Jobs end at once, trainings after their checkpoint. Snakemake then deletes incomplete results
    and releases its lock.
    """
    received.append(number)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


def stopped(number: int) -> int:
    """Say that a run was stopped; return the exit status that a shell gives to the signal."""
    with suppress(OSError):  # a terminal that was closed
        print(f"Stopped by {STOPS[number]}. The same command resumes the run.", flush=True)
    return 128 + number


def silence() -> None:
    """Discard all further output."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run_folder(arguments: list[str]) -> Path:
    """Folder of the results and logs of a run, from the configuration files in the arguments."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--configfile", "--configfiles", nargs="+", type=Path, default=[])
    files = parser.parse_known_args(arguments)[0].configfile
    config: dict = {}
    for file in (CHECKOUT / "config.yaml", *files):
        merge(config, yaml.safe_load(file.read_bytes()) or {})
    return Path(config["run_folder"])


def explanation(state: RunState, folder: Path, arguments: list[str]) -> Iterator[str]:
    """Lines that say why a run failed: the end of the failed jobs' logs, or of the output."""
    if not state.failed and LOCKED in LOG.read_text("utf-8", errors="replace"):
        yield from about_lock(folder, arguments)
        return
    if shutil.disk_usage(folder).free < FULL:
        yield from state.errors
        yield f"The disk of {folder.absolute()} is full. The same command resumes the run."
        return
    for job in state.failed:
        yield f"\n{job.name} failed."
        path = folder / job.log
        if job.log and path.is_file() and (lines := last_lines(path)):
            yield f"Last lines of {path}:"
            yield from lines
    if not state.failed:
        yield "\nThe run stopped:"
        yield from last_lines(LOG)
    yield f"Full output: {LOG}"


def about_lock(folder: Path, arguments: list[str]) -> Iterator[str]:
    """Lines that say why a folder is locked, and the command that removes the lock."""
    python = os.path.relpath(sys.executable)
    yield (
        f"{folder.absolute()} is locked: another run is active there, or an earlier one was killed "
        "(kill -9, power failure). If none is active, remove the lock and start the run again:"
    )
    yield f"  {python} -m snakemake {shlex.join(['--unlock', *arguments])}"


def last_lines(path: Path) -> list[str]:
    """Last lines of a text file, indented."""
    return [
        f"  {line}" for line in path.read_text("utf-8", errors="replace").splitlines()[-LOG_LINES:]
    ]


def closing(folder: Path) -> Iterator[str]:
    """Sentences that say where the results of a run are and how to use them."""
    results = folder / "results"
    if (results / "report.html").is_file():
        yield f"Report: {results / 'report.html'}"
    if (results / "evaluation/skill.parquet").is_file():
        yield skill_sentence(pd.read_parquet(results / "evaluation/skill.parquet"))
    if (results / "models/unet.safetensors").is_file():
        command = os.path.relpath(Path(sys.executable).with_name("rainscore"))
        yield f"Score a granule: {command} score FILE --model {results / 'models'} --out scored"


def skill_sentence(skill: pd.DataFrame) -> str:
    """CRPS skill of the U-Net and of its best rival over all held-out days.

    Args:
        skill: Table of `evaluate_skill` with the columns method, measure, split, value, low, high
            and days.
    """
    from rainscore.evaluation.skill import OF_UNET

    rows = skill.query("measure == 'crps_skill' and split == 'all'")
    methods = {row.method: row for row in rows.itertuples()}
    unet = methods["U-Net"]
    rivals = [row for name, row in methods.items() if not str(name).startswith(OF_UNET)]
    # `itertuples` has no types for the columns.
    rival = max(rivals, key=lambda row: float(row.value))  # type: ignore[arg-type]  # a named row
    values = [f"{row.value:.2f} [{row.low:.2f}, {row.high:.2f}]" for row in (unet, rival)]
    return (
        f"CRPS skill against climatology on {unet.days} held-out days: U-Net {values[0]}; "
        f"best rival, {rival.method}, {values[1]}."
    )


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
