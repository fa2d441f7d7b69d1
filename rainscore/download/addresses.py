"""Addresses of an IMERG granule, whole or as the subset of a box (OPeNDAP, Harmony)."""

from collections.abc import Mapping
from urllib.parse import quote

import pandas as pd

from rainscore.download.earthdata import SHORT_NAMES, CatalogueEntry
from rainscore.imerg.lattice import Box
from rainscore.imerg.reader import FIELDS

ENDINGS = {"opendap": ".dap.nc4", "harmony": ".nc4", "whole": ""}
"""Suffix of the local file by access method, added to the file name in the archive."""


def version_fields(version: str) -> list[str]:
    """Fields in the files of a version such as "07"."""
    return [f for f in FIELDS if f != "quality_index" or int(version[:2]) >= 6]


def opendap_address(
    addresses: Mapping[str, str], granule: CatalogueEntry, run: str, version: str
) -> str:
    """Address of a granule at OPeNDAP, without the suffix of the requested response."""
    name = quote(f"{SHORT_NAMES[run]}.{version}:{granule.name}")
    return f"{addresses['opendap']}/{granule.collection}/granules/{name}"


def whole_address(
    addresses: Mapping[str, str], granule: CatalogueEntry, run: str, version: str
) -> str:
    """Address of a whole granule."""
    day = pd.Timestamp(granule.start)
    folder = f"{SHORT_NAMES[run]}.{version}/{day.year}/{day.day_of_year:03d}"
    return f"{addresses['whole']}/{folder}/{granule.name}"


def harmony_address(addresses: Mapping[str, str], granule: CatalogueEntry, box: Box) -> str:
    """Address of a subset by Harmony, which takes the centres of the outer cells."""
    south, west = box.south / 10 - 90, box.west / 10 - 180
    lat = f"lat({south + 0.05:.2f}:{south + box.ny / 10 - 0.05:.2f})"
    lon = f"lon({west + 0.05:.2f}:{west + box.nx / 10 - 0.05:.2f})"
    return (
        f"{addresses['harmony']}/{granule.collection}/ogc-api-coverages/1.0.0/collections/all"
        f"/coverage/rangeset?granuleId={granule.id}&subset={lat}&subset={lon}&forceAsync=false"
    )
