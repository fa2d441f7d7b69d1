"""Measure a month of the simulated world: its rain, its satellites, its products."""

import xarray as xr

from rainscore.files import read_table, write_table
from rainscore.log import start_logging
from rainscore.months import domain_cells, domain_grid, open_radar
from rainscore.pairs import radar_truth
from rainscore.regridding.weightfiles import read_weights
from rainscore.threads import use_threads
from rainscore.world import diagnostics as measure

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
grid, cells = domain_grid(p.domain), domain_cells(p.domain)
onto_cells = read_weights(i.weights, source=grid, target=cells)
frames = radar_truth(open_radar(i.radar, p.radar, grid), grid)
regimes = read_table(i.regimes)
pair = xr.open_dataset(i.pair, engine="h5netcdf")
truth = measure.cell_truth(pair, onto_cells)
tables = [
    measure.rain_sums(frames, regimes, km=p.domain["step_km"]),
    measure.amount_sums(pair),
    measure.run_sums(pair, truth, run=p.run),
    measure.skill_sums(pair, truth, regimes, run=p.run),
    measure.pass_sums(pair, cells),
]
write_table(measure.add_up(tables), snakemake.output.sums)
