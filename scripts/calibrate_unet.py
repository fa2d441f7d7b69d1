"""Calibrate the U-Net on the calibration days, and describe where it may speak."""

from pathlib import Path

from rainscore.io import read_months, read_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.calibrationfitting import calibrate_unet
from rainscore.training.guard import fit_guard
from rainscore.training.modelfiles import write_part
from rainscore.training.unet import load_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i = snakemake.input
stem, paths, splits = Path(i.unet[0]).with_suffix(""), sorted(i.features), read_table(i.splits)
model, card = load_unet(stem)
fit_guard(card, paths, splits, seed=snakemake.params.seed).save(stem, card)
calibration = calibrate_unet(model, card, paths, splits, read_months(i.tables))
write_part(calibration.as_dict(), snakemake.output.calibration)
