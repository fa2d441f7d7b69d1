"""Rows of benchmark results, and the command line that the benchmarks share."""

import argparse
import json
from pathlib import Path


def result_row(
    what: str,
    ours: float,
    unit: str,
    *,
    peer: float | None = None,
    peer_name: str = "",
    higher_is_better: bool = False,
) -> dict:
    """One row of `results.json`, which is also printed.

    Args:
        what: Measured quantity.
        ours: Value of rainscore.
        unit: Unit of both values.
        peer: Value of the compared program, target or limit; None without a comparison.
        peer_name: Name of the compared program, target or limit.
        higher_is_better: Whether a larger value is better, as for a rate.

    Returns:
        what, ours, peer, ratio (factor by which `ours` is better than `peer`; None without a
        comparison), unit, peer_name.
    """
    ratio = None
    if peer is not None and ours:
        ratio = ours / peer if higher_is_better else peer / ours
    compared = "" if ratio is None else f", {ratio:.2f} × {peer_name}"
    print(f"{what}: {ours:.4g} {unit}{compared}", flush=True)
    return {
        "what": what,
        "ours": ours,
        "peer": peer,
        "ratio": ratio,
        "unit": unit,
        "peer_name": peer_name,
    }


def benchmark_parser(description: str | None) -> argparse.ArgumentParser:
    """Parser with the options of all benchmarks: `--out` and `--quick`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", type=Path, required=True, help="JSON file of the results")
    parser.add_argument("--quick", action="store_true", help="smaller samples, about a minute")
    return parser


def write_rows(rows: list[dict], path: Path) -> None:
    """Write the rows as JSON."""
    path.write_text(json.dumps(rows, indent=1), "utf-8")
