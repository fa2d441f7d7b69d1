"""Open the manifests of a month with the readers of their files."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from rainscore.grids import Grid
from rainscore.imerg.manifests import read_manifest
from rainscore.radar.formats import get_format
from rainscore.regridding.radarreader import RadarReader, radar_weights, resolve_files


@dataclass(frozen=True)
class RadarSettings:
    """The keys of the configuration's `radar` section that reading and averaging frames depend on.

    Attributes:
        format: Format of the frames (`radar.formats.get_format`).
        timestamp_convention: `start` or `end` of a frame, or `format`: as the format has it.
        step_minutes: Time between frames [min].
        max_rate_mm_h: Higher rates are clutter and become missing [mm/h].
        min_quality: Pixels of lower quality become missing, 0 to 1.
        min_frame_share: Share of a half-hour's frames that a pixel needs.
    """

    format: str
    timestamp_convention: str
    step_minutes: int
    max_rate_mm_h: float
    min_quality: float
    min_frame_share: float


def open_granules(manifest: str | Path) -> pd.DataFrame:
    """Read an IMERG manifest with absolute file names."""
    return resolve_files(read_manifest(manifest), Path(manifest).resolve().parent)


def open_radar(manifest: str | Path, settings: RadarSettings, target: Grid) -> RadarReader:
    """Reader of the frames of a radar manifest, onto a target grid."""
    rows = resolve_files(read_manifest(manifest), Path(manifest).resolve().parent)
    convention = settings.timestamp_convention
    reader = get_format(
        settings.format,
        stamp=None if convention == "format" else convention,
        min_quality=settings.min_quality,
    )
    return RadarReader(
        manifest=rows,
        format=reader,
        weights=radar_weights(rows, reader, target),
        step_minutes=settings.step_minutes,
        min_frames=settings.min_frame_share,
        limit=settings.max_rate_mm_h,
    )
