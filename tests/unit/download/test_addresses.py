import numpy as np
import pytest

from rainscore.download.addresses import granule_address
from rainscore.download.earthdata import CatalogueEntry
from rainscore.imerg.reader import Box

NAME = "3B-HHR.MS.MRG.3IMERG.20200101-S000000-E002959.0000.V07B.HDF5"
GRANULE = CatalogueEntry(
    NAME, np.datetime64("2020-01-01", "ns"), "V07B", "G1-GES_DISC", "C2-GES_DISC", 8.0
)
BOX = Box(1350, 1800, 50, 90)


def address(access: str, version: str = "07") -> str:
    return granule_address(access, GRANULE, "final", version, BOX)


def test_the_address_of_a_whole_granule_has_the_day_of_the_year() -> None:
    assert address("whole") == (
        "https://data.gesdisc.earthdata.nasa.gov/data/GPM_L3/GPM_3IMERGHH.07/2020/001/" + NAME
    )


def test_a_subset_names_flattened_variables_and_inclusive_indices() -> None:
    file, _, constraint = address("opendap").partition(".dap.nc4?dap4.ce=")
    assert file == (
        "https://gpm1.gesdisc.eosdis.nasa.gov/opendap/GPM_L3/GPM_3IMERGHH.07/2020/001/" + NAME
    )
    variables = constraint.split(";")
    assert variables[0] == "/precipitation[0][1800:1889][1350:1399]"
    assert variables[-3:] == ["/lon[1800:1889]", "/lat[1350:1399]", "/time"]
    assert not any("Grid" in name for name in variables)
    assert len(variables) == 12


def test_the_address_in_the_cloud_has_the_collection_and_the_granule() -> None:
    assert address("opendap-cloud").startswith(
        "https://opendap.earthdata.nasa.gov/collections/C2-GES_DISC/granules/"
        f"GPM_3IMERGHH.07%3A{NAME}.dap.nc4?dap4.ce=/precipitation[0]"
    )


def test_harmony_gets_the_centres_of_the_outer_cells() -> None:
    assert "subset=lat(45.05:49.95)&subset=lon(0.05:8.95)" in address("harmony")


@pytest.mark.parametrize(
    ("version", "first", "last", "quality"),
    [("06", "/precipitationCal[0][1800", "/time", True),
     ("05", "/precipitationCal[1800", "/lat[1350:1399]", False)],
)  # fmt: skip
def test_older_versions_have_other_variable_names_and_axes(
    version: str, first: str, last: str, quality: bool
) -> None:
    variables = address("opendap", version).partition("dap4.ce=")[2].split(";")
    assert variables[0].startswith(first)
    assert variables[-1] == last
    assert any("precipitationQualityIndex" in name for name in variables) == quality
