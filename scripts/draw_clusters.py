"""Draw the figures of the clusters."""

from pathlib import Path

import xarray as xr

from rainscore.clustering.figures import LabelledClusters, figures
from rainscore.figures.style import save
from rainscore.files import read_table
from rainscore.log import start_logging
from rainscore.months import read_months

start_logging(snakemake.log[0])
given = snakemake.input
tables = {
    name: read_table(given[name]) for name in ("clusters", "labels", "transitions", "latents")
}
maps = xr.load_dataset(given.maps, engine="h5netcdf")
table, world = read_months(given.tables), snakemake.params.world
drawn = figures(LabelledClusters(**tables, maps=maps, table=table, world=world))
for path in map(Path, snakemake.output):
    save(drawn[path.stem](), path)
