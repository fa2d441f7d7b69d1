"""Write the report: one HTML page."""

from importlib.metadata import version
from pathlib import Path

from rainscore.io import read_json
from rainscore.report.page import write_report
from rainscore.report.results import Results
from rainscore.report.sections import sections
from rainscore.runtime import start_logging

start_logging(snakemake.log[0])
p = snakemake.params
run = Results(Path("results"), p.months, p.method, simulated=p.simulated)
write_report(
    snakemake.output.report,
    title=p.title,
    world=run.world,
    period=run.period,
    sections=sections(run, p.captions),
    provenance={
        "rainscore": version("rainscore"),
        "seed": str(p.seed),
        "months": ", ".join(p.months),
        "U-Net, sha256": read_json("results/models/unet.json")["weights_sha256"],
    },
)
