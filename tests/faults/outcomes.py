"""What a reader makes of a changed file: classes of outcomes."""

import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rainscore.errors import RainscoreError

Result = Mapping[str, np.ndarray | str]
"""Content of a file by name: arrays (NaN missing), and text that describes time and place."""


TOLERANCE = 1e-5
"""Relative difference of two values that are equal."""


OUTCOMES = (
    "right value",
    "missing",
    "clear error",
    "unnoticeable",
    "raw exception",
    "wrong accepted",
    "lost in silence",
    "memory",
    "hang",
    "crash",
)
"""Outcomes; from `raw exception` on they are faults of the reader."""


FAULTS = OUTCOMES[OUTCOMES.index("raw exception") :]


@dataclass(frozen=True)
class Change:
    """A change of a file.

    Attributes:
        field: Part of the file that is changed.
        kind: What it is changed to.
        apply: Function of the path of the file.
        expected: Content of the changed file, from that of the original; None for the same.
        plausible: Whether no reader can notice the change: the format has no checksum there, and
            the new content is a possible one.
    """

    field: str
    kind: str
    apply: Callable[[Path], object]
    expected: Callable[[Result], Result] | None = None
    plausible: bool = False


@dataclass(frozen=True)
class Subject:
    """A format and its reader.

    Attributes:
        name: Name in the table.
        write: Function that writes valid files into a folder, and returns the one to change.
        read: Reader of that file.
        changes: Changes to try, from the valid file.
        prepare: Function called after `write`, before the change; for indices made in advance.
    """

    name: str
    write: Callable[[Path], Path]
    read: Callable[[Path], Result]
    changes: Callable[[Path], list[Change]]
    prepare: Callable[[Path], object] | None = None


class Messages(logging.Handler):
    """Handler that keeps the messages of rainscore, as the log of a job does."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.messages.append(record.getMessage())


def observe(subject: Subject, file: Path, change: Change, base: Result) -> tuple[str, str]:
    """Outcome of reading a changed file, and a line that describes it."""
    expected = base if change.expected is None else change.expected(base)
    logger, warnings = logging.getLogger("rainscore"), Messages()
    logger.addHandler(warnings)
    try:
        result = subject.read(file)
    except RainscoreError as error:
        return _of_error(error, file)
    except Exception as error:  # what a reader must never raise is what is counted
        place = traceback.extract_tb(error.__traceback__)[-1]
        lines = [f for f in traceback.extract_tb(error.__traceback__) if "rainscore/" in f.filename]
        own = f"{Path(lines[-1].filename).name}:{lines[-1].lineno}" if lines else ""
        return "raw exception", f"{type(error).__name__}: {error} [{own}, {place.name}]"
    finally:
        logger.removeHandler(warnings)
    return _of_result(result, expected, change, warnings.messages)


def _of_error(error: RainscoreError, file: Path) -> tuple[str, str]:
    text = str(error)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError):
            return "memory", text
        cause = cause.__cause__ or cause.__context__
    if "\n" in text or not text.isprintable():
        return "raw exception", f"an error of several lines or with control characters: {text!r}"
    if file.stem not in text and str(file.parent) not in text:
        return "raw exception", f"an error that does not name the file: {text}"
    return "clear error", text


def _of_result(
    result: Result, expected: Result, change: Change, warnings: list[str]
) -> tuple[str, str]:
    differences, lost = [], [name for name in expected if name not in result]
    for name, values in result.items():
        if name not in expected:
            differences.append(f"{name} is new")
        elif (problem := difference(values, expected[name])) == "missing":
            lost.append(name)
        elif problem:
            differences.append(f"{name}: {problem}")
    if differences:
        return (
            "unnoticeable" if change.plausible else "wrong accepted",
            "; ".join(differences)[:300],
        )
    if not lost:
        return "right value", ""
    everything = all(name in lost or isinstance(expected[name], str) for name in expected)
    if everything and not warnings and not change.plausible:
        return "lost in silence", ", ".join(lost)[:300]
    return "missing", "; ".join(warnings)[:300]


def difference(values: np.ndarray | str, expected: np.ndarray | str) -> str:
    """Difference of two contents: empty if none, `missing` if values are only missing."""
    if isinstance(values, str) or isinstance(expected, str):
        return "" if values == expected else f"{values} instead of {expected}"
    if values.shape != expected.shape:
        return f"shape {values.shape} instead of {expected.shape}"
    values, expected = np.asarray(values, float), np.asarray(expected, float)
    present = ~np.isnan(values)
    near = np.isclose(values, expected, rtol=TOLERANCE, atol=1e-6)
    wrong = present & ~near
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        return f"{values[place]:g} instead of {expected[place]:g} at {place}, {wrong.sum()} values"
    return "missing" if (np.isnan(values) & ~np.isnan(expected)).any() else ""
