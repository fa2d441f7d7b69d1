"""Addresses of an IMERG granule, whole or as the subset of a box (OPeNDAP, Harmony).

OPeNDAP flattens the groups, so its variables are requested at the root. Indices are inclusive.
"""

from urllib.parse import quote

import pandas as pd

from rainscore.download.earthdata import SHORT_NAMES, CatalogueEntry
from rainscore.imerg.reader import FIELDS, NAMES, Box

WHOLE = "https://data.gesdisc.earthdata.nasa.gov/data/GPM_L3"
ON_PREMISE = "https://gpm1.gesdisc.eosdis.nasa.gov/opendap/GPM_L3"
CLOUD = "https://opendap.earthdata.nasa.gov/collections"
HARMONY = "https://harmony.earthdata.nasa.gov"

ENDINGS = {"opendap": ".dap.nc4", "opendap-cloud": ".dap.nc4", "harmony": ".nc4", "whole": ""}
"""Suffix of the local file by access method, added to the file name in the archive."""


def version_fields(version: str) -> list[str]:
    """Fields in the files of a version such as "07"."""
    return [f for f in FIELDS if f != "quality_index" or int(version[:2]) >= 6]


def granule_address(access: str, granule: CatalogueEntry, run: str, version: str, box: Box) -> str:
    """Address of a granule or of its subset in a box.

    Args:
        access: "opendap" (on premise), "opendap-cloud", "harmony" or "whole".
        granule: Entry of the catalogue.
        run: "early", "late" or "final".
        version: Version of the collection, such as "07".
        box: Cells on IMERG's grid.
    """
    day = pd.Timestamp(granule.start)
    collection = f"{SHORT_NAMES[run]}.{version}"
    path = f"{collection}/{day.year}/{day.day_of_year:03d}/{granule.name}"
    if access == "whole":
        return f"{WHOLE}/{path}"
    if access == "harmony":
        return _harmony_address(granule, box)
    if access == "opendap":
        file = f"{ON_PREMISE}/{path}"
    else:
        name = quote(f"{collection}:{granule.name}")
        file = f"{CLOUD}/{granule.collection}/granules/{name}"
    return f"{file}.dap.nc4?dap4.ce={_constraint(version, box)}"


def _harmony_address(granule: CatalogueEntry, box: Box) -> str:
    """Address of a subset by Harmony, which takes the centres of the outer cells."""
    south, west = box.south / 10 - 90, box.west / 10 - 180
    lat = f"lat({south + 0.05:.2f}:{south + box.ny / 10 - 0.05:.2f})"
    lon = f"lon({west + 0.05:.2f}:{west + box.nx / 10 - 0.05:.2f})"
    return (
        f"{HARMONY}/{granule.collection}/ogc-api-coverages/1.0.0/all/coverage/rangeset"
        f"?granuleId={granule.id}&subset={lat}&subset={lon}&forceAsync=false"
    )


def _constraint(version: str, box: Box) -> str:
    """DAP4 constraint expression: the fields in the box, their axes and the time."""
    lon = f"[{box.west}:{box.west + box.nx - 1}]"
    lat = f"[{box.south}:{box.south + box.ny - 1}]"
    # The arrays have a time axis from V06 on.
    time = "[0]" if int(version[:2]) >= 6 else ""
    names = [NAMES[field][0 if int(version[:2]) >= 7 else -1] for field in version_fields(version)]
    variables = [f"/{name}{time}{lon}{lat}" for name in names]
    return ";".join([*variables, f"/lon{lon}", f"/lat{lat}", *(["/time"] if time else [])])
