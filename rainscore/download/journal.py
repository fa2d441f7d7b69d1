"""What has been asked of an archive, and what came: survives a kill at any moment."""

import json
import threading
from pathlib import Path


def remove_parts(folder: Path) -> None:
    """Remove what a kill left half-written in a folder."""
    for part in folder.glob(".*.part"):
        part.unlink()


class Journal:
    """Lines of JSON, one an answer; of one `key` the last line counts.

    Args:
        path: File, appended to and never rewritten.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def read(self) -> dict[str, dict]:
        """Return the last record of each key; a line cut short by a kill is passed over."""
        records: dict[str, dict] = {}
        if self._path.exists():
            for line in self._path.read_text(errors="replace").splitlines():
                try:
                    record = json.loads(line)
                    records[record["key"]] = record
                except (json.JSONDecodeError, KeyError, TypeError):
                    continue
        return records

    def add(self, record: dict) -> None:
        """Append a record, in one write."""
        # A line cut short has no end, so each record begins with one.
        line = "\n" + json.dumps(record, ensure_ascii=False)
        with self._lock, self._path.open("a") as file:
            file.write(line)
