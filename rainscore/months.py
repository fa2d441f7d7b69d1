"""Opening what a month's jobs share: the grids of the domain, manifests with their readers."""

from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.files import read_table
from rainscore.grids import Grid, imerg_cells, study_grid
from rainscore.manifests import read_manifest
from rainscore.pairs import RadarReader, radar_weights, resolve_files
from rainscore.radar.formats import get_format


def domain_grid(domain: dict) -> Grid:
    """The study grid of the configuration's `domain`."""
    return study_grid(
        centre=tuple(domain["centre"]), size_km=domain["size_km"], step_km=domain["step_km"]
    )


def domain_learning_grid(domain: dict) -> Grid:
    """The learning grid of the configuration's `domain`."""
    return domain_grid(domain).coarsen(round(domain["learning_step_km"] / domain["step_km"]))


def domain_cells(domain: dict) -> Grid:
    """IMERG's cells around the study grid."""
    return imerg_cells(domain_grid(domain))


def open_granules(manifest: str | Path) -> pd.DataFrame:
    """Rows of an IMERG manifest with absolute file names."""
    return resolve_files(read_manifest(manifest), Path(manifest).resolve().parent)


def open_radar(manifest: str | Path, settings: dict, target: Grid) -> RadarReader:
    """Reader of a radar manifest's frames onto a grid, by the configuration's `radar`."""
    rows = resolve_files(read_manifest(manifest), Path(manifest).resolve().parent)
    stamp = None if settings["stamp"] == "format" else settings["stamp"]
    reader = get_format(settings["format"], stamp=stamp, min_quality=settings["min_quality"])
    return RadarReader(
        manifest=rows,
        format=reader,
        weights=radar_weights(rows, reader, target),
        step_minutes=settings["step_minutes"],
        min_frames=settings["min_frames"],
        limit=settings["limit"],
    )


def read_months(paths: list[str]) -> pd.DataFrame:
    """Tables of several months below each other, in order of time."""
    return pd.concat([read_table(path) for path in sorted(paths)], ignore_index=True)


def rainiest(splits: pd.DataFrame, table: pd.DataFrame, count: int) -> np.ndarray:
    """The rainiest half-hours of equal parts of the test days: those worth looking at.

    Args:
        splits: Of `period.split_blocks`.
        table: Score tables (time, hits, map_score); half-hours with a score come first.
        count: How many, at most.

    Returns:
        Half-hour starts in order, dims (at most count,).
    """
    test = splits.loc[splits["split"] == "test", "time"]
    scored = table.loc[table["map_score"].notna(), "time"]
    times = (test[test.isin(scored)] if test.isin(scored).any() else test).to_numpy()
    rain = table.set_index("time")["hits"].reindex(times).fillna(0)
    parts = [part for part in np.array_split(times, max(count, 1)) if part.size and count]
    return np.array([part[rain.reindex(part).to_numpy().argmax()] for part in parts], times.dtype)


def times_of(splits: pd.DataFrame, *names: str) -> np.ndarray:
    """Half-hours of the named splits."""
    return splits.loc[splits["split"].isin(names), "time"].to_numpy()
