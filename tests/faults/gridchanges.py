"""Changes of GeoTIFF and of ASCII grids."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import from_origin

from tests.faults.outcomes import Change, Result


def geotiff_changes(file: Path) -> list[Change]:
    """GeoTIFFs that are written with another profile."""
    place = from_origin(0.0, -4_500_000.0, 1000.0, 1000.0)
    profiles: dict[str, dict[str, Any]] = {
        "two maps": {"count": 2}, "floats": {"dtype": "float32"}, "bytes": {"dtype": "uint8"},
        "no projection": {"crs": None}, "longitude and latitude": {"crs": "EPSG:4326"},
        "feet": {"crs": "EPSG:2263"}, "in the Pacific": {"crs": "EPSG:3832"},
        "rows from the south": {"transform": from_origin(0.0, -4_500_000.0, 1000.0, -1000.0)},
        "pixels of 1 m": {"transform": from_origin(0.0, -4_500_000.0, 1.0, 1.0)},
        "pixels of 100 km": {"transform": from_origin(0.0, -4_500_000.0, 1e5, 1e5)},
        "turned": {"transform": place * rasterio.Affine.rotation(30)},
        "NaN place": {"transform": from_origin(np.nan, -4_500_000.0, 1000.0, 1000.0)},
        "far away": {"transform": from_origin(1e12, -4_500_000.0, 1000.0, 1000.0)},
        "PNG": {"driver": "PNG"},
    }  # fmt: skip
    changes = [Change("profile", kind, partial(_raster, p)) for kind, p in profiles.items()]

    def factor(by: Any) -> Callable[[Result], Result]:
        return lambda base: {
            k: np.where(v * by > 300, np.nan, v * by) if k.startswith("rain ") else v
            for k, v in base.items()
        }

    edits: dict[str, tuple[dict, Callable | None]] = {
        "scale 0.01": ({"scales": [0.01]}, factor(0.1)),
        "unit 0.01 mm": ({"units": ["0.01 mm"]}, factor(0.1)),
        "unit K": ({"units": ["K"]}, None), "unit mm/h": ({"units": ["mm/h"]}, None),
        "scale 0": ({"scales": [0.0]}, None), "scale NaN": ({"scales": [np.nan]}, None),
        "scale infinite": ({"scales": [np.inf]}, None), "scale -1": ({"scales": [-1.0]}, None),
        "offset NaN": ({"offsets": [np.nan]}, None), "offset 1e300": ({"offsets": [1e300]}, None),
        "an escape sequence": ({"units": ["\x1b[2J"]}, None),
    }  # fmt: skip
    changes += [
        Change("tags", kind, partial(_raster, {}, **tags), expected)
        for kind, (tags, expected) in edits.items()
    ]
    times = {"another hour": "2020:01:01 05:00:00", "nonsense": "nonsense", "no date": ""}
    changes += [
        Change("time tag", kind, partial(_raster, {}, time=time)) for kind, time in times.items()
    ]
    names = ("2020133101_RR.gtif", "0000000000_RR.gtif", "2020010125_RR.gtif", "x_RR.gtif")
    return changes + [Change("name", n, partial(_rename, n)) for n in names]


def _rename(name: str, path: Path) -> None:
    path.rename(path.with_name(name))


def _raster(profile: dict, path: Path, *, time: str = "", **tags: Any) -> None:
    with rasterio.open(path) as raster:
        settings, values = raster.profile, raster.read()
    path.unlink()
    settings.update(profile)
    if settings["count"] > 1:
        values = np.concatenate([values, values])
    with rasterio.open(path, "w", **settings) as raster:
        raster.write(values.astype(settings["dtype"]))
        for name, value in tags.items():
            setattr(raster, name, value)
        if time:
            raster.update_tags(TIFFTAG_DATETIME=time)


def radolan_changes(file: Path) -> list[Change]:
    """Changes of the header and the numbers of an ASCII grid."""
    words = ("", "nan", "inf", "-1", "0", "1e300", "1e9", "x", "9" * 400, "0x10", "1_0", "１")
    lines = file.read_text("ascii").split("\n")
    changes = []
    for number, line in enumerate(lines[:8]):
        parts = line.split()
        for place in range(min(len(parts), 3)):
            for word in words:
                if (number == 5 and place == 1) or (number < 6 and place == 1 and word == "1e9"):
                    continue  # any number can be the code of missing values
                if number in (2, 3) and place == 1 and word in ("-1", "0"):
                    continue  # another place
                if number >= 6 and word in ("-1", "0"):
                    continue  # valid values
                new = [*parts[:place], word, *parts[place + 1 :]]
                text = "\n".join([*lines[:number], " ".join(new), *lines[number + 1 :]])
                changes.append(
                    Change(f"line {number}", f"word {place}: {word[:9]!r}", partial(_text, text))
                )  # fmt: skip
        lost = "\n".join([*lines[:number], *lines[number + 1 :]])
        changes.append(Change(f"line {number}", "deleted", partial(_text, lost)))
    return changes


def _text(text: str, path: Path) -> None:
    path.write_text(text, "utf-8")
