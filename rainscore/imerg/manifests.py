"""Manifests: the granules or frames expected in a period, and the state of each."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import ascii_uppercase

import numpy as np
import pandas as pd

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.folders import list_files
from rainscore.imerg.names import GranuleName, is_granule_name, parse_name
from rainscore.imerg.reader import check_granule
from rainscore.io import read_table, write_table

log = logging.getLogger("rainscore")

COLUMNS = ["time", "state", "file", "index", "size", "sha256", "version", "detail"]
"""Columns of a manifest (docs/contracts.md)."""


ORIGIN = ["source", "fetched"]
"""Further columns of downloaded files: address, and time of the download (UTC)."""


LENGTH = ["minutes"]
"""Further column of radar frames in a local folder: length of the interval [min]."""


STATES = ("present", "missing", "damaged")
"""States of an expected granule or frame."""


GRANULE_SUFFIXES = (".HDF5", ".RT-H5", ".nc4", ".nc", ".h5")
"""Endings of files that are opened where the name is not that of a granule."""


@dataclass(frozen=True)
class Candidate:
    """A file that may hold the granule or frame of an expected time.

    Attributes:
        file: Absolute path.
        index: Position of the frame in the file.
        version: Product version of IMERG, or name of the radar format.
    """

    file: str
    index: int
    version: str


def write_manifest(table: pd.DataFrame, path: Path | str, **metadata: str | int | float) -> None:
    """Write a manifest as Parquet.

    Args:
        table: Manifest (docs/contracts.md): one row per expected time, in order.
        path: File to write.
        metadata: Values to store in addition to `table.attrs`.

    Raises:
        RainscoreError: The table is not a valid manifest.
    """
    _validate(table, path)
    write_table(table, path, **{str(key): value for key, value in table.attrs.items()} | metadata)


def read_manifest(path: Path | str, *, absolute: bool = False) -> pd.DataFrame:
    """Read a manifest.

    Args:
        path: Parquet file.
        absolute: Whether to make file names absolute; in the file they may be relative to its
            folder.

    Returns:
        The manifest (docs/contracts.md), with the metadata in `attrs`.

    Raises:
        RainscoreError: The table is not a valid manifest.
    """
    table = read_table(path)
    _validate(table, path)
    if absolute:
        folder = Path(path).resolve().parent
        table["file"] = [str(folder / file) if file else "" for file in table["file"]]
    return table


def index_granules(
    folder: Path | str,
    times: np.ndarray | pd.DatetimeIndex,
    run: str | None = None,
    version: str | None = None,
) -> pd.DataFrame:
    """Build the manifest of a local folder of IMERG granules.

    Args:
        folder: Folder that is searched with its sub-folders; links to folders are followed.
        times: Expected half-hours (starts, UTC).
        run: `final`, `late` or `early`; required where the folder has several runs.
        version: Product version (`V07`, or `V07B`); required where the folder has several.

    Returns:
        The manifest: one row per expected half-hour, with absolute file names. Where several files
        hold the same half-hour, the newest version that can be read is used, and `detail` names the
        others. A file of which neither the name nor the content states the half-hour is left out,
        and the log names it.

    Raises:
        RainscoreError: The folder has no granule, or several runs or versions and `run` or
            `version` is not given.
    """
    names = _granules(Path(folder))
    names = _select(names, folder, "run", run)
    names = _select(names, folder, "version", version)
    candidates: dict[np.datetime64, list[Candidate]] = {}
    for file, half_hours in names.items():
        for index, name in enumerate(half_hours):
            candidates.setdefault(name.start, []).append(Candidate(str(file), index, name.version))
    for files in candidates.values():
        # Newest version first; the sort is stable, so the archive's name precedes copies (.HDF5.1).
        files.sort(key=lambda candidate: candidate.version, reverse=True)
    return build_manifest(times, candidates, check_granule)


def _granules(folder: Path) -> dict[Path, tuple[GranuleName, ...]]:
    """Half-hours of the granules in a folder and its sub-folders, by path."""
    granules: dict[Path, tuple[GranuleName, ...]] = {}
    problems = []
    for file in list_files(folder):
        try:
            if is_granule_name(file):
                granules[file] = (parse_name(file),)
            elif file.suffix in GRANULE_SUFFIXES:
                granules[file] = check_granule(file)
        except (ValueError, DamagedFile) as error:
            problems.append(str(error))
            log.warning("not used as a granule: %s", error)
    if not granules:
        reason = f"{len(problems)} files cannot be used: {problems[0]}" if problems else ""
        raise RainscoreError(f"{folder}: no IMERG granules; {reason or 'check the folder'}")
    return granules


def _select(
    granules: dict[Path, tuple[GranuleName, ...]],
    folder: Path | str,
    attribute: str,
    wanted: str | None,
) -> dict[Path, tuple[GranuleName, ...]]:
    """Granules whose attribute (`run` or `version`) is the wanted one, or the only one present."""
    stated = {file: str(getattr(names[0], attribute)) for file, names in granules.items()}
    # Letters (V07B, V07C) are repairs of one version, which a period may mix.
    values = {value.rstrip(ascii_uppercase): file for file, value in stated.items()}
    values.pop("unknown", None)
    if wanted is None and len(values) > 1:
        examples = ", ".join(f"{value} ({values[value].name})" for value in sorted(values))
        raise RainscoreError(
            f"{folder} contains several {attribute}s: {examples}; choose one {attribute}"
        )
    selected = {
        file: granules[file]
        for file, value in stated.items()
        if wanted is None or value.startswith((wanted, "unknown"))
    }
    if not selected:
        raise RainscoreError(
            f"{folder} contains the {attribute} {', '.join(sorted(values))}, not {wanted}"
        )
    return selected


def build_manifest(
    times: np.ndarray | pd.DatetimeIndex,
    candidates: dict[np.datetime64, list[Candidate]],
    check: Callable[[str], object],
) -> pd.DataFrame:
    """Build a manifest from the files available for each expected time.

    Args:
        times: Expected half-hours or frames (starts, UTC).
        candidates: Files of each time, in order of preference.
        check: Function that raises DamagedFile for a file that cannot be used.

    Returns:
        The manifest, one row per expected time. The first candidate without damage is used; if all
        are damaged, the row has the first one and its damage.
    """

    content = cache(size_and_digest)

    @cache
    def damage(file: str) -> str:
        try:
            content(file)
            check(file)
        except DamagedFile as error:
            return f"{error.reason}; {error.remedy}"
        return ""

    rows = []
    for time in pd.DatetimeIndex(times).as_unit("ns"):
        files = candidates.get(time.to_datetime64(), [])
        if not files:
            rows.append((time, "missing", "", 0, 0, "", "", "not in the folder"))
            continue
        used = next((copy for copy in files if not damage(copy.file)), files[0])
        others = ", ".join(Path(copy.file).name for copy in files if copy is not used)
        problem = damage(used.file)
        detail = "; ".join(filter(None, [problem, others and f"used instead of {others}"]))
        state = "damaged" if problem else "present"
        try:
            found = content(used.file)
        except DamagedFile:
            found = (0, "")
        rows.append((time, state, used.file, used.index, *found, used.version, detail))
    return pd.DataFrame(rows, columns=COLUMNS).astype({"time": "datetime64[ns]"})


def size_and_digest(file: str) -> tuple[int, str]:
    """Size [bytes] and SHA-256 of a file; for a Zarr store, of its files' names and sizes.

    Raises:
        DamagedFile: The file does not exist or cannot be read.
    """
    path = Path(file)
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise DamagedFile(file, "it is not a file", "remove it, or restore the file")
    try:
        if not path.is_dir():
            with path.open("rb") as content:
                return path.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest()
        files = [f for f in sorted(path.rglob("*")) if f.is_file()]
        sizes = {f.relative_to(path): f.stat().st_size for f in files}
    except OSError as error:
        raise DamagedFile(
            file, f"it cannot be read ({error.strerror})", "restore it, or allow reading it"
        ) from error
    listing = "\n".join(f"{name} {size}" for name, size in sizes.items())
    return sum(sizes.values()), hashlib.sha256(listing.encode()).hexdigest()


def _validate(table: pd.DataFrame, path: Path | str) -> None:
    """Raise RainscoreError if a table is not a valid manifest."""
    times = table.get("time", pd.Series(dtype="datetime64[ns]"))
    problem = None
    if list(table.columns) not in (COLUMNS, COLUMNS + ORIGIN, COLUMNS + LENGTH):
        problem = (
            f"its columns are {list(table.columns)}, not {COLUMNS}, alone or with {ORIGIN} or "
            f"{LENGTH}"
        )
    elif times.dtype != "datetime64[ns]":
        problem = f"its times are {times.dtype}, not datetime64[ns]"
    elif not times.is_monotonic_increasing or times.duplicated().any():
        problem = "its times are not in order or not unique"
    elif not table["state"].isin(STATES).all():
        problem = f"its states are not all among {', '.join(STATES)}"
    elif ((table["file"] == "") != (table["state"] == "missing")).any():
        problem = "it names a file where the state is missing, or none where it is not"
    if problem:
        raise RainscoreError(f"{path}: not a manifest: {problem}")
