"""Writing of files: completely or not at all, also on a disk that fills."""

import errno
import io
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rainscore.errors import RainscoreError

ABANDONED_AFTER = 24 * 3600
"""Age after which a partly written file of another machine is taken to be abandoned [s]."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_REFUSED = (errno.EROFS, errno.EACCES, errno.EPERM)
_PARTIAL = re.compile(r"\.([\w-]+)-(\d+)-[0-9a-f]{8}\.part")
_HOST = re.sub(r"\W", "-", socket.gethostname())[:30] or "host"


class CannotWrite(RainscoreError):
    """A file cannot be written: the disk is full, or the folder is read-only."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Write a file under a temporary name, and rename it only after the block succeeded.

    The temporary name is unique, so that several processes can write into one folder.

    Yields:
        A temporary path in the folder of `path`, which is created if necessary. If the block
        raises, the temporary file is deleted and `path` is left as it was.

    Raises:
        CannotWrite: The disk is full, or the folder cannot be written to.
    """
    path = Path(path)
    unique = f"{_HOST}-{os.getpid()}-{secrets.token_hex(4)}"
    temporary = path.with_name(f".{path.name}.{unique}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
    except OSError as error:
        if (problem := _write_problem(error, (path, temporary, path.parent))) is None:
            raise
        raise CannotWrite(f"{path}: {problem}") from error


def _write_problem(error: OSError, written: tuple[Path, ...]) -> str | None:
    """Reason and remedy of an error about the written paths; None for another error."""
    if error.errno in _FULL:
        return "the disk is full, or a quota is reached; free some space and run this again"
    about_us = error.filename is None or str(error.filename) in map(str, written)
    if error.errno in _REFUSED and about_us:
        return f"the folder cannot be written to ({error.strerror}); choose another one"
    return None


def disk_is_full(error: BaseException | None) -> bool:
    """Whether an exception says that a disk is full."""
    return isinstance(error, OSError) and error.errno in _FULL


def remove_partial_files(folder: Path) -> None:
    """Delete the partly written files that ended processes left in a folder."""
    for partial in folder.glob(".*.part"):
        with suppress(FileNotFoundError):
            if _is_abandoned(partial):
                partial.unlink()


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
def hdf5_target(path: Path) -> Iterator[_DeferringFile]:
    """Open a file object to which HDF5 can write without crashing when the disk fills.

    Raises:
        OSError: A write failed; raised at the end of the block.
    """
    with _DeferringFile(path, "w+") as file:
        try:
            yield file
        except Exception:  # HDF5 may raise anything after a write that failed
            if file.failure is None:
                raise
        if file.failure is not None:
            raise file.failure
        os.fsync(file.fileno())
