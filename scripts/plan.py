"""Print an estimate of the downloads: number of files, size and duration. Nothing is downloaded."""

from pathlib import Path

from rainscore.download.granules import ImergRequest
from rainscore.download.plan import plan_hub, plan_imerg, plan_store
from rainscore.download.storecatalogue import StoreSettings
from rainscore.download.storegranules import granule_request
from rainscore.download.storeplan import plan_maps
from rainscore.download.storeradar import radar_request
from rainscore.download.zarrstore import store_address
from rainscore.grids import Domain
from rainscore.runtime import start_logging, use_threads

start_logging(snakemake.log[0])
use_threads(snakemake.threads)
p = snakemake.params
lines = []
if p.imerg_source == "earthdata":
    request = ImergRequest(cells=Domain(**p.domain).cells, **p.request)
    lines += plan_imerg(Path(p.imerg_folder), p.spans, request)
if p.imerg_source == "icechunk":
    settings = StoreSettings(**p.icechunk["imerg"])
    wanted = granule_request(settings, p.request["run"], Domain(**p.domain).cells)
    lines += plan_maps("IMERG", Path(p.imerg_folder), p.spans, wanted)
if p.radar_source == "icechunk":
    settings = StoreSettings(**p.icechunk["radar"])
    wanted = radar_request(
        settings, Domain(**p.domain).grid, timestamp_convention=p.timestamp_convention
    )
    lines += plan_maps("radar", Path(p.radar_folder), p.spans, wanted)
if p.radar_source == "hub":
    lines += plan_hub(Path(p.radar_folder), list(p.spans))
if p.radar_source == "zarr":
    lines += plan_store(Path(p.radar_folder), p.spans, **store_address(p.store, p.store_endpoint))
if not lines:
    lines = ["Nothing is downloaded: both sources are simulated or local."]
print("\n".join(lines), flush=True)
