"""Index a month of radar frames that lie in a local folder."""

from rainscore.imerg.manifests import write_manifest
from rainscore.paths import CHECKOUT
from rainscore.radar.formats import get_format
from rainscore.radar.frames import index_frames
from rainscore.runtime import start_logging
from rainscore.times import steps

start_logging(snakemake.log[0])
p = snakemake.params
stamp = None if p.stamp == "format" else p.stamp
form = get_format(p.format, stamp=stamp, step_minutes=p.step_minutes)
times = steps(*p.span, p.step_minutes)
frames = index_frames(CHECKOUT / p.folder, form, times, p.step_minutes)
write_manifest(
    frames, snakemake.output.manifest, format=p.format, step_minutes=p.step_minutes, stamp=p.stamp
)
