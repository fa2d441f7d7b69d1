"""Write the report of a run: one HTML page."""

from importlib.metadata import version

from rainscore.io import read_json, read_months
from rainscore.report.page import write_report
from rainscore.report.reportfiles import ReportFiles
from rainscore.report.runsample import run_sample
from rainscore.report.sections import sections
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p = snakemake.params
files = ReportFiles(**snakemake.input)
sample = run_sample(read_months(files.tables), world=p.world)
write_report(
    snakemake.output.report,
    title=p.title,
    world=sample.world,
    period=sample.period,
    sections=sections(files, sample, p.captions),
    provenance={
        "rainscore": version("rainscore"),
        "seed": str(p.seed),
        "months": ", ".join(p.months),
        "U-Net, sha256 of the weights": read_json(files.unet_card)["weights_sha256"],
    },
)
