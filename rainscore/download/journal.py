"""Journal of a download, which records each answer of an archive and survives a kill."""

import json
import threading
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.imerg.manifests import COLUMNS, ORIGIN
from rainscore.writing import explained


class Journal:
    """Append-only file of JSON records, one per line.

    Each record has a `key`; the last record of a key is valid.

    Args:
        path: File of the journal; created by the first record.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def read(self) -> dict[str, dict]:
        """Return the last record of each key; a line that a kill cut short is ignored."""
        records: dict[str, dict] = {}
        if self.path.exists():
            for line in self.path.read_text("utf-8", errors="replace").splitlines():
                try:
                    record = json.loads(line)
                    records[record["key"]] = record
                except (json.JSONDecodeError, KeyError, TypeError):
                    continue
        return records

    def add(self, record: dict) -> None:
        """Append a record, in one write."""
        # A line that was cut short has no line break, so each record starts with one.
        line = "\n" + json.dumps(record, ensure_ascii=False)
        with self._lock, explained(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(line)


def time_key(time: np.datetime64) -> str:
    """Key of a time in a journal.

    >>> time_key(np.datetime64("2020-01-01T00:30", "ns"))
    '2020-01-01T00:30'
    """
    return str(time.astype("datetime64[m]"))


def utc_now() -> str:
    """Current time (UTC), to the second."""
    return f"{pd.Timestamp.now('UTC').tz_localize(None):%Y-%m-%dT%H:%M:%S}"


def file_is_complete(folder: Path, record: dict) -> bool:
    """Whether the file of a record exists with the size in the record."""
    file = folder / record["file"]
    return file.exists() and file.stat().st_size == record["size"]


def journal_manifest(
    folder: Path, times: np.ndarray, records: dict[str, dict], *, version: str | None = None
) -> pd.DataFrame:
    """Build the manifest of a month from the records of its journal.

    Args:
        folder: Folder of the files of the month.
        times: Expected times.
        records: Record of each time, by its key.
        version: Version of all files, where the records hold none.

    Returns:
        Manifest (docs/contracts.md) with `source` and `fetched`; file names are relative to the
        parent of `folder`.
    """
    rows = [{"index": 0, **records[time_key(time)]} for time in times]
    table = pd.DataFrame(rows).assign(time=times)
    if version is not None:
        table["version"] = version
    table["file"] = [f"{folder.name}/{name}" if name else "" for name in table["file"]]
    table["fetched"] = pd.to_datetime(table["fetched"]).astype("datetime64[ns]")
    return table[COLUMNS + ORIGIN].reset_index(drop=True)
