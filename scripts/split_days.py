"""Split the period into blocks of days for training, validation, calibration and test."""

import numpy as np
import pandas as pd

from rainscore.files import write_table
from rainscore.log import start_logging
from rainscore.manifests import read_manifest
from rainscore.period import check_splits, split_blocks, steps
from rainscore.versions import check_versions

start_logging(snakemake.log[0])
versions = check_versions(pd.concat([read_manifest(path) for path in snakemake.input.imerg]))
times = np.concatenate([steps(*span) for span in snakemake.params.spans.values()])
splits = split_blocks(times, **snakemake.params.splits)
check_splits(splits)
write_table(splits, snakemake.output.splits, versions=" ".join(versions))
