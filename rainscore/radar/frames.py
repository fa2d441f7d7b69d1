"""Manifest of the radar frames in a folder."""

from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.errors import RainscoreError
from rainscore.imerg.manifests import Candidate, manifest_of, require_folder
from rainscore.radar.formats import RadarFormat


def index_frames(
    folder: Path | str, format: RadarFormat, times: np.ndarray | pd.DatetimeIndex, step: int
) -> pd.DataFrame:
    """Build the manifest of a local folder of radar frames.

    Args:
        folder: Searched with its sub-folders.
        format: Format of the frames.
        times: Expected frames (starts of accumulation, UTC).
        step: Time between frames [min].

    Returns:
        The manifest, one row for each expected frame, with absolute file names; `attrs` hold
        `format` and `step_minutes`.

    Raises:
        RainscoreError: There is no frame, or those of the period fall on none of the times.
    """
    require_folder(Path(folder))
    frames = format.scan(Path(folder))
    if frames.empty:
        raise RainscoreError(f"{folder}: no frames of the format {format.name}; check the folder")
    expected = pd.DatetimeIndex(times)
    inside = frames[frames["time"].between(expected.min(), expected.max())]
    if len(inside) and not inside["time"].isin(expected).any():
        raise RainscoreError(
            f"{folder}: its frames ({inside['time'].iloc[0]}, …) fall on none of the expected "
            f"times ({expected[0]}, every {step} min); check the radar's step_minutes and stamp"
        )
    candidates: dict[np.datetime64, list[Candidate]] = {}
    for time, file, index in inside[["time", "file", "index"]].itertuples(index=False):
        candidates.setdefault(time.to_datetime64(), []).append(Candidate(file, index, format.name))
    table = manifest_of(times, candidates, format.check)
    table.attrs = {"format": format.name, "step_minutes": step}
    return table
