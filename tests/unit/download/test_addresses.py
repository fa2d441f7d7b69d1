import numpy as np

from rainscore.download.addresses import harmony_address, opendap_address, whole_address
from rainscore.download.earthdata import CatalogueEntry
from rainscore.imerg.lattice import Box
from tests.archives import ADDRESSES

NAME = "3B-HHR.MS.MRG.3IMERG.20200101-S000000-E002959.0000.V07B.HDF5"
GRANULE = CatalogueEntry(
    NAME, np.datetime64("2020-01-01", "ns"), "V07B", "G1-GES_DISC", "C2-GES_DISC", 8.0
)


def test_the_address_of_a_whole_granule_has_the_day_of_the_year() -> None:
    assert whole_address(ADDRESSES, GRANULE, "final", "07") == (
        "https://data.gesdisc.earthdata.nasa.gov/data/GPM_L3/GPM_3IMERGHH.07/2020/001/" + NAME
    )


def test_the_address_at_opendap_has_the_collection_and_the_granule() -> None:
    assert opendap_address(ADDRESSES, GRANULE, "final", "07") == (
        "https://opendap.earthdata.nasa.gov/collections/C2-GES_DISC/granules/"
        f"GPM_3IMERGHH.07%3A{NAME}"
    )


def test_harmony_gets_the_centres_of_the_outer_cells() -> None:
    address = harmony_address(ADDRESSES, GRANULE, Box(1350, 1800, 50, 90))
    assert address.startswith(
        "https://harmony.earthdata.nasa.gov/C2-GES_DISC/ogc-api-coverages/1.0.0/collections/all/"
        "coverage/rangeset?granuleId=G1-GES_DISC&"
    )
    assert "subset=lat(45.05:49.95)&subset=lon(0.05:8.95)" in address


def test_no_address_is_on_premises() -> None:
    assert not any("gesdisc.eosdis" in address for address in ADDRESSES.values())
