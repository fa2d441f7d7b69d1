"""Evaluate the skill of every method on the held-out days."""

from pathlib import Path

from rainscore.clustering.codebook import CodeBook
from rainscore.evaluation.codelabels import CodeLabels
from rainscore.evaluation.heldout import EvaluationSettings, StudyData, evaluate
from rainscore.evaluation.transferskill import Case
from rainscore.io import read_months, read_table, write_table
from rainscore.runtime import start_logging, use_threads
from rainscore.training.trained import load_trained_unet

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
i, p, out = snakemake.input, snakemake.params, snakemake.output
data = StudyData(
    features=sorted(i.features),
    splits=read_table(i.splits),
    table=read_months(i.tables),
    clusters={name: read_table(path) for name, path in zip(p.methods, i.clusters, strict=True)},
    latents=read_table(i.latents),
    pairs=sorted(Path(path) for path in i.pairs),
    codes=CodeLabels(CodeBook.load(Path(i.codebook[0]).with_suffix("")), Path(i.codes)),
)
unet = load_trained_unet(Path(i.unet[0]).with_suffix(""))
cases = [Case.whole(*case, Path(path)) for case, path in zip(p.cases, i.cases, strict=True)]
skill = evaluate(data, unet, EvaluationSettings(**p.settings), cases)
write_table(skill.skill, out.skill)
write_table(skill.paired, out.paired)
write_table(skill.coverage, out.coverage)
write_table(skill.reliability, out.reliability)
write_table(skill.transfer, out.transfer)
