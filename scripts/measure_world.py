"""Measure a month of the simulated world: its rain, its satellites, its products."""

import xarray as xr

from rainscore.grids import Domain
from rainscore.io import read_table, write_table
from rainscore.regridding.monthfiles import RadarSettings, open_radar
from rainscore.regridding.radarreader import radar_truth
from rainscore.regridding.weightfiles import read_weights
from rainscore.runtime import start_logging, use_threads
from rainscore.simulation import diagnostics as measure

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
domain = Domain(**p.domain)
grid, cells = domain.grid, domain.cells
onto_cells = read_weights(i.weights, source=grid, target=cells)
frames = radar_truth(open_radar(i.radar, RadarSettings(**p.radar), grid), grid)
regimes = read_table(i.regimes)
pair = xr.open_dataset(i.pair, engine="h5netcdf")
truth = measure.cell_truth(pair, onto_cells)
tables = [
    measure.rain_sums(frames, regimes, km=domain.step_km),
    measure.amount_sums(pair),
    measure.run_sums(pair, truth, run=p.run),
    measure.skill_sums(pair, truth, regimes, run=p.run),
    measure.pass_sums(pair, cells),
]
write_table(measure.add_up(tables), snakemake.output.sums)
