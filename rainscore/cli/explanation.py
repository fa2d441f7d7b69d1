"""Command `rainscore explain`: why a map scores as it does."""

import sys
from pathlib import Path

import click

from rainscore.cli.inputs import expand_paths
from rainscore.cli.parameters import PATH
from rainscore.cli.printing import complain, json_line, say


@click.command("explain", short_help="Say in words why a map scores as it does.")
@click.argument("scored", nargs=-1, required=True, type=PATH)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per map.")
def explain_command(scored: tuple[Path, ...], as_json: bool) -> int:
    """Say in words why a map scores as it does.

    SCORED are NetCDF files of `rainscore score`, folders of them, patterns, or `-` for a list on
    standard input.

    Exit status: 0; 1 if some files are not scored maps; 2 if nothing could run.
    """
    from rainscore.errors import RainscoreError
    from rainscore.prediction.reasons import read_reasons

    paths = expand_paths(
        scored, sys.stdin.buffer, wanted=lambda path: path.suffix == ".nc", kind="scored map"
    )
    failures = 0
    for path in paths:
        try:
            sentences = read_reasons(path)
        except (RainscoreError, OSError) as error:
            failures += 1
            complain(error)
            continue
        if as_json:
            say(json_line({"file": str(path), "reasons": sentences}))
        else:
            say(path, *(f"  {sentence}" for sentence in sentences))
    return 1 if failures else 0
