"""Draw the figures of the clusters."""

from pathlib import Path

import xarray as xr

from rainscore.io import read_months, read_table
from rainscore.report.draw_clusters import LabelledClusters, figures
from rainscore.report.figures.style import save
from rainscore.runtime import start_logging

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
