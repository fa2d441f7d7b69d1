"""Command `rainscore score`: score IMERG granules without radar."""

import sys
from pathlib import Path
from typing import Any

import click

from rainscore.cli.inputs import expand_paths
from rainscore.cli.parameters import PATH, Finite, bbox_option, model_option, out_option
from rainscore.cli.printing import json_line
from rainscore.cli.scoringjobs import ScoreRequest, score_records
from rainscore.errors import printable


@click.command("score", short_help="Score IMERG granules without radar.")
@click.argument("granules", nargs=-1, required=True, type=PATH)
@model_option()
@click.option(
    "--clusters",
    metavar="METHOD",
    help="Clustering method, such as kmeans; needed if the model folder contains several.",
)
@click.option(
    "--by",
    type=click.Choice(["network", "clusters"]),
    default="network",
    show_default=True,
    help="Scores of the network, or of the labels of its codes and clusters alone.",
)
@out_option("scored", "Folder of the scored maps.")
@bbox_option("Window to score [degrees]; WEST > EAST for a window across the date line.")
@click.option(
    "--centre",
    type=Finite(),
    nargs=2,
    metavar="LON LAT",
    help="Centre [degrees] of a window of the size of the training domain.",
)
@click.option("--globe", is_flag=True, help="Everything between 84° south and 84° north.")
@click.option(
    "--any-product",
    is_flag=True,
    help="Accept granules of another IMERG run or version than that of the training.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["nc", "zarr", "tif"]),
    default="nc",
    show_default=True,
    help="NetCDF (CF), Zarr, or cloud-optimised GeoTIFF.",
)
@click.option("--png/--no-png", default=True, show_default=True, help="Draw a picture of each map.")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="Number of processes that score at the same time.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per granule.")
def score_command(
    granules: tuple[Path, ...], by: str, jobs: int, as_json: bool, **options: Any
) -> int:
    """Score half-hourly IMERG granules (whole globe or subsets) without radar.

    GRANULES are files, folders, patterns such as 'data/*.HDF5', or `-` for a list on standard
    input. Also give the granules of the hours before and after: the age of the last microwave pass
    is computed from them.

    Without --bbox, --centre or --globe the window is the training domain or, if the file does not
    contain it, the area of the file.

    \b
    Examples:
      rainscore score granules/ --centre 122 37
      rainscore score 'granules/*.HDF5' --bbox 170 -25 -170 -10 --format tif
      ls granules/*V07B* | rainscore score - --globe --jobs 4

    Exit status: 0; 1 if some granules could not be scored; 2 if nothing could run; 130 after
    Ctrl-C.
    """
    bbox, centre, globe = (options[name] for name in ("bbox", "centre", "globe"))
    if (bbox is not None) + (centre is not None) + globe > 1:
        raise click.UsageError("give only one of --bbox, --centre and --globe")
    from rainscore.imerg.names import is_granule_name

    files = expand_paths(granules, sys.stdin.buffer, wanted=is_granule_name, kind="IMERG granule")
    place = [f"{number:g}" for number in bbox or centre or ()]
    option = "--globe" if globe else "--bbox" if bbox else "--centre" if centre else ""
    command = " ".join(["rainscore score", *filter(None, [option]), *place])
    # The other options have the names of the fields of the request.
    request = ScoreRequest(files, **options, command=command, by_clusters=by == "clusters")
    return run(request, jobs=jobs, as_json=as_json)


def run(request: ScoreRequest, *, jobs: int, as_json: bool) -> int:
    """Score, print one line per granule, and return the exit status."""
    from rainscore.runtime import progress_bar

    failures = 0
    with progress_bar(total=len(request.files), desc="scored", mininterval=0.5) as bar:
        for record in score_records(request, jobs, say=lambda line: _print(bar, line, sys.stderr)):
            if as_json:
                _print(bar, json_line(record.facts), sys.stdout)
            else:
                _print(bar, record.line, sys.stdout if record.scored else sys.stderr)
            failures += not record.scored
            bar.update()
    return 1 if failures else 0


def _print(bar, line: str, stream) -> None:
    """Print a line of printable characters above a progress bar."""
    line = printable(line)
    if bar.disable:
        print(line, file=stream, flush=True)
    else:
        bar.write(line, file=stream)
