"""Subsets built from the description of a granule (DMR)."""

from pathlib import Path

import pytest

from rainscore.download.addresses import version_fields
from rainscore.download.dmr import build_constraint, read_dmr
from rainscore.errors import DamagedFile
from rainscore.imerg.lattice import Box
from tests.archives import description

NAME = "3B-HHR.MS.MRG.3IMERG.20200101-S000000-E002959.0000.V07B.HDF5"
BOX = Box(1350, 1800, 50, 90)


def variables(tmp_path: Path, content: bytes) -> dict[str, tuple[str, ...]]:
    (tmp_path / "granule.dmr.xml").write_bytes(content)
    return read_dmr(tmp_path / "granule.dmr.xml")


@pytest.mark.parametrize(("groups", "grid"), [(True, "/Grid/"), (False, "/")])
def test_a_subset_has_the_paths_of_the_description_and_inclusive_indices(
    groups: bool, grid: str, tmp_path: Path
) -> None:
    described = variables(tmp_path, description(NAME, groups=groups))
    terms = build_constraint(described, version_fields("07"), BOX).split(";")
    intermediate = grid + "Intermediate/" if groups else grid
    assert terms[0] == f"{grid}precipitation[0][1800:1889][1350:1399]"
    assert f"{intermediate}MWprecipSource[0][1800:1889][1350:1399]" in terms
    assert terms[-3:] == [f"{grid}lon[1800:1889]", f"{grid}lat[1350:1399]", f"{grid}time[0]"]
    assert len(terms) == len(version_fields("07")) + 3


def test_names_and_axes_of_older_versions_are_found() -> None:
    axes = ("lon", "lat")
    names = ["precipitationCal", "HQprecipitation", "HQprecipSource", "HQobservationTime"]
    names += ["IRprecipitation", "IRkalmanFilterWeight", "probabilityLiquidPrecipitation"]
    described: dict[str, tuple[str, ...]]
    described = {f"/Grid/{name}": axes for name in [*names, "randomError"]}
    described |= {"/Grid/lon": ("lon",), "/Grid/lat": ("lat",)}
    terms = build_constraint(described, version_fields("05"), BOX).split(";")
    assert terms[0] == "/Grid/precipitationCal[1800:1889][1350:1399]"
    assert terms[-1] == "/Grid/lat[1350:1399]"


def test_axes_without_a_name_are_known_by_their_length(tmp_path: Path) -> None:
    content = b"""<Dataset xmlns="http://xml.opendap.org/ns/DAP/4.0#"><Group name="Grid">
      <Float32 name="precipitation"><Dim size="1"/><Dim size="3600"/><Dim size="1800"/></Float32>
      </Group></Dataset>"""
    assert variables(tmp_path, content) == {"/Grid/precipitation": ("time", "lon", "lat")}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<Error><Code>AccessDenied</Code></Error>", "but <Error>"),
        (b"<Dataset", "it is not XML"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><Dataset/>', "not a description"),
    ],
)
def test_another_document_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match=reason):
        variables(tmp_path, content)


def test_a_description_without_a_field_or_with_other_axes_is_refused() -> None:
    described = {"/lon": ("lon",), "/lat": ("lat",), "/precipitation": ("lon", "lat", "band")}
    with pytest.raises(DamagedFile, match=r"/precipitation has the axes lon, lat, band"):
        build_constraint(described, ["precipitation"], BOX)
    with pytest.raises(DamagedFile, match="lacks quality_index"):
        build_constraint(described, ["quality_index"], BOX)
