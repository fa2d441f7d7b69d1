"""Files that a command is given: files, folders, patterns, and lists on standard input."""

import os
from collections.abc import Callable, Iterable, Iterator
from glob import has_magic
from pathlib import Path
from typing import BinaryIO

from rainscore.errors import RainscoreError
from rainscore.folders import list_files


def expand_paths(
    given: Iterable[Path],
    standard_input: BinaryIO,
    *,
    wanted: Callable[[Path], bool],
    kind: str,
) -> list[Path]:
    """Files that the arguments of a command stand for.

    Args:
        given: Files, folders (their files and those of their sub-folders), patterns with `*`, `?`
            or `[`, and `-` for a list on standard input, one path per line.
        standard_input: Standard input, read as bytes, since file names need not be UTF-8.
        wanted: Whether a file of a folder is one of those that the command reads.
        kind: Name of these files, for the error message.

    Returns:
        Paths in the order given, each once; those of a folder or a pattern in alphabetical order.
        A file that does not exist is kept: the command reports it.

    Raises:
        RainscoreError: A folder or a pattern has no such file, or the list is empty.
    """
    files: list[Path] = []
    for path in given:
        if str(path) == "-":
            lines = [os.fsdecode(line.rstrip(b"\r\n")) for line in standard_input]
            paths = [Path(line) for line in lines if line.strip()]
            if not paths:
                raise RainscoreError("the list on standard input is empty: give one path per line")
        else:
            paths = [path]
        files += [file for one in paths for file in _expand(one, wanted, kind)]
    return list(dict.fromkeys(files))


def _expand(path: Path, wanted: Callable[[Path], bool], kind: str) -> Iterator[Path]:
    if path.is_dir():
        names = [file for file in list_files(path) if wanted(file)]
        if not names:
            raise RainscoreError(f"{path}: the folder has no {kind}; give another folder, or files")
        yield from names
    elif has_magic(str(path)) and not path.exists():
        found = Path(path.anchor).glob(str(path.relative_to(path.anchor)))
        names = sorted(name for name in found if not name.name.startswith("."))
        if not names:
            raise RainscoreError(f"{path}: no file matches this pattern; check it")
        for name in names:
            yield from _expand(name, wanted, kind)
    else:
        yield path
