import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rainscore.errors import DamagedFile
from rainscore.grids import RADAR_CORNER, RADAR_CRS, Grid, study_grid, window_grid
from rainscore.radar.formats import get_format
from rainscore.radar.fr_radar import frame_name, mosaic_grid, write_frame

STUDY = study_grid(centre=(2.5, 46.5), size_km=400, step_km=4)
RADAR = get_format("fr-radar-rainfall")


def test_values_are_hundredths_of_a_millimetre_in_five_minutes_and_negative_is_missing(
    tmp_path: Path,
) -> None:
    frame = np.zeros((2, 2), np.int16)
    frame[:] = [[0, 1], [100, -1]]
    np.savez_compressed(tmp_path / "202001010000.npz", frame)
    rate = RADAR.read(tmp_path / "202001010000.npz")
    np.testing.assert_allclose(rate, np.array([[0, 0.12], [12, np.nan]], np.float32), rtol=1e-6)
    assert rate.dtype == np.float32


def test_the_grid_covers_the_mosaic_at_the_step_of_the_file(tmp_path: Path) -> None:
    for n, step in ((1536, 1000.0), (384, 4000.0)):
        np.savez_compressed(tmp_path / "202001010000.npz", np.zeros((n, n), np.int16))
        expected = Grid(RADAR_CRS, *RADAR_CORNER, step, -step, n, n)
        assert RADAR.grid(tmp_path / "202001010000.npz") == expected


