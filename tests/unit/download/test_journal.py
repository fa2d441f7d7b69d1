from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.download.journal import Journal, file_is_complete, journal_manifest
from rainscore.imerg.manifests import COLUMNS, ORIGIN


def test_a_line_that_was_cut_short_is_ignored_and_the_last_record_of_a_key_is_valid(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.add({"key": "a", "state": "damaged"})
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write('\n{"key": "b", "sta')
    journal.add({"key": "a", "state": "present"})
    assert journal.read() == {"a": {"key": "a", "state": "present"}}


def test_a_file_is_complete_if_it_has_the_size_of_its_record(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"12345")
    assert file_is_complete(tmp_path, {"file": "a.npz", "size": 5})
    assert not file_is_complete(tmp_path, {"file": "a.npz", "size": 6})
    assert not file_is_complete(tmp_path, {"file": "b.npz", "size": 5})


def test_the_manifest_has_one_row_per_time_and_file_names_with_the_folder(tmp_path: Path) -> None:
    times = np.array(["2020-01-01T00:00", "2020-01-01T00:30"], "datetime64[ns]")
    common = {
        "size": 0,
        "sha256": "",
        "detail": "",
        "source": "s",
        "fetched": "2024-01-01T00:00:00",
    }
    records = {
        "2020-01-01T00:30": {"state": "missing", "file": "", **common},
        "2020-01-01T00:00": {"state": "present", "file": "a.npz", **common},
    }
    table = journal_manifest(tmp_path / "2020-01", times, records, version="v")
    assert list(table.columns) == COLUMNS + ORIGIN
    assert list(table["file"]) == ["2020-01/a.npz", ""]
    assert list(table["time"]) == list(pd.DatetimeIndex(times))
    assert list(table["version"]) == ["v", "v"]
