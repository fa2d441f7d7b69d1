"""Draw the self-organising map of DESOM."""

from pathlib import Path

import xarray as xr

from rainscore.clustering.desom import DESOM
from rainscore.clustering.figures import desom_map
from rainscore.figures.style import save
from rainscore.files import read_table
from rainscore.log import start_logging

start_logging(snakemake.log[0])
given = snakemake.input
desom = DESOM.load(Path(given.model[0]).with_suffix(""))
maps = xr.load_dataset(given.maps, engine="h5netcdf")
fig = desom_map(desom, read_table(given.labels), maps, world=snakemake.params.world)
save(fig, snakemake.output.figure)
