"""Evaluate codes and clusters of maps on the test days and on the cases, next to the U-Net."""

from pathlib import Path

from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.mapclusterers import load_map_clusterer
from rainscore.clustering.mapsets import scored_maps
from rainscore.evaluation.codeskill import evaluate_codes
from rainscore.evaluation.codestudy import code_evaluation
from rainscore.evaluation.skill import AT_HOME
from rainscore.evaluation.transferskill import Case
from rainscore.io import read_months, read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.times import times_of
from rainscore.training.trained import load_trained_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p = snakemake.input, snakemake.params
features = sorted(map(Path, i.features))
maps = scored_maps(read_table(i.latents), read_months(i.tables))
stems = [Path(path).with_suffix("") for path in i.clusterers]
evaluation = code_evaluation(
    load_trained_unet(Path(i.unet[0]).with_suffix("")),
    CodeBook.load(Path(i.codebook[0]).with_suffix("")),
    dict(zip(p.methods, map(load_map_clusterer, stems), strict=True)),
    dict(zip(p.methods, map(read_table, i.clusters), strict=True)),
    maps,
    features,
)
at_home = Case("test days", AT_HOME, features, times_of(maps, "test"))
cases = [(at_home, maps.set_index("time")["map_score"])]
for case, path, table in zip(p.cases, i.cases, i.case_tables, strict=True):
    scores = read_table(table).set_index("time")["map_score"]
    cases.append((Case.whole(*case, Path(path)), scores))
write_table(evaluate_codes(evaluation, cases, **p.bootstrap), snakemake.output.codes)
