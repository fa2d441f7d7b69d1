"""Manifest of the radar frames in a local folder."""

from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.errors import RainscoreError
from rainscore.imerg.manifests import Candidate, build_manifest, check_folder
from rainscore.radar.formats import RadarFormat


def index_frames(
    folder: Path | str, reader: RadarFormat, times: np.ndarray | pd.DatetimeIndex
) -> pd.DataFrame:
    """Build the manifest of a local folder of radar frames.

    Args:
        folder: Folder that is searched with its sub-folders.
        reader: Reader of the frames' format.
        times: Expected frames (starts of accumulation, UTC), in order.

    Returns:
        The manifest: one row per expected frame, with absolute file names.

    Raises:
        RainscoreError: The folder has no frame, or none of its frames in the period is at an
            expected time.
    """
    check_folder(Path(folder))
    frames = reader.scan(Path(folder))
    if frames.empty:
        raise RainscoreError(f"{folder}: no frames of the format {reader.name}; check the folder")
    expected = pd.DatetimeIndex(times)
    in_period = frames[frames["time"].between(expected.min(), expected.max())]
    if len(in_period) and not in_period["time"].isin(expected).any():
        raise RainscoreError(
            f"{folder}: no frame is at an expected time: the first starts at "
            f"{in_period['time'].iloc[0]}, expected are {', '.join(map(str, expected[:2]))}, …; "
            "check radar.step_minutes and radar.timestamp_convention"
        )
    candidates: dict[np.datetime64, list[Candidate]] = {}
    for time, file, index in in_period[["time", "file", "index"]].itertuples(index=False):
        candidates.setdefault(time.to_datetime64(), []).append(Candidate(file, index, reader.name))
    return build_manifest(times, candidates, reader.check)
