"""Command `rainscore inspect`: what a granule or a radar file holds."""

import sys
from pathlib import Path

import click

from rainscore.cli.inputs import expand_paths
from rainscore.cli.parameters import PATH
from rainscore.cli.printing import complain, json_line, say


@click.command("inspect", short_help="Describe IMERG granules and radar files.")
@click.argument("files", nargs=-1, required=True, type=PATH)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per file.")
def inspect_command(files: tuple[Path, ...], as_json: bool) -> int:
    """Describe IMERG granules and radar files: product, version, period, grid, what is missing.

    FILES are files, folders, patterns, or `-` for a list on standard input.

    Exit status: 0; 1 if some files could not be read; 2 if nothing could run.
    """
    from rainscore.errors import RainscoreError
    from rainscore.radar.filefacts import inspect_file

    paths = expand_paths(files, sys.stdin.buffer, wanted=lambda _: True, kind="file")
    failures = 0
    for path in paths:
        try:
            facts = inspect_file(path)
        except (RainscoreError, OSError) as error:
            failures += 1
            facts = {"file": str(path), "error": str(error)}
            if not as_json:
                complain(f"{path}: {error}" if str(path) not in str(error) else error)
                continue
        say(*([json_line(facts)] if as_json else _lines(facts)))
    return 1 if failures else 0


def _lines(facts: dict) -> list[str]:
    """Facts as lines, the name of the file first."""
    width = max(map(len, facts))
    lines = [str(facts["file"])]
    for name, value in facts.items():
        for part in value if isinstance(value, list) else [value]:
            if name != "file":
                lines.append(f"  {name:<{width}}  {part}")
    return lines
