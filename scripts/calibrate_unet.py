"""Calibrate the intervals and the map score of the U-Net on the calibration days."""

from pathlib import Path

from rainscore.io import read_months, read_table, write_json
from rainscore.runtime import start_logging, use_threads
from rainscore.training.calibrationfitting import calibrate_unet
from rainscore.training.unet import load_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i = snakemake.input
calibration = calibrate_unet(
    *load_unet(Path(i.unet[0]).with_suffix("")),
    sorted(i.features),
    read_table(i.splits),
    read_months(i.tables),
)
write_json(calibration.as_dict(), snakemake.output.calibration)
