from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.transform import from_origin

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.grids import RADAR_CRS
from rainscore.radar.comephorefiles import read_hour, scan_hours
from tests.data import shared

NAME = "2020010101_RR.gtif"
NAN = np.nan
PLACE = from_origin(0.0, -4_500_000.0, 1000.0, 1000.0)


def write(
    folder: Path, values: list, name: str = NAME, *, edit: Any = None, **profile: Any
) -> Path:
    data = np.array([values], profile.get("dtype", "uint16"))
    settings = {
        "driver": "GTiff", "count": data.shape[0], "height": data.shape[1], "width": data.shape[2],
        "dtype": data.dtype, "crs": RADAR_CRS, "transform": PLACE,
    }  # fmt: skip
    with rasterio.open(folder / name, "w", **settings | profile) as raster:
        raster.write(data)
        if edit:
            edit(raster)
    return folder / name


def scaled(scale: float = 1.0, offset: float = 0.0, unit: str = "") -> Any:
    def edit(raster: Any) -> None:
        raster.scales, raster.offsets = [scale], [offset]
        raster.units = [unit]

    return edit


@pytest.mark.parametrize(
    ("edit", "nodata", "expected"),
    [(None, None, [0, 0.5, 900, NAN]), (None, 9000, [0, 0.5, NAN, NAN]),
     (scaled(0.01), None, [0, 0.05, 90, NAN]), (scaled(0.1, 1.0), None, [1, 1.5, NAN, NAN]),
     (scaled(unit="0.01 mm"), None, [0, 0.05, 90, NAN]),
     (scaled(0.1, unit="mm"), None, [0, 0.5, NAN, NAN])],
)  # fmt: skip
def test_amounts_follow_the_tags_of_the_file(
    edit: Any, nodata: float | None, expected: list, tmp_path: Path
) -> None:
    expected = [v if not v > 300 else NAN for v in expected]  # above the limit: missing
    path = write(tmp_path, [[0, 5, 9000, 65535]], edit=edit, nodata=nodata)
    np.testing.assert_allclose(read_hour(path)[0][0], expected, rtol=1e-6)


def test_blocks_that_were_never_written_are_missing(tmp_path: Path) -> None:
    path = tmp_path / NAME
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=32, width=48, dtype="uint16", crs=RADAR_CRS,
        transform=PLACE, tiled=True, blockxsize=16, blockysize=16, SPARSE_OK="TRUE",
    ) as raster:  # fmt: skip
        raster.write(np.full((1, 16, 16), 7, np.uint16), window=((16, 32), (32, 48)))
    amount, _ = read_hour(path)
    assert np.isfinite(amount).sum() == 256
    np.testing.assert_allclose(amount[16:, 32:], 0.7, rtol=1e-6)


@pytest.mark.parametrize(
    ("profile", "message"),
    [({"dtype": "float32"}, "maps of float32"), ({"crs": "EPSG:4326"}, "no projection"),
     ({"crs": None}, "no projection"),
     ({"transform": from_origin(0, -4500, 1, 1)}, "pixels of 1 × 1 m"),
     ({"transform": from_origin(0, -4_500_000, 1e5, 1e5)}, "pixels of 100000"),
     ({"transform": from_origin(-4_500_000, 0, 1000, 1000)}, "not in France"),
     ({"transform": PLACE * PLACE.rotation(30)}, "rows do not run"),
     ({"transform": PLACE * PLACE.scale(1, -1)}, "rows do not run"),
     ({"edit": scaled(0.0)}, "its scale is 0"), ({"edit": scaled(-1.0)}, "its scale is -1"),
     ({"edit": scaled(NAN)}, "its scale is nan"), ({"edit": scaled(1, NAN)}, "offset is nan"),
     ({"edit": scaled(unit="K")}, "unit 'K'"), ({"edit": scaled(unit="mm/h")}, "unit 'mm/h'"),
     ({"edit": lambda raster: raster.update_tags(TIFFTAG_DATETIME="2020:01:01 02:00:00")},
      "not of the hour of its name")],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_files_that_cannot_be_those_of_comephore_are_damaged(
    profile: dict, message: str, tmp_path: Path
) -> None:
    path = write(tmp_path, [[1, 2, 3]] * 2, **profile)
    with pytest.raises(DamagedFile, match=message):
        read_hour(path)


VRT = """<VRTDataset rasterXSize="2" rasterYSize="1"><SRS>EPSG:2154</SRS>
<GeoTransform>0,1000,0,0,0,-1000</GeoTransform>
<VRTRasterBand dataType="UInt16" band="1" subClass="VRTRawRasterBand">
<SourceFilename relativetoVRT="0">/etc/passwd</SourceFilename></VRTRasterBand></VRTDataset>"""


@pytest.mark.parametrize("content", [VRT, "<html>", "", "<GDAL_WMS></GDAL_WMS>", "II*", "II*\0"])
def test_content_that_leads_elsewhere_is_not_followed(content: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(content)
    with pytest.raises(DamagedFile, match="not a COMEPHORE file"):
        read_hour(tmp_path / NAME)


def test_files_beside_the_geotiff_are_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, [[1, 2, 3]])
    (tmp_path / f"{NAME}.aux.xml").write_text(
        "<PAMDataset><PAMRasterBand band='1'><Scale>5</Scale></PAMRasterBand></PAMDataset>"
    )
    np.testing.assert_allclose(read_hour(path)[0], [[0.1, 0.2, 0.3]], rtol=1e-6)


@pytest.mark.parametrize("name", ["absent.gtif", "folder.gtif", "/vsicurl/http://localhost/x"])
def test_names_that_are_no_file_are_damaged(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder.gtif").mkdir()
    with pytest.raises(DamagedFile, match="not a COMEPHORE file"):
        read_hour(tmp_path / name)


def test_hours_that_do_not_exist_are_left_out_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, [[1, 2, 3]])
    write(tmp_path, [[1, 2, 3]], "2020023001_RR.gtif")
    assert list(scan_hours(tmp_path).index) == [pd.Timestamp("2020-01-01")]
    assert "2020023001_RR.gtif" in caplog.text
    (tmp_path / "empty").mkdir()
    with pytest.raises(RainscoreError, match="no COMEPHORE files"):
        scan_hours(tmp_path / "empty")


@pytest.mark.parametrize("seed", range(2))
def test_flipped_bits_give_a_map_or_an_error_of_the_project(seed: int, tmp_path: Path) -> None:
    good = bytearray(shared("comephore/2011110421_RR.gtif").read_bytes())
    rng = np.random.default_rng(seed)
    path = tmp_path / "2011110421_RR.gtif"
    for at in rng.integers(900, size=150):
        content = good.copy()
        content[at] ^= 1 << rng.integers(8)
        path.write_bytes(content)
        try:
            amount, _ = read_hour(path)
            assert not (amount > 300).any()
        except RainscoreError as error:
            assert path.name in str(error)


def test_all_real_hours_are_read() -> None:
    for file in sorted(shared("comephore").glob("*.gtif")):
        assert np.isfinite(read_hour(file)[0]).all()
