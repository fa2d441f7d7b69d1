"""Compare the codes of windows by encoder, method and number, next to the U-Net."""

from pathlib import Path

from rainscore.clustering.windowcodes import read_codes_table
from rainscore.clustering.windowsamples import WindowSample
from rainscore.evaluation.encoderskill import (
    LABELLED,
    CodesRun,
    EvaluatedWindows,
    compare_encoders,
)
from rainscore.evaluation.skill import AT_HOME
from rainscore.io import read_table, write_table
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
samples = {Path(path).stem: WindowSample.load(Path(path).with_suffix("")) for path in i.samples}
cases = [("test", AT_HOME), *p.cases]
runs = zip(p.runs, i.runs, strict=True)
table = compare_encoders(
    {name: samples[name] for name in LABELLED},
    [EvaluatedWindows(kind, name, samples[name]) for name, kind in cases],
    {CodesRun(*run): read_codes_table(read_table(path)) for run, path in runs},
    reference="kmeans",
    **p.bootstrap,
)
write_table(table, snakemake.output.encoders)
