"""Split the period into blocks of days for training, validation, calibration and test."""

import numpy as np
import pandas as pd

from rainscore.imerg.manifests import read_manifest
from rainscore.imerg.versions import check_versions
from rainscore.io import write_table
from rainscore.runtime import start_logging
from rainscore.times import steps
from rainscore.training.splits import check_splits, split_blocks

start_logging(snakemake.log[0])
i, p = snakemake.input, snakemake.params
versions = check_versions(pd.concat([read_manifest(path) for path in i.imerg]))
times = np.concatenate([steps(*span) for span in p.spans.values()])
splits = split_blocks(times, **p.splits)
check_splits(splits)
write_table(splits, snakemake.output.splits, versions=" ".join(versions))
