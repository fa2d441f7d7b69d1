"""The command `rainscore` with its subcommands, and its exit statuses."""

import io
import os
import sys

import click
from click.shell_completion import get_completion_class

from rainscore.cli.explanation import explain_command
from rainscore.cli.export import export_command
from rainscore.cli.inspection import inspect_command
from rainscore.cli.latest import latest_command
from rainscore.cli.monitor import monitor_command
from rainscore.cli.score import score_command
from rainscore.cli.verify import verify_command
from rainscore.errors import RainscoreError, printable
from rainscore.runtime import INTERRUPTED, raise_stop_signals

CLOSED_PIPE = 141
"""Exit status after the reader of the output has ended: that of a process ended by SIGPIPE."""

COMPLETION = "_RAINSCORE_COMPLETE"
"""Environment variable by which a shell asks for completions."""


@click.group(
    name="rainscore",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0; 1 if some of the files could not be used; 2 if nothing could run; 130 "
    "after Ctrl-C, 143 after SIGTERM, 129 after the terminal and 141 after the pipe was closed. "
    "`rainscore COMMAND --help` describes a command.",
)
@click.version_option(package_name="rainscore")
def rainscore() -> None:
    """Predict how well IMERG precipitation maps agree with a radar, where there is none."""


@rainscore.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print the script that completes `rainscore` in a SHELL.

    In bash, add to ~/.bashrc: eval "$(rainscore completion bash)"
    """
    completion = get_completion_class(shell)
    assert completion is not None
    click.echo(completion(rainscore, {}, "rainscore", COMPLETION).source())


for command in (
    score_command,
    latest_command,
    inspect_command,
    explain_command,
    verify_command,
    monitor_command,
    export_command,
):
    rainscore.add_command(command)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Command-line arguments; None takes those of the process.

    Returns:
        Exit status: 0, 1 if some of the files could not be used, 2 if nothing could run, or that of
        a signal: 130 (Ctrl-C), 143 (SIGTERM), 129 (closed terminal), 141 (closed pipe).
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may lack characters such as an arrow
            stream.reconfigure(errors="backslashreplace")
    if COMPLETION in os.environ:
        rainscore.main(prog_name="rainscore", complete_var=COMPLETION)
    raise_stop_signals()
    try:
        status = _run(sys.argv[1:] if arguments is None else arguments)
        print(end="", flush=True)  # a closed pipe is noticed here, not at the end of the process
        return status
    except BrokenPipeError:
        _silence()
        return CLOSED_PIPE
    except (RainscoreError, OSError) as error:
        _complain(printable(error))
        return 2
    except KeyboardInterrupt as error:
        _complain("interrupted; the files that are written are complete")
        return getattr(error, "status", INTERRUPTED)


def _run(arguments: list[str]) -> int:
    try:
        with rainscore.make_context("rainscore", list(arguments)) as context:
            return rainscore.invoke(context) or 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code


def _complain(message: str) -> None:
    """Print a message about the program itself, if the terminal still exists."""
    try:
        print(f"rainscore: {message}", file=sys.stderr, flush=True)
    except OSError:
        _silence()


def _silence() -> None:
    """Discard all further output, also that in the buffers."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
