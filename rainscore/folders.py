"""Data files of a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from rainscore.errors import RainscoreError


def list_files(source: Path | str, *, stores: tuple[str, ...] = ()) -> list[Path]:
    """List the files of a folder and its sub-folders, also behind symbolic links.

    Hidden files (`.name`, `._name` of macOS), links to nothing and special files are left out, and
    each folder is visited once, so that a loop of links ends.

    Args:
        source: Folder, or a single file.
        stores: Endings of folders that count as one file, such as `.zarr`; they are not entered.

    Returns:
        Absolute paths in alphabetical order.

    Raises:
        RainscoreError: The source does not exist, a folder cannot be listed, or a name is not
            UTF-8, so that it cannot be written into a table.
    """
    source = Path(source).absolute()
    if source.is_file() or (stores and source.is_dir() and source.name.endswith(stores)):
        return [source]
    if not source.is_dir():
        raise RainscoreError(f"{source}: no such folder or file; check the configuration")
    files = sorted(_walk(source, stores))
    for file in files:
        # Python represents bytes that are not UTF-8 by surrogates.
        if any("\ud800" <= character <= "\udfff" for character in str(file)):
            raise RainscoreError(f"{file}: its name is not UTF-8; rename the file or folder")
    return files


def _walk(source: Path, stores: tuple[str, ...]) -> Iterator[Path]:
    """Files and stores of a folder, in no order."""
    visited: set[str] = set()
    for folder, folders, files in os.walk(source, followlinks=True, onerror=_refuse):
        path, real = Path(folder), os.path.realpath(folder)
        named = [] if real in visited else sorted(n for n in folders if not n.startswith("."))
        whole = [name for name in named if stores and name.endswith(stores)]
        folders[:] = [name for name in named if name not in whole]
        if real not in visited:
            yield from (path / name for name in whole)
            yield from (
                path / name
                for name in files
                if not name.startswith(".") and (path / name).is_file()
            )
        visited.add(real)


def _refuse(error: OSError) -> None:
    raise RainscoreError(
        f"{error.filename}: the folder cannot be listed ({error.strerror}); allow reading it"
    ) from error
