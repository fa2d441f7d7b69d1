"""Index the radar frames of a month in a local folder."""

from rainscore.grids import Domain
from rainscore.imerg.manifests import write_manifest
from rainscore.paths import CHECKOUT
from rainscore.radar.formats import get_format
from rainscore.radar.frames import index_frames
from rainscore.runtime import start_logging, use_threads
from rainscore.times import steps

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p = snakemake.params
reader = get_format(
    p.format,
    timestamp_convention=p.timestamp_convention,
    step_minutes=p.step_minutes,
    period=p.span,
)
frames = index_frames(
    CHECKOUT / p.folder,
    reader,
    steps(*p.span, p.step_minutes),
    pattern=p.pattern,
    target=Domain(**p.domain).grid,
)
write_manifest(
    frames,
    snakemake.output.manifest,
    format=p.format,
    step_minutes=p.step_minutes,
    timestamp_convention=p.timestamp_convention,
)
