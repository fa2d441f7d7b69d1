"""Draw the self-organising map of DESOM."""

from pathlib import Path

import xarray as xr

from rainscore.clustering.algorithms.desom import DESOM
from rainscore.io import read_table
from rainscore.report.draw_clusters import desom_map
from rainscore.report.figures.style import save
from rainscore.runtime import start_logging

start_logging(snakemake.log[0])
given = snakemake.input
desom = DESOM.load(Path(given.model[0]).with_suffix(""))
maps = xr.load_dataset(given.maps, engine="h5netcdf")
fig = desom_map(desom, read_table(given.labels), maps, world=snakemake.params.world)
save(fig, snakemake.output.figure)
