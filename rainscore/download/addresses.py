"""Addresses of a granule: whole, or cut to a box by OPeNDAP or Harmony.

OPeNDAP flattens the groups, so its variables are asked for at the root; indices are inclusive.
"""

from urllib.parse import quote

import pandas as pd

from rainscore.download.earthdata import SHORT_NAMES, Listed
from rainscore.imerg.reader import FIELDS, NAMES, Box

WHOLE = "https://data.gesdisc.earthdata.nasa.gov/data/GPM_L3"


ON_PREMISE = "https://gpm1.gesdisc.eosdis.nasa.gov/opendap/GPM_L3"


CLOUD = "https://opendap.earthdata.nasa.gov/collections"


HARMONY = "https://harmony.earthdata.nasa.gov"


ENDINGS = {"opendap": ".dap.nc4", "opendap-cloud": ".dap.nc4", "harmony": ".nc4", "whole": ""}
"""What each way of access adds to the archive's file name."""


def fields(version: str) -> list[str]:
    """Fields that the files of a version (`07`) have."""
    return [f for f in FIELDS if f != "quality_index" or int(version[:2]) >= 6]


def granule_address(access: str, granule: Listed, run: str, version: str, box: Box) -> str:
    """Address of a granule, or of its part in a box.

    Args:
        access: `opendap` (on premise), `opendap-cloud`, `harmony` or `whole`.
        granule: Entry of the catalogue.
        run: `early`, `late` or `final`.
        version: Version of the collection, such as `07`.
        box: Cells on IMERG's lattice.
    """
    day = pd.Timestamp(granule.start)
    collection = f"{SHORT_NAMES[run]}.{version}"
    path = f"{collection}/{day.year}/{day.day_of_year:03d}/{granule.name}"
    if access == "whole":
        return f"{WHOLE}/{path}"
    if access == "harmony":
        south, west = box.south / 10 - 90, box.west / 10 - 180
        lat = f"lat({south + 0.05:.2f}:{south + box.ny / 10 - 0.05:.2f})"
        lon = f"lon({west + 0.05:.2f}:{west + box.nx / 10 - 0.05:.2f})"
        return (
            f"{HARMONY}/{granule.collection}/ogc-api-coverages/1.0.0/all/coverage/rangeset"
            f"?granuleId={granule.id}&subset={lat}&subset={lon}&forceAsync=false"
        )
    where = (
        f"{ON_PREMISE}/{path}"
        if access == "opendap"
        else f"{CLOUD}/{granule.collection}/granules/{quote(f'{collection}:{granule.name}')}"
    )
    return f"{where}.dap.nc4?dap4.ce={_constraint(version, box)}"


def _constraint(version: str, box: Box) -> str:
    """DAP4 constraint: the fields in the box, with their axes and the time."""
    lon = f"[{box.west}:{box.west + box.nx - 1}]"
    lat = f"[{box.south}:{box.south + box.ny - 1}]"
    # Before V06 the arrays have no time axis.
    time = "[0]" if int(version[:2]) >= 6 else ""
    names = [NAMES[field][0 if int(version[:2]) >= 7 else -1] for field in fields(version)]
    asked = [f"/{name}{time}{lon}{lat}" for name in names]
    return ";".join([*asked, f"/lon{lon}", f"/lat{lat}", *(["/time"] if time else [])])
