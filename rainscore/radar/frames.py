"""Manifest of the radar frames in a local folder."""

import logging
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.grids import Grid
from rainscore.imerg.manifests import Candidate, build_manifest
from rainscore.radar.formats import RadarFormat

OPTIONAL: dict[str, Any] = {"minutes": np.nan, "problem": "", "product": ""}
"""Optional columns of a scan (`RadarFormat.scan`), with their defaults."""


STEPS = (1, 2, 3, 5, 6, 10, 15, 30, 60)
"""Steps between frames that divide a half-hour, and the hour [min]."""


log = logging.getLogger("rainscore")


def index_frames(
    source: Path | str,
    reader: RadarFormat,
    times: np.ndarray | pd.DatetimeIndex,
    *,
    pattern: str = "*",
    target: Grid | None = None,
) -> pd.DataFrame:
    """Build the manifest of a local folder of radar frames.

    Args:
        source: Folder, which is searched with its sub-folders, or a single file.
        reader: Reader of the frames' format.
        times: Expected frames (starts of accumulation, UTC), in order, at a regular step. Where
            all frames have another offset from midnight, it is added to them.
        pattern: Pattern of the names of the files to use, such as `*_RATE_*.h5`.
        target: Grid that the frames must touch; None for any place.

    Returns:
        The manifest: one row per expected frame, with absolute file names, and the column
        `minutes`, the length of the frame's interval [min] (NaN where unknown).

    Raises:
        RainscoreError: The folder has no frame; no frame of the period can be used; the frames are
            of several products, or at another step than `times`.
    """
    frames = _scan(Path(source), reader, pattern)
    expected = pd.DatetimeIndex(times)
    step = float((expected[1] - expected[0]) / pd.Timedelta(minutes=1)) if len(times) > 1 else 30.0
    in_period = frames[
        frames["time"].between(expected[0], expected[-1] + pd.Timedelta(minutes=step) * 0.99)
    ]
    if len(in_period):
        expected += _offset(in_period, expected, step)
        _check_step(in_period, expected, step, source)
    candidates: dict[np.datetime64, list[Candidate]] = {}
    columns = ["time", "file", "index"]
    for time, file, index in in_period[columns].itertuples(index=False):
        candidates.setdefault(time.to_datetime64(), []).append(Candidate(file, index, reader.name))
    check = _Check(reader, frames, target)
    candidates = {time: candidates[time] for time in expected.to_numpy() if time in candidates}
    _check_same(candidates, reader, check)
    manifest = build_manifest(expected, candidates, check)
    damaged = manifest[manifest["state"] == "damaged"]
    if len(damaged) and not (manifest["state"] == "present").any():
        raise RainscoreError(
            f"{source}: none of its {len(damaged)} frames from {expected[0]} can be used; "
            f"{damaged['file'].iloc[0]}: {damaged['detail'].iloc[0]}"
        )
    minutes = in_period.drop_duplicates(["file", "index"]).set_index(["file", "index"])["minutes"]
    keys = pd.MultiIndex.from_frame(manifest[["file", "index"]])
    return manifest.assign(minutes=minutes.reindex(keys).to_numpy(float))


def _scan(source: Path, reader: RadarFormat, pattern: str) -> pd.DataFrame:
    """Frames of the files that match the pattern, with all optional columns."""
    frames = reader.scan(source)
    if frames.empty:
        raise RainscoreError(f"{source}: no frames of the format {reader.name}; check the folder")
    defaults = {name: value for name, value in OPTIONAL.items() if name not in frames}
    frames = frames.assign(**defaults)
    frames = frames[[fnmatch(Path(file).name, pattern) for file in frames["file"]]]
    if frames.empty:
        raise RainscoreError(f"{source}: no file matches radar.file_pattern {pattern!r}")
    without_time = frames[frames["time"].isna()]
    for file, problem in without_time[["file", "problem"]].itertuples(index=False):
        log.warning("frame not used: %s: %s", file, problem)
    if len(without_time) == len(frames):
        file, problem = without_time[["file", "problem"]].iloc[0]
        raise RainscoreError(
            f"{source}: none of its {len(frames)} frames can be used; {file}: {problem}"
        )
    products = frames[frames["product"] != ""].drop_duplicates("product")
    if len(products) > 1:
        examples = ", ".join(
            f"{product} ({Path(file).name})"
            for product, file in products[["product", "file"]].values
        )
        raise RainscoreError(
            f"{source} has files of several radars or products: {examples}; choose one with "
            "radar.file_pattern"
        )
    return frames