def test_names_are_starts_unless_configured_as_ends(tmp_path: Path) -> None:
    (tmp_path / "2020").mkdir()
    for name in ("202001010005.npz", "2020/202001010000.npz", "notes.npz", "202001010010.txt"):
        (tmp_path / name).touch()
    frames = RADAR.scan(tmp_path)
    assert list(frames["time"]) == [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-01 00:05")]
    assert frames["time"].dtype == "datetime64[ns]"
    assert frames["file"][0] == str(tmp_path / "2020/202001010000.npz")
    ends = get_format("fr-radar-rainfall", timestamp_convention="end").scan(tmp_path)
    assert ends["time"][0] == pd.Timestamp("2019-12-31 23:55")


def test_a_folder_without_frames_gives_an_empty_table(tmp_path: Path) -> None:
    frames = RADAR.scan(tmp_path)
    assert list(frames) == ["time", "file", "index", "problem"] and frames.empty


def test_a_name_with_an_impossible_date_is_a_problem_of_this_file_only(tmp_path: Path) -> None:
    for name in ("202001010000.npz", "202013010000.npz", "202002300000.npz", "202001012400.npz"):
        (tmp_path / name).touch()
    frames = RADAR.scan(tmp_path)
    assert list(frames["time"].notna()) == [True, False, False, False]
    assert set(frames["problem"][1:]) == {"the date in its name does not exist"}
    assert frames["problem"][0] == ""


def test_a_field_is_read_back_at_its_position_and_the_rest_is_missing(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    rate = (rng.integers(0, 3000, STUDY.shape) * 0.12).astype(np.float32)
    rate[3, 4] = np.nan
    path = tmp_path / frame_name(np.datetime64("2020-01-01T00:05"))
    write_frame(path, rate, STUDY)
    whole, mosaic = RADAR.read(path), RADAR.grid(path)
    top = round((STUDY.y0 - mosaic.y0) / mosaic.dy)
    left = round((STUDY.x0 - mosaic.x0) / mosaic.dx)
    place = slice(top, top + STUDY.ny), slice(left, left + STUDY.nx)
    np.testing.assert_allclose(whole[place], rate, rtol=1e-5)
    np.testing.assert_allclose(mosaic.x[place[1]], STUDY.x)
    np.testing.assert_allclose(mosaic.y[place[0]], STUDY.y)
    whole[place] = np.nan
    assert np.isnan(whole).all()
    assert [p.name for p in tmp_path.iterdir()] == ["202001010005.npz"]


def test_the_layout_is_that_of_the_source_and_writing_is_deterministic(tmp_path: Path) -> None:
    rate = np.full(STUDY.shape, 1.2, np.float32)
    for name in ("202001010000.npz", "202001010005.npz"):
        write_frame(tmp_path / name, rate, STUDY)
    with np.load(tmp_path / "202001010000.npz", allow_pickle=False) as archive:
        assert archive.files == ["arr_0"]
        assert (archive["arr_0"].shape, archive["arr_0"].dtype) == ((384, 384), np.int16)
        assert set(np.unique(archive["arr_0"])) == {-1, 10}
    first, second = (p.read_bytes() for p in sorted(tmp_path.iterdir()))
    assert first == second


def test_a_rate_beyond_sixteen_bits_is_kept(tmp_path: Path) -> None:
    write_frame(tmp_path / "202001010000.npz", np.full(STUDY.shape, 8646.0), STUDY)
    assert np.nanmax(RADAR.read(tmp_path / "202001010000.npz")) == pytest.approx(8646)


@pytest.mark.parametrize(
    "grid",
    [
        Grid(STUDY.crs, STUDY.x0 + 500, STUDY.y0, 4000, -4000, 100, 100),
        Grid(STUDY.crs, RADAR_CORNER[0] - 4000, RADAR_CORNER[1], 4000, -4000, 100, 100),
        Grid("EPSG:3035", STUDY.x0, STUDY.y0, 4000, -4000, 100, 100),
        Grid(STUDY.crs, STUDY.x0, STUDY.y0, 5000, -5000, 100, 100),
        window_grid(centre=(18.4, -33.9), size_km=(400, 200), step_km=4),
    ],
)
def test_a_field_that_is_no_part_of_the_mosaic_is_read_back_on_its_own_grid(
    tmp_path: Path, grid: Grid
) -> None:
    rate = (np.random.default_rng(5).integers(0, 3000, grid.shape) * 0.12).astype(np.float32)
    rate[3, 4] = np.nan
    path = tmp_path / "202001010000.npz"
    write_frame(path, rate, grid)
    RADAR.check(path)
    assert RADAR.grid(path) == grid
    np.testing.assert_allclose(RADAR.read(path), rate, rtol=1e-5)


def test_a_frame_whose_shape_is_not_that_of_its_grid_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "202001010000.npz"
    for text, reason in (
        (window_grid(centre=(0, 0), size_km=(8, 12), step_km=4).to_json(), "3 × 2"),
        ("{}", "missing"),
        ("3 × 2", "not a frame"),
    ):
        np.savez_compressed(path, arr_0=np.zeros((2, 2), np.int16), grid=np.array(text))
        with pytest.raises(DamagedFile, match=reason):
            RADAR.grid(path)


def test_other_content_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "202001010000.npz"
    write_frame(path, np.random.default_rng(6).gamma(1, 9, STUDY.shape), STUDY)
    whole = path.read_bytes()
    for content in (whole[:-30], b"<!DOCTYPE html>", b""):
        path.write_bytes(content)
        for act in (RADAR.read, RADAR.check, RADAR.grid):
            with pytest.raises(DamagedFile, match="download it again"):
                act(path)
    path.write_bytes(whole[:9000] + b"\xff" * 50 + whole[9050:])
    with pytest.raises(DamagedFile):
        RADAR.read(path)
    np.savez_compressed(path, other=np.zeros((2, 2)))
    with pytest.raises(DamagedFile, match=r"no item named 'arr_0\.npy'"):
        RADAR.check(path)
    np.savez_compressed(path, np.zeros((100, 100), np.int16))
    with pytest.raises(DamagedFile, match="1536"):
        RADAR.read(path)


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "202001010000.npz", np.array([[{}]], dtype=object))
    with pytest.raises(DamagedFile):
        RADAR.read(tmp_path / "202001010000.npz")


def test_the_mosaic_has_the_extent_of_its_source() -> None:
    grid = mosaic_grid(1536)
    assert grid.x[-1] - grid.x[0] == 1535_000
    assert grid.lonlat[1][0, 0] == pytest.approx(53.67, abs=0.05)
    assert grid.lonlat[0][0, 0] == pytest.approx(-9.965, abs=0.05)


def raw_npz(path: Path, header: bytes, values: bytes, *, name: str = "arr_0.npy") -> None:
    """Write an npz file with zipfile alone, from the text of an array's header."""
    length = len(header).to_bytes(2, "little")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"\x93NUMPY\x01\x00" + length + header + values)


