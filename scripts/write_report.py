"""Write the report: one HTML page."""

from importlib.metadata import version
from pathlib import Path

from rainscore.drawing import Results
from rainscore.files import read_json
from rainscore.log import start_logging
from rainscore.report import write_report
from rainscore.reporting import sections

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