def _check_step(
    frames: pd.DataFrame, expected: pd.DatetimeIndex, step: float, source: Path | str
) -> None:
    """Raise RainscoreError if the frames contradict the step between expected times [min]."""
    true_step = _true_step(frames, step)
    if true_step != step:
        remedy = (
            f"set radar.step_minutes to {true_step:g}"
            if true_step in STEPS
            else f"frames must be {', '.join(map(str, STEPS))} min apart"
        )
        raise RainscoreError(
            f"{source}: radar.step_minutes is {step:g}, but its frames are {true_step:g} min "
            f"apart, or means over this time; {remedy}"
        )
    if not frames["time"].isin(expected).any():
        raise RainscoreError(
            f"{source}: no frame is at an expected time: the first starts at "
            f"{frames['time'].iloc[0]}, expected are {', '.join(map(str, expected[:2]))}, …; "
            "check radar.step_minutes and radar.timestamp_convention"
        )


def _offset(frames: pd.DataFrame, expected: pd.DatetimeIndex, step: float) -> pd.Timedelta:
    """Offset of the frames from the expected times, such as 50 min for hours that start at :50.

    0 where any frame is at an expected time, and where the frames have no common offset.
    """
    after = frames["time"].to_numpy() - expected[0].to_datetime64()
    offsets = pd.Series(after % pd.Timedelta(minutes=step).to_timedelta64())
    usual = offsets.mode()[0]
    is_common = (offsets == usual).mean() >= 0.5 and not (offsets == pd.Timedelta(0)).any()
    return usual if is_common else pd.Timedelta(0)


def _true_step(frames: pd.DataFrame, step: float) -> float:
    """Step of the frames [min]: their length where they state it, else the time between them.

    `step` where the frames do not contradict it: gaps make the time between frames a multiple.
    """
    lengths = frames["minutes"][frames["minutes"].isin(STEPS)]
    if len(lengths):
        return step if (lengths == step).any() else float(lengths.mode()[0])
    between = pd.Series(np.diff(np.unique(frames["time"])) / np.timedelta64(1, "m"))
    if between.empty:
        return step
    usual = float(between.mode()[0])
    is_gap = usual % step == 0 and (len(between) < 4 or (between == step).any())
    return step if is_gap else usual


class _Check:
    """Check of a file: its problem in the scan, its content, and whether it touches the target."""

    def __init__(self, reader: RadarFormat, frames: pd.DataFrame, target: Grid | None) -> None:
        bad = frames[frames["problem"] != ""].drop_duplicates("file")
        self._problems = dict(zip(bad["file"], bad["problem"], strict=True))
        self._reader, self._target = reader, target
        self._touches: dict[Grid, bool] = {}

    def __call__(self, file: str) -> None:
        if file in self._problems:
            raise DamagedFile(file, self._problems[file], "correct or remove the file")
        self._reader.check(file)
        if self._target is None:
            return
        grid = self._reader.grid(file)
        if grid not in self._touches:
            self._touches[grid] = _touch(grid, self._target)
        if not self._touches[grid]:
            raise DamagedFile(
                file,
                "its grid lies outside the domain of the study",
                "check the file's coordinates and domain.centre",
            )


def _check_same(
    candidates: dict[np.datetime64, list[Candidate]], reader: RadarFormat, check: _Check
) -> None:
    """Raise RainscoreError if two files hold different frames of the same time."""
    for time, copies in candidates.items():
        first: Candidate | None = None
        for copy in copies if len(copies) > 1 else ():
            try:
                check(copy.file)
                frame, grid = reader.read(copy.file, copy.index), reader.grid(copy.file)
            except DamagedFile:
                continue
            if first is None:
                first, values, place = copy, frame, grid
            elif grid != place or not np.array_equal(frame, values, equal_nan=True):
                raise RainscoreError(
                    f"{first.file} and {copy.file} hold different frames of {time}: choose one "
                    "radar or product with radar.file_pattern, or remove one of the files"
                )


def _touch(grid: Grid, target: Grid, *, points: int = 200) -> bool:
    """Whether two grids overlap, at a sample of the pixels of each along both axes."""
    for of, into in ((target, grid), (grid, target)):
        x, y = (axis[:: max(1, axis.size // points)] for axis in (of.x, of.y))
        transform = pyproj.Transformer.from_crs(of.crs, into.crs, always_xy=True).transform
        column, row = (
            (values - start) / step
            for values, start, step in zip(
                transform(*np.meshgrid(x, y)), (into.x0, into.y0), (into.dx, into.dy), strict=True
            )
        )
        if ((column >= 0) & (column <= into.nx) & (row >= 0) & (row <= into.ny)).any():
            return True
    return False
