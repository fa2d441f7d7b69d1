"""Report, scored lines and digests of the code are the same in every locale."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rainscore.paths import CHECKOUT

CODE = """
import json, os, sys
from pathlib import Path
from types import SimpleNamespace
from rainscore.cli import main, score
from rainscore.digests import code_digests
from rainscore.paths import CHECKOUT
from rainscore.report.page import Section, write_report
from rainscore.runtime import start_logging
folder = Path(sys.argv[1])
write_report(folder / "report.html", title="Pluie à l’ouest → 0,2 mm/h", world="real",
    period="2019", sections=[Section("Été", "≥ 0.2")], provenance={"région": "Île"})
start_logging(folder / "job.log").warning("%s: %s", os.fsdecode(b"granule-\\xe9.HDF5"), "40 % → 2")
name = os.fsdecode(b"granule-\\xe9.HDF5")
record = SimpleNamespace(scored=True, line=f"0.42 → {name}", facts={"file": name, "to": "→"})
score_module = sys.modules["rainscore.cli.score"]
score_module.score_records = lambda *_, **__: iter([record])
statuses = main(["score", name]), main(["score", name, "--json"])
assert statuses == (0, 0), statuses
digests = code_digests(CHECKOUT / "scripts/write_report.py", CHECKOUT)
(folder / "digests.json").write_text(json.dumps(digests), "utf-8")
"""
UTF8 = {"LC_ALL": "C.UTF-8"}
OTHERS = {
    "no locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ISO-8859-1": {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "0", "PYTHONIOENCODING": "iso-8859-1"},
}


def run(folder: Path, environment: dict[str, str]) -> tuple[bytes, dict[str, bytes]]:
    """Write a report, a log and digests; return what is printed, and the files."""
    folder.mkdir()
    script = folder.with_name("script.py")
    script.write_text(CODE, "utf-8")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))}
    result = subprocess.run(
        [sys.executable, str(script), str(folder)],
        capture_output=True,
        env={**clean, **environment, "PYTHONPATH": str(CHECKOUT)},
    )
    assert result.returncode == 0, result.stderr.decode(errors="replace")[-2000:]
    assert b"Traceback" not in result.stderr
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    files["job.log"] = files["job.log"].split(b" WARNING ")[1]
    return result.stdout, files


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> tuple[bytes, dict[str, bytes]]:
    """Output and files in a locale with UTF-8."""
    return run(tmp_path_factory.mktemp("utf-8") / "out", UTF8)


def test_the_lines_in_utf8_hold_the_characters(expected) -> None:
    lines = expected[0].decode().splitlines()
    assert lines[0] == r"0.42 → granule-\udce9.HDF5"
    assert lines[1] == r'{"file": "granule-\udce9.HDF5", "to": "\u2192"}'


@pytest.mark.parametrize("locale", OTHERS)
def test_files_are_the_same_in_every_locale_and_lines_are_escaped(
    locale: str, expected, tmp_path: Path
) -> None:
    printed, files = run(tmp_path / "out", OTHERS[locale])
    assert files == expected[1]
    assert printed.decode("ascii") == expected[0].decode().replace("→", r"\u2192")
