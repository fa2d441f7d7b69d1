"""Split the period into blocks of days for training, validation, calibration and test."""

import numpy as np

from rainscore.files import write_table
from rainscore.log import start_logging
from rainscore.period import split_blocks, steps

start_logging(snakemake.log[0])
times = np.concatenate([steps(*span) for span in snakemake.params.spans.values()])
write_table(split_blocks(times, **snakemake.params.splits), snakemake.output.splits)
