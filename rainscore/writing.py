"""Writing of files: completely or not at all, also on a disk that fills."""

import errno
import io
import os
import re
import secrets
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from rainscore.errors import RainscoreError

ABANDONED_AFTER = 24 * 3600
"""Age after which a partly written file of another machine is taken to be abandoned [s]."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_REFUSED = (errno.EROFS, errno.EACCES, errno.EPERM)
_PARTIAL = re.compile(r"\.([\w-]+)-(\d+)-[0-9a-f]{8}(?:\.old)?\.part")
_HOST = re.sub(r"\W", "-", socket.gethostname())[:30] or "host"


class CannotWrite(RainscoreError):
    """A file cannot be written: the disk is full, or the folder is read-only."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Write a file or folder under a temporary name, and rename it after the block succeeded.

    The temporary name is unique, so that several processes can write into one folder.

    Yields:
        A temporary path in the folder of `path`, which is created if necessary. If the block
        raises, what is there is deleted and `path` is left as it was.

    Raises:
        CannotWrite: The disk is full, or the folder cannot be written to.
    """
    path = Path(path)
    unique = f"{_HOST}-{os.getpid()}-{secrets.token_hex(4)}"
    temporary = path.with_name(f".{path.name}.{unique}.part")
    with explained(path, temporary):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            _rename(temporary, path)
        finally:
            with suppress(OSError):
                _remove(temporary)


@contextmanager
def explained(path: Path, temporary: Path | None = None) -> Iterator[None]:
    """Turn the error of a full disk or a read-only folder into one that names the file.

    Args:
        path: File to write.
        temporary: File or folder that is written first.

    Raises:
        CannotWrite: The disk is full, or the folder cannot be written to.
    """
    try:
        yield
    except OSError as error:
        if (problem := _write_problem(error, path, temporary or path)) is None:
            raise
        raise CannotWrite(f"{path}: {problem}") from error


def _rename(temporary: Path, path: Path) -> None:
    """Replace a path; a folder that another process puts there at the same time is replaced too."""
    while True:
        try:
            temporary.replace(path)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            old = temporary.with_suffix(".old.part")
            with suppress(FileNotFoundError):
                path.replace(old)
                shutil.rmtree(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _write_problem(error: OSError, path: Path, temporary: Path) -> str | None:
    """Reason and remedy of an error about the written paths; None for another error."""
    if error.errno in _FULL:
        return "the disk is full, or a quota is reached; free some space and run this again"
    place = None if error.filename is None else Path(os.fsdecode(error.filename))
    about_us = place in (None, path, temporary, path.parent) or temporary in place.parents
    if error.errno in _REFUSED and about_us:
        return f"the folder cannot be written to ({os.strerror(error.errno)}); choose another one"
    return None


def require_writable(folder: Path) -> None:
    """Raise CannotWrite if a folder, or the folder to create it in, cannot be written to."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(existing, os.W_OK):
        raise CannotWrite(f"{folder}: the folder cannot be written to; choose another one")


def disk_is_full(error: BaseException | None) -> bool:
    """Whether an exception says that a disk is full."""
    return isinstance(error, OSError) and error.errno in _FULL


def remove_partial_files(folder: Path, pattern: str = ".*.part") -> None:
    """Delete the partly written files that ended processes left in a folder.

    Args:
        folder: Folder.
        pattern: Names; `**/.*.part` for those in all folders below as well.
    """
    for partial in list(folder.glob(pattern)):
        with suppress(FileNotFoundError):
            if _is_abandoned(partial):
                _remove(partial)


def _is_abandoned(partial: Path) -> bool:
    match = _PARTIAL.search(partial.name)
    if match and match[1] == _HOST and not _is_alive(int(match[2])):
        return True
    return time.time() - partial.stat().st_mtime > ABANDONED_AFTER


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


class _DeferringFile(io.FileIO):
    """File that keeps its first error instead of raising it.

    The HDF5 library crashes the process when a write fails, so it must not see the failure.
    """

    failure: OSError | None = None
    interruption: KeyboardInterrupt | None = None

    def write(self, content) -> int:
        """Write all bytes; after a failure none are written."""
        remaining = memoryview(content).cast("B")
        size = remaining.nbytes
        try:
            while remaining.nbytes and self.failure is None:
                remaining = remaining[super().write(remaining) or 0 :]
        except OSError as error:
            self.failure = error
        return size

    def truncate(self, size: int | None = None) -> int:
        """Set the size of the file."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.failure = self.failure or error
            return size or 0


@contextmanager
def _deferred_interrupts(file: _DeferringFile) -> Iterator[None]:
    """Keep an interruption until the end of the block; a second one is raised at once.

    Raised amid the block, it would leave HDF5 objects that write to the closed file later.
    """

    def handled(number: int, frame: FrameType | None) -> None:
        try:
            previous[signal.Signals(number)](number, frame)
        except KeyboardInterrupt as error:
            if file.interruption is not None:
                raise
            # Its traceback would keep HDF5 objects of the interrupted frames until Python exits,
            # when HDF5 crashes on them.
            file.interruption = error.with_traceback(None)
            file.interruption.__context__ = None

    previous: dict[signal.Signals, Callable[[int, FrameType | None], object]] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if callable(handler := signal.getsignal(number)):
                previous[number] = handler
                signal.signal(number, handled)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def hdf5_target(path: Path) -> Iterator[_DeferringFile]:
    """Open a file object to which HDF5 can write without crashing when the disk fills.

    Raises:
        OSError: A write failed; raised at the end of the block.
        KeyboardInterrupt: A signal arrived; raised at the end of the block, a second one at once.
    """
    with _DeferringFile(path, "w+") as file, _deferred_interrupts(file):
        try:
            yield file
        except Exception:  # HDF5 may raise anything after a write that failed
            if file.failure is None:
                raise
        if file.interruption is not None:
            raise file.interruption
        if file.failure is not None:
            raise file.failure
        os.fsync(file.fileno())