@pytest.mark.parametrize(
    ("header", "values"),
    [
        (b"{'descr': '<i2', 'fortran_order': False, 'shape': (1000000, 1000000)}", b""),
        (b"{'descr': '<i2', 'fortran_order': False, 'shape': (1536, 1536)}", b"\0" * 100),
        (b"{'descr': '<i2', 'fortran_order': False, 'shape': (2, 2)}", b"\0" * 9),
        (b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)}", b"\0" * 16),
        (b"{'descr': '|O', 'fortran_order': False, 'shape': (2, 2)}", b"\x80\x04N."),
        (b"{'descr': '<i2', 'fortran_order': False, 'shape': (0, 0)}", b""),
        (b"{'descr': '<i2', 'fortran_order': False, 'shape': (4,)}", b"\0" * 8),
        (b"{'descr': '<q9', 'fortran_order': False, 'shape': (2, 2)}", b"\0" * 8),
        (b"((((((", b""),
        (b"(" * 9000, b""),
    ],
)
def test_a_header_that_cannot_be_is_damaged_and_allocates_nothing(
    tmp_path: Path, header: bytes, values: bytes
) -> None:
    path = tmp_path / "202001010000.npz"
    raw_npz(path, header, values)
    with pytest.raises(DamagedFile, match=r"202001010000\.npz"):
        RADAR.read(path)


def test_an_encrypted_or_oddly_compressed_member_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "202001010000.npz"
    np.savez_compressed(path, np.zeros((2, 2), np.int16))
    whole = bytearray(path.read_bytes())
    central = whole.index(b"PK\x01\x02")
    for change in ({6: 1, central + 8: 1}, {8: 77, central + 10: 77}):
        content = bytearray(whole)
        for position, value in change.items():
            content[position] = value
        path.write_bytes(content)
        with pytest.raises(DamagedFile):
            RADAR.read(path)


def test_a_lost_file_a_folder_and_a_dangling_link_are_damaged(tmp_path: Path) -> None:
    (tmp_path / "202001010000.npz").mkdir()
    (tmp_path / "202001010005.npz").symlink_to(tmp_path / "nothing")
    for name in ("202001010000.npz", "202001010005.npz", "202001010010.npz"):
        for act in (RADAR.read, RADAR.check, RADAR.grid):
            with pytest.raises(DamagedFile, match="it cannot be read"):
                act(tmp_path / name)
    assert RADAR.scan(tmp_path).empty


def test_a_changed_byte_never_gives_another_rate(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    path = tmp_path / "202001010000.npz"
    frame = rng.integers(-1, 300, (48, 48)).astype(np.int16)
    np.savez_compressed(path, frame)
    expected, whole = RADAR.read(path), path.read_bytes()
    damaged = 0
    for _ in range(400):
        content = bytearray(whole)
        kind = rng.integers(3)
        place = int(rng.integers(len(content)))
        if kind == 0:
            content[place] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del content[place]
        else:
            del content[place:]
        path.write_bytes(content)
        try:
            np.testing.assert_array_equal(RADAR.read(path), expected)
        except DamagedFile:
            damaged += 1
    assert damaged > 300


LAEA = {"crs": "EPSG:3035", "x0": 0.0, "y0": 0.0, "dx": 1.0, "dy": -1.0, "nx": 2, "ny": 2}


@pytest.mark.parametrize(
    "grid",
    ["", "{}", "[]", "null"]
    + [
        json.dumps({**LAEA, **change})
        for change in ({"crs": "no such"}, {"x0": np.nan}, {"x0": "a"}, {"nx": 3}, {"dx": 0})
    ],
)
def test_a_grid_that_cannot_be_is_damaged(tmp_path: Path, grid: str) -> None:
    path = tmp_path / "202001010000.npz"
    np.savez_compressed(path, arr_0=np.zeros((2, 2), np.int16), grid=np.array(grid))
    for act in (RADAR.read, RADAR.check, RADAR.grid):
        with pytest.raises(DamagedFile):
            act(path)
