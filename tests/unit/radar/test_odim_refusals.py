"""Composites that cannot be: each gives one error that names the file and the reason."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from rainscore.errors import DamagedFile
from rainscore.radar.odim import Odim
from tests.odim import attributes, write_composite

RAW = np.array([[0, 2, 4], [6, 254, 255]], np.uint8)
DATA = "dataset1/data1/data"
SCALING, WHERE = "dataset1/data1/what", "where"


def write(path: Path, group: str = "what", raw: np.ndarray = RAW, **values: Any) -> Path:
    """Write a composite; `values` replaces attributes of a group, None removes one."""
    groups = attributes()
    groups[group] |= values
    groups[group] = {name: value for name, value in groups[group].items() if value is not None}
    return write_composite(path, groups, {DATA: raw})


@pytest.mark.parametrize(
    ("group", "values", "reason"),
    [
        (SCALING, {"gain": 0.0}, "its gain is 0"),
        (SCALING, {"gain": -1.0}, "its gain is -1"),
        (SCALING, {"gain": np.nan}, "its gain is nan"),
        (SCALING, {"gain": np.inf}, "its gain is inf"),
        (SCALING, {"offset": np.nan}, "its offset is nan"),
        (SCALING, {"gain": "half"}, "its gain is 'half'"),
        (SCALING, {"gain": [1.0, 2.0]}, "its gain is array"),
        (SCALING, {"gain": None}, "it has no gain"),
        (SCALING, {"quantity": "DBZH", "offset": None}, "it has no offset"),
        (SCALING, {"nodata": "none"}, "its nodata is 'none'"),
        (WHERE, {"UL_lon": np.nan}, "its corners have the longitudes .*UL nan"),
        (WHERE, {"LR_lat": np.inf}, "its corners have .* inf"),
        (WHERE, {"LR_lat": 148.0}, "its corners have .*LR .* 148"),
        (WHERE, {"UR_lon": None}, "it has no UR_lon"),
        (WHERE, {"UR_lon": None, "UR_lat": None, "LR_lon": None, "LR_lat": None}, "it has neither"),
        (WHERE, {"UL_lon": attributes()["where"]["UL_lat"], "UL_lat": 10.0}, "its corners are not"),
        (WHERE, {"xscale": 1.0, "yscale": 1.0}, r"its corners are not 3 × 1 and 2 × 1 apart"),
        (WHERE, {"xscale": np.nan}, "its corners are not 3 × nan"),
        (WHERE, {"yscale": np.inf}, "its corners are not 3 × 1000 and 2 × inf"),
        (WHERE, {"xsize": 4}, r"its data have 2 × 3 pixels, but ysize × xsize is 2 × 4"),
        (WHERE, {"xsize": 2, "ysize": 3}, "its data have 2 × 3 pixels"),
        (WHERE, {"xsize": 2**40}, "its data have 2 × 3 pixels"),
        (WHERE, {"projdef": None}, "it has no projdef"),
        (WHERE, {"projdef": "+proj=none"}, r"its projection is not known \(\+proj=none\)"),
        (WHERE, {"projdef": "\x1b[31mred"}, r"its projection is not known \(\[31mred\)"),
        (WHERE, {"projdef": "x" * 20_000}, "its projection is not accepted"),
        (WHERE, {"projdef": "+init=/etc/passwd:1"}, "its projection is not accepted"),
        (WHERE, {"projdef": "+proj=longlat +nadgrids=/etc/passwd"}, "its projection is not accep"),
        ("what", {"object": "PVOL"}, "it is in polar coordinates"),
    ],
)
def test_attributes_that_cannot_be_are_named(
    tmp_path: Path, group: str, values: dict[str, Any], reason: str
) -> None:
    path = write(tmp_path / "a.h5", group, **values)
    for act in (Odim().check, Odim().read) if "nodata" not in values else (Odim().read,):
        with pytest.raises(DamagedFile, match=rf"a\.h5: .*{reason}") as error:
            act(path)
        assert "download" not in str(error.value)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (RAW[None], r"the shape of /dataset1/data1/data is \(1, 2, 3\)"),
        (RAW.T, "its data have 3 × 2 pixels"),
        (RAW[:1, :1], "its data have 1 × 1 pixels"),
    ],
)
def test_data_of_another_shape_are_refused(tmp_path: Path, raw: np.ndarray, reason: str) -> None:
    path = write(tmp_path / "a.h5", raw=raw)
    for act in (Odim().check, Odim().read, Odim().grid):
        with pytest.raises(DamagedFile, match=reason):
            act(path)


def test_what_is_not_an_array_of_numbers_is_refused(tmp_path: Path) -> None:
    for name in ("group", "texts", "flags", "absent", "huge", "link"):
        path = write_composite(tmp_path / f"{name}.h5", attributes(), {})
        with h5py.File(path, "a") as file:
            data = file["dataset1/data1"]
            if name == "group":
                data.create_group("data")
            elif name == "texts":
                data["data"] = np.full((2, 3), b"1")
            elif name == "flags":
                data["data"] = np.ones((2, 3), bool)
            elif name == "huge":
                data.create_dataset("data", (2**20, 2**20), "f8", chunks=(100, 100))
                file["where"].attrs.update(xsize=2**20, ysize=2**20)
            elif name == "link":
                data["data"] = h5py.ExternalLink("other.h5", "/rain")
        for act in (Odim().check, Odim().read, Odim().grid):
            with pytest.raises(DamagedFile, match=rf"{name}\.h5: "):
                act(path)


def test_groups_and_arrays_in_the_wrong_place_are_no_data(tmp_path: Path) -> None:
    path = write_composite(tmp_path / "a.h5", attributes(), {})
    with h5py.File(path, "a") as file:
        del file["dataset1"]
        file["dataset1"] = [1, 2]
        file["dataset2/data1"] = [1, 2]
        file["dataset3/data1/what"] = [1, 2]
        file["dataset99999999999999999999"] = 1
    with pytest.raises(DamagedFile, match="it has no data, none of RATE"):
        Odim().check(path)


def test_a_file_that_was_removed_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5")
    path.unlink()
    for act in (Odim().check, Odim().read, Odim().grid):
        with pytest.raises(DamagedFile, match=r"a\.h5: it cannot be opened"):
            act(path)


def test_a_reflectivity_beyond_all_numbers_is_missing(tmp_path: Path) -> None:
    raw = np.array([[23.0, 1e300, -1e300], [1e6, 254, 255]])
    path = write(tmp_path / "a.h5", SCALING, raw, quantity="DBZH", gain=1.0)
    rate = Odim().read(path)
    np.testing.assert_allclose(rate, [[0.9985, np.nan, 0], [np.nan, 0, np.nan]], rtol=1e-3)


def test_a_scan_goes_on_after_any_file(tmp_path: Path) -> None:
    write(tmp_path / "T_201808241800.h5")
    write(tmp_path / "T_201808241815.h5", SCALING, quantity="TH")
    (tmp_path / "T_201808241830.h5").mkdir()
    (tmp_path / "T_201808241845.h5").symlink_to(tmp_path / "absent")
    (tmp_path / "T_201808241900.h5").write_text("<html>")
    frames = Odim().scan(tmp_path)
    assert list(frames["time"].dt.strftime("%H:%M")) == ["17:45", "18:00", "18:45"]


def test_flipped_bits_raise_no_other_exception(tmp_path: Path) -> None:
    content = write(tmp_path / "whole.h5").read_bytes()
    random = np.random.default_rng(1)
    radar, path = Odim(min_quality=0.1), tmp_path / "T_201808241800.h5"
    errors = 0
    for _ in range(200):
        changed = bytearray(content)
        for position in random.integers(len(content), size=random.integers(1, 4)):
            changed[position] ^= 1 << int(random.integers(8))
        path.write_bytes(changed)
        radar.scan(path)
        try:
            radar.check(path)
            radar.read(path)
        except DamagedFile as error:
            assert error.file == str(path)
            errors += 1
    assert 50 < errors < 200
