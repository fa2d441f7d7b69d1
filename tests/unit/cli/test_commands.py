"""The command line on terminals and with arguments that are out of the ordinary."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from rainscore.cli import main, score
from rainscore.cli.commands import rainscore
from rainscore.cli.parameters import SeveralValues
from rainscore.cli.scoringjobs import ScoreRequest
from rainscore.paths import CHECKOUT

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CHECKOUT)}


@pytest.mark.parametrize(
    "window",
    [["--centre", "nan", "nan"], ["--centre", "inf", "46"], ["--bbox", "0", "nan", "1", "2"]],
)
def test_a_window_that_is_not_finite_is_refused(
    window: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", "granule.HDF5", *window]) == 2
    assert "is not a finite number" in capsys.readouterr().err


def with_command(monkeypatch: pytest.MonkeyPatch, run) -> None:
    """Replace the command `score`."""
    monkeypatch.setattr(score, "run", lambda request, **_: run(request))


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_every_character_can_be_printed_on_a_terminal_of_another_encoding(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", terminal)

    def run(request: ScoreRequest) -> int:
        print(f"0.42 → {request.files[0]}")
        return 0

    with_command(monkeypatch, run)
    assert main(["score", os.fsdecode(b"granule-\xe9.HDF5")]) == 0
    terminal.flush()
    printed = terminal.buffer.getvalue()  # type: ignore[attr-defined]  # a BytesIO
    arrow = "→".encode(encoding, "backslashreplace")
    assert printed == b"0.42 " + arrow + b" granule-\\udce9.HDF5\n"


def test_an_interruption_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: ScoreRequest) -> int:
        raise KeyboardInterrupt

    with_command(monkeypatch, run)
    assert main(["score", "granule.HDF5"]) == 130
    captured = capsys.readouterr()
    assert captured.err == "rainscore: interrupted; the files that are written are complete\n"


def test_a_reader_that_ends_early_causes_no_traceback(tmp_path: Path) -> None:
    code = (
        "import sys, time; from rainscore.cli import main, score\n"
        "def run(*_, **options):\n"
        "    for _ in range(100_000): print('a line of the result', flush=True)\n"
        "    return 0\n"
        "score.run = run; sys.exit(main(['score', 'x']))"
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
        "from rainscore.cli import main; print('ready', flush=True)\n"
        "sys.exit(main(['score', 'granule.HDF5', '--model', sys.argv[1]]))"
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


def test_every_command_has_a_help_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out
    for name in rainscore.commands:
        assert f"\n  {name}" in listed
        assert main([name, "--help"]) == 0
        assert "Usage: rainscore" in capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_complete_the_commands(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "_RAINSCORE_COMPLETE" in capsys.readouterr().out


def test_bash_completes_the_name_of_an_option() -> None:
    asked = {"_RAINSCORE_COMPLETE": "bash_complete", "COMP_WORDS": "rainscore score --cen"}
    result = subprocess.run(
        [sys.executable, "-m", "rainscore"],
        capture_output=True, text=True, env={**ENVIRONMENT, **asked, "COMP_CWORD": "2"},
    )  # fmt: skip
    assert result.stdout == "plain,--centre\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["score"], "Missing argument 'GRANULES...'"),
        (["score", "x", "--bbox", "1", "2", "3"], "requires 4 arguments"),
        (["score", "x", "--globe", "--centre", "1", "2"], "only one of --bbox, --centre"),
        (["score", "x", "--format", "grib"], "'grib' is not one of 'nc', 'zarr', 'tif'"),
    ],
)
def test_a_wrong_argument_is_explained_and_the_status_is_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_an_option_takes_several_values_at_once_and_one_by_one() -> None:
    command = SeveralValues("x", params=[click.Option(["--names"], multiple=True)])
    command.params.append(click.Option(["--box"], nargs=2, type=float))
    for arguments in (
        ["--names", "a", "b", "--box", "-1", "2"],
        ["--names", "a", "--box", "-1", "2", "--names", "b"],
    ):
        context = command.make_context("x", list(arguments))
        assert context.params == {"names": ("a", "b"), "box": (-1.0, 2.0)}
