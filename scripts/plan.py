"""Print what would be downloaded: how many files, how large, how long. Nothing of it travels."""

from pathlib import Path

from rainscore.download.granules import Order
from rainscore.download.plan import plan_hub, plan_imerg, plan_store
from rainscore.grids import Domain
from rainscore.runtime import start_logging

start_logging(snakemake.log[0])
p = snakemake.params
domain = Domain(**p.domain)
lines = []
if p.imerg == "earthdata":
    order = Order(cells=domain.cells, **p.order)
    lines += plan_imerg(Path("results/imerg"), p.spans, order)
if p.radar == "hub":
    lines += plan_hub(Path("results/radar"), list(p.spans))
if p.radar == "zarr":
    lines += plan_store(Path("results/radar"), p.spans)
print(
    "\n".join(lines or ["nothing is downloaded: both sources are simulated or local"]), flush=True
)
