"""Calibrate the U-Net's intervals and its map score on the days kept for that."""

from pathlib import Path

from rainscore.io import read_months, read_table, write_json
from rainscore.runtime import start_logging, use_threads
from rainscore.training.calibration import calibrate_unet
from rainscore.training.models import load_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
given = snakemake.input
calibration = calibrate_unet(
    *load_unet(Path(given.unet[0]).with_suffix("")),
    sorted(given.features),
    read_table(given.splits),
    read_months(given.tables),
)
write_json(calibration, snakemake.output.calibration)
