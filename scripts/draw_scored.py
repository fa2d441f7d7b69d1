"""Draw a picture of each map that was scored without radar."""

from pathlib import Path

import xarray as xr

from rainscore.report.figures.plot_scored import draw_scored
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
pictures = Path(snakemake.output.pictures)
pictures.mkdir(parents=True, exist_ok=True)
for path in sorted(Path(snakemake.input.scored).glob("*.nc")):
    scored = xr.load_dataset(path, engine="h5netcdf")
    draw_scored(scored, pictures / f"{path.stem}.png")
