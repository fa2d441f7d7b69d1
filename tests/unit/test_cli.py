"""The command line on terminals and with arguments that are out of the ordinary."""

import io
import os
import signal
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import pytest

from rainscore import cli
from rainscore.paths import CHECKOUT

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CHECKOUT)}


@pytest.mark.parametrize(
    "window",
    [["--centre", "nan", "nan"], ["--centre", "inf", "46"], ["--bbox", "0", "nan", "1", "2"]],
)
def test_a_window_that_is_not_finite_is_refused(
    window: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["score", "granule.HDF5", *window])
    assert stopped.value.code == 2
    assert "is not a finite number" in capsys.readouterr().err


def with_command(monkeypatch: pytest.MonkeyPatch, run) -> None:
    """Replace the command `score`."""
    monkeypatch.setattr(cli, "_score", run)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_every_character_can_be_printed_on_a_terminal_of_another_encoding(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", terminal)

    def run(options: Namespace) -> int:
        print(f"0.42 → {options.files[0]}")
        return 0

    with_command(monkeypatch, run)
    assert cli.main(["score", os.fsdecode(b"granule-\xe9.HDF5")]) == 0
    terminal.flush()
    printed = terminal.buffer.getvalue()  # type: ignore[attr-defined]  # a BytesIO
    arrow = "→".encode(encoding, "backslashreplace")
    assert printed == b"0.42 " + arrow + b" granule-\\udce9.HDF5\n"


def test_an_interruption_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: Namespace) -> int:
        raise KeyboardInterrupt

    with_command(monkeypatch, run)
    assert cli.main(["score", "granule.HDF5"]) == 130
    captured = capsys.readouterr()
    assert captured.err == "rainscore: interrupted; the files that are written are complete\n"


def test_a_reader_that_ends_early_causes_no_traceback(tmp_path: Path) -> None:
    code = (
        "import sys, time; from rainscore import cli\n"
        "def run(_):\n"
        "    for _ in range(100_000): print('a line of the result', flush=True)\n"
        "    return 0\n"
        "cli._score = run; sys.exit(cli.main(['score', 'x']))"
    )
    command = f'{sys.executable} -c "$CODE" | head -1'
    result = subprocess.run(
        command, shell=True, capture_output=True, text=True, env={**ENVIRONMENT, "CODE": code}
    )
    assert result.stdout == "a line of the result\n"
    assert result.stderr == ""


def test_ctrl_c_during_the_start_ends_the_program_without_a_traceback(tmp_path: Path) -> None:
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from rainscore import cli; print('ready', flush=True)\n"
        "sys.exit(cli.main(['score', 'granule.HDF5', '--model', sys.argv[1]]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    assert errors.count("\n") <= 1
