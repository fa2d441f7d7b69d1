"""Trials of changed files in a process of their own, with limits of time and memory."""

import logging
import multiprocessing
import random
import resource
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tests.faults.outcomes import Change, Subject, observe

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
    """Try changes of a format.

    Args:
        subject: The format.
        count: Number of changes, drawn at random; None for all.
        seed: Random seed of the draw.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = _valid(subject, Path(folder) / "valid")
        changes = subject.changes(file)
    if count is not None and count < len(changes):
        changes = random.Random(f"{subject.name} {seed}").sample(changes, count)
    return list(_in_processes(subject, changes))


def _valid(subject: Subject, folder: Path) -> Path:
    folder.mkdir(parents=True)
    file = subject.write(folder)
    if subject.prepare is not None:
        subject.prepare(file)
    return file


def _in_processes(subject: Subject, changes: Sequence[Change]) -> Iterator[Trial]:
    """Outcomes of all changes; after a crash or a hang a new process continues."""
    context = multiprocessing.get_context("fork")
    done = 0
    while done < len(changes):
        parent, child = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(subject, changes[done:], child), daemon=True)
        process.start()
        child.close()
        for change in changes[done:]:
            outcome, detail = "crash", "the process ended"
            try:
                if parent.poll(SECONDS):
                    outcome, detail = parent.recv()
                else:
                    outcome, detail = "hang", f"no result after {SECONDS} s"
            except EOFError:
                pass
            done += 1
            yield Trial(subject.name, change.field, change.kind, outcome, detail)
            if outcome in ("crash", "hang"):
                break
        process.kill()
        process.join()


def _work(subject: Subject, changes: Sequence[Change], connection: Connection) -> None:
    logging.getLogger("rainscore").setLevel(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        valid = _valid(subject, Path(folder) / "valid")
        base = subject.read(valid)
        used = resource.getrlimit(resource.RLIMIT_AS)
        size = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, used[1]))
        for number, change in enumerate(changes):
            copy = Path(folder) / f"case{number}"
            shutil.copytree(valid.parent, copy, symlinks=True)
            change.apply(copy / valid.name)
            connection.send(observe(subject, copy / valid.name, change, base))
            shutil.rmtree(copy, ignore_errors=True)
