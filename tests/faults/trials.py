"""Trials of changed files in a process of their own, with limits of time and memory."""

import logging
import multiprocessing
import random
import resource
import shutil
import tempfile
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tests.faults.outcomes import Subject, observe

SECONDS = 20
"""Time after which a reader hangs [s]."""


MEMORY = 3_000_000_000
"""Memory that a reader can allocate in addition to that of the start [bytes]."""


@dataclass(frozen=True)
class Trial:
    """A change of a file, and what its reader made of it."""

    format: str
    field: str
    kind: str
    outcome: str
    detail: str


def run_trials(subject: Subject, *, count: int | None, seed: int = 0) -> list[Trial]:
    """Try changes of a format; after a crash or a hang a new process continues.

    Args:
        subject: The format.
        count: Number of changes, drawn at random; None for all.
        seed: Random seed of the draw.

    Raises:
        RuntimeError: The valid file cannot be written or read.
    """
    trials: list[Trial] = []
    total = 1
    with tempfile.TemporaryDirectory() as folder:
        # Written here: numerical libraries with threads do not work in a forked process.
        file = subject.write(Path(folder))
        if subject.prepare is not None:
            subject.prepare(file)
        while len(trials) < total:
            total = _in_process(subject, file, (count, seed), trials)
    return trials


def _in_process(
    subject: Subject, file: Path, draw: tuple[int | None, int], trials: list[Trial]
) -> int:
    """Append the outcomes of the remaining changes up to a crash or hang; return their number."""
    context = multiprocessing.get_context("fork")
    parent, child = context.Pipe(duplex=False)
    arguments = subject, file, draw, len(trials), child
    process = context.Process(target=_work, args=arguments, daemon=True)
    process.start()
    child.close()
    try:
        if not parent.poll(SECONDS):
            raise RuntimeError(f"{subject.name}: the valid file is not read in {SECONDS} s")
        changes = parent.recv()
        for field, kind in changes[len(trials) :]:
            outcome, detail = "hang", f"no result after {SECONDS} s"
            if parent.poll(SECONDS):
                outcome, detail = _received(parent)
            trials.append(Trial(subject.name, field, kind, outcome, detail))
            if outcome in ("crash", "hang"):
                break
    except EOFError as error:
        raise RuntimeError(f"{subject.name}: the valid file cannot be read") from error
    finally:
        process.kill()
        process.join()
    return len(changes)


def _received(connection: Connection) -> tuple[str, str]:
    try:
        return connection.recv()
    except EOFError:
        return "crash", "the process ended"


def _work(
    subject: Subject,
    file: Path,
    draw: tuple[int | None, int],
    first: int,
    connection: Connection,
) -> None:
    """Send the field and kind of all changes, then the outcomes from the given one on."""
    logging.getLogger("rainscore").setLevel(logging.INFO)
    base, changes = subject.read(file), subject.changes(file)
    count, seed = draw
    if count is not None and count < len(changes):
        changes = random.Random(f"{subject.name} {seed}").sample(changes, count)
    connection.send([(change.field, change.kind) for change in changes])
    _limit_memory()
    with tempfile.TemporaryDirectory() as folder:
        for number, change in enumerate(changes[first:]):
            copy = Path(folder) / f"case{number}"
            shutil.copytree(file.parent, copy, symlinks=True)
            change.apply(copy / file.name)
            connection.send(observe(subject, copy / file.name, change, base))
            shutil.rmtree(copy, ignore_errors=True)


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
