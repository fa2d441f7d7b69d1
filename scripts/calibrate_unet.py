"""Calibrate the U-Net's intervals and its map score on the days kept for that."""

from pathlib import Path

from rainscore.calibration.windows import calibrate_unet
from rainscore.files import read_table, write_json
from rainscore.log import start_logging
from rainscore.months import read_months
from rainscore.networks.unetfiles import load_unet
from rainscore.threads import use_threads

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
