"""A read-only installation without a writable home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rainscore.compilercache import use_writable_cache
from rainscore.paths import CHECKOUT


def test_functions_are_compiled_in_a_read_only_installation_without_a_home(tmp_path: Path) -> None:
    # A process of root can write everywhere, so that the check of the permissions is replaced.
    code = (
        "import os; os.access = lambda *_: False\n"
        "import numpy as np\n"
        "from rainscore.scores.jointhistogram import joint_histogram\n"
        "print(os.environ['NUMBA_CACHE_DIR'])"
    )
    environment = {"HOME": "/nonexistent", "TMPDIR": str(tmp_path), "PATH": os.environ["PATH"]}
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**environment, "PYTHONPATH": str(CHECKOUT)},
    )
    assert result.returncode == 0, result.stderr[-1000:]
    assert result.stdout == f"{tmp_path}/rainscore-{os.getuid()}\n"
    assert (tmp_path / f"rainscore-{os.getuid()}").stat().st_mode & 0o077 == 0
    assert "are read-only: compiled functions are kept in" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_writable_installation_keeps_the_choice_of_numba(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    use_writable_cache(tmp_path)
    assert "NUMBA_CACHE_DIR" not in os.environ


def test_a_cache_folder_of_another_user_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    shared = tmp_path / f"rainscore-{os.getuid()}"
    shared.mkdir()
    shared.chmod(0o777)
    use_writable_cache(tmp_path)
    chosen = Path(os.environ["NUMBA_CACHE_DIR"])
    assert chosen != shared
    assert chosen.stat().st_mode & 0o077 == 0
