"""Manifests: what a period should hold, and in which state each granule or frame is."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from string import ascii_uppercase
from typing import NamedTuple

import numpy as np
import pandas as pd

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.imerg.names import GranuleName, parse_name
from rainscore.imerg.reader import check_granule
from rainscore.io import read_table, write_table

COLUMNS = ["time", "state", "file", "index", "size", "sha256", "version", "detail"]


ORIGIN = ["source", "fetched"]
"""Further columns of what was downloaded: its address, and when it came (UTC)."""


STATES = ("present", "missing", "damaged")


GRANULE_SUFFIXES = (".HDF5", ".RT-H5", ".nc4", ".nc", ".h5")


class Candidate(NamedTuple):
    """A file that may hold the granule or frame of a time."""

    file: str
    place: int
    version: str


def write_manifest(table: pd.DataFrame, path: Path | str, **metadata: str | int | float) -> None:
    """Write a manifest as Parquet, whole or not at all.

    Args:
        table: Columns of docs/contracts.md, one row a time, in order.
        path: File to write.
        metadata: Plain values to keep with it, besides those in `table.attrs`.

    Raises:
        RainscoreError: The table breaks the contract.
    """
    _validate(table, path)
    write_table(table, path, **{str(key): value for key, value in table.attrs.items()} | metadata)


def read_manifest(path: Path | str) -> pd.DataFrame:
    """Read a manifest; its metadata lie in `attrs`.

    Raises:
        RainscoreError: It breaks the contract.
    """
    table = read_table(path)
    _validate(table, path)
    return table


def index_granules(
    folder: Path | str,
    times: np.ndarray | pd.DatetimeIndex,
    run: str | None = None,
    version: str | None = None,
) -> pd.DataFrame:
    """Build the manifest of a local folder of IMERG granules.

    Args:
        folder: Searched with its sub-folders.
        times: Expected half-hours (starts, UTC).
        run: `final`, `late` or `early`, where the folder holds several.
        version: Product version (`V07`, or `V07B`), where the folder holds several.

    Returns:
        The manifest, one row for each expected half-hour, with absolute file names. Of several
        files of one half-hour the newest version that can be read is taken, and `detail` says so.

    Raises:
        RainscoreError: There is no granule, or there are several runs or versions and none is
            chosen.
        DamagedFile: A file says neither by its name nor inside which half-hour it holds.
    """
    names = _granules(Path(folder))
    names = _select(names, folder, "run", run)
    names = _select(names, folder, "version", version)
    candidates: dict[np.datetime64, list[Candidate]] = {}
    for file, name in names.items():
        candidates.setdefault(name.start, []).append(Candidate(str(file), 0, name.version))
    for found in candidates.values():
        # Newest first; of one version the archive's own name comes before copies (.HDF5.1).
        found.sort(key=lambda candidate: candidate.version, reverse=True)
    return manifest_of(times, candidates, check_granule)


def _granules(folder: Path) -> dict[Path, GranuleName]:
    """Granules below a folder."""
    require_folder(folder)
    names: dict[Path, GranuleName] = {}
    for file in sorted(folder.absolute().rglob("*")):
        try:
            names[file] = parse_name(file)
        except ValueError:
            if file.suffix in GRANULE_SUFFIXES:
                names[file] = check_granule(file)
    if not names:
        raise RainscoreError(f"{folder}: no IMERG granules; check the folder")
    return names


def require_folder(folder: Path) -> None:
    """Raise RainscoreError if the folder does not exist."""
    if not folder.is_dir():
        raise RainscoreError(f"{folder}: no such folder; check the configuration")


def _select(
    names: dict[Path, GranuleName], folder: Path | str, what: str, wanted: str | None
) -> dict[Path, GranuleName]:
    """Granules of the wanted run (or version), or of the only one that there is."""
    # Letters (V07B, V07C) are repairs of one version, which a period may well mix.
    kinds = {getattr(name, what).rstrip(ascii_uppercase): file for file, name in names.items()}
    kinds.pop("unknown", None)
    if wanted is None and len(kinds) > 1:
        examples = ", ".join(f"{kind} ({kinds[kind].name})" for kind in sorted(kinds))
        raise RainscoreError(f"{folder} holds several {what}s: {examples}; choose one {what}")
    chosen = {
        file: name
        for file, name in names.items()
        if wanted is None or getattr(name, what).startswith((wanted, "unknown"))
    }
    if not chosen:
        raise RainscoreError(f"{folder} holds the {what} {', '.join(sorted(kinds))}, not {wanted}")
    return chosen


def manifest_of(
    times: np.ndarray | pd.DatetimeIndex,
    candidates: dict[np.datetime64, list[Candidate]],
    check: Callable[[str], object],
) -> pd.DataFrame:
    """One row a time, from the candidates of each."""

    @cache
    def problem(file: str) -> str:
        try:
            check(file)
        except DamagedFile as error:
            return f"{error.reason}; {error.remedy}"
        return ""

    @cache
    def digest(file: str) -> tuple[int, str]:
        if Path(file).is_dir():
            return _digest_store(Path(file))
        with Path(file).open("rb") as content:
            return Path(file).stat().st_size, hashlib.file_digest(content, "sha256").hexdigest()

    rows = []
    for time in pd.DatetimeIndex(times).as_unit("ns"):
        found = candidates.get(time.to_datetime64(), [])
        if not found:
            rows.append((time, "missing", "", 0, 0, "", "", "not in the folder"))
            continue
        chosen = next((c for c in found if not problem(c.file)), found[0])
        others = [Path(c.file).name for c in found if c is not chosen]
        wrong = problem(chosen.file)
        details = [wrong, f"taken rather than {', '.join(others)}" if others else ""]
        size, sha256 = digest(chosen.file)
        row = (time, "damaged" if wrong else "present", chosen.file, chosen.place, size, sha256)
        rows.append((*row, chosen.version, "; ".join(filter(None, details))))
    return pd.DataFrame(rows, columns=COLUMNS).astype({"time": "datetime64[ns]"})


def _digest_store(folder: Path) -> tuple[int, str]:
    """Size of a Zarr store, and a digest of the names and sizes of its files."""
    files = sorted(f for f in folder.rglob("*") if f.is_file())
    listed = "\n".join(f"{f.relative_to(folder)} {f.stat().st_size}" for f in files)
    return sum(f.stat().st_size for f in files), hashlib.sha256(listed.encode()).hexdigest()


def _validate(table: pd.DataFrame, path: Path | str) -> None:
    """Raise where a table breaks the contract of a manifest."""
    times = table.get("time", pd.Series(dtype="datetime64[ns]"))
    problem = None
    if list(table.columns) not in (COLUMNS, COLUMNS + ORIGIN):
        problem = f"its columns are {list(table.columns)}, not {COLUMNS}, with or without {ORIGIN}"
    elif times.dtype != "datetime64[ns]":
        problem = f"its times are {times.dtype}, not datetime64[ns]"
    elif not times.is_monotonic_increasing or times.duplicated().any():
        problem = "its times are not in order, or not unique"
    elif not table["state"].isin(STATES).all():
        problem = f"its states are not all among {', '.join(STATES)}"
    elif ((table["file"] == "") != (table["state"] == "missing")).any():
        problem = "a file is named where none is there, or the other way round"
    if problem:
        raise RainscoreError(f"{path}: not a manifest: {problem}")
