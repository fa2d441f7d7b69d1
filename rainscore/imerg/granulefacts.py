"""Description of an IMERG granule for a reader."""

from pathlib import Path

import numpy as np

from rainscore.imerg.lattice import COLUMNS, ROWS
from rainscore.imerg.reader import check_granule, read_granule, stored_cells
from rainscore.imerg.variables import field_label
from rainscore.times import HALF_HOUR

HIGHEST_RATE = 120.0
"""Half-hourly rates above it are reported as odd [mm/h]; IMERG's retrievals end near it."""


def describe_granule(path: Path) -> dict[str, str | list[str]]:
    """Product, period, grid and content of a granule, in words.

    Args:
        path: Granule of any version and run; of a file with several half-hours the first is read.

    Raises:
        DamagedFile: It is not half-hourly IMERG, or cannot be read.
    """
    half_hours = check_granule(path)
    granule = read_granule(path, time=half_hours[0].start)
    rain = granule["precipitation"].values
    facts: dict[str, str | list[str]] = {
        "product": f"IMERG, {granule.attrs['run']} run, version {granule.attrs['version']}"
        + (" (simulated)" if granule.attrs["world"] == "simulated" else ""),
        "period": _period([one.start for one in half_hours]),
        "grid": _grid(path),
        "rain": _rain(rain),
        "microwave": _microwave(granule["mw_source"].values, rain),
        "missing": f"{_percent(np.isnan(rain).mean())} of the cells have no rain estimate",
    }
    if absent := granule.attrs["absent"]:
        facts["fields not in the file"] = ", ".join(map(field_label, absent.split()))
    if odd := _oddities(granule, rain):
        facts["odd"] = odd
    return facts


def _percent(share: float) -> str:
    return "0 %" if share == 0 else "100 %" if share == 1 else f"{100 * share:.2g} %"


def _period(starts: list[np.datetime64]) -> str:
    first, end = (str(time.astype("datetime64[m]")) for time in (starts[0], starts[-1] + HALF_HOUR))
    count = f", {len(starts)} half-hours; described: the first" if len(starts) > 1 else ""
    return f"{first.replace('T', ' ')} to {end.replace('T', ' ')} UTC{count}"


def _grid(path: Path) -> str:
    cells = stored_cells(path)
    size = f"{cells.nx} × {cells.ny} cells of 0.1°"
    if (cells.nx, cells.ny) == (COLUMNS, ROWS):
        return f"{size}, the whole globe"
    east, north = cells.x0 + cells.nx * cells.dx, cells.y0 + cells.ny * cells.dy
    return f"{size}, longitude {cells.x0:g} to {east:g}, latitude {cells.y0:g} to {north:g}"


def _rain(rain: np.ndarray) -> str:
    known = rain[np.isfinite(rain)]
    if not known.size:
        return "none: missing everywhere"
    wet = _percent((known >= 0.1).mean())
    return f"{wet} of the cells with 0.1 mm/h or more, at most {known.max():.3g} mm/h"


def _microwave(source: np.ndarray, rain: np.ndarray) -> str:
    if np.isnan(source).all():
        return "unknown: the file does not state the sensor of each cell"
    known = np.isfinite(rain) & np.isfinite(source)
    observed = known & (source > 0)
    share = observed.sum() / max(known.sum(), 1)
    return f"{_percent(share)} of the cells with an estimate were observed by a microwave sensor"


def _oddities(granule, rain: np.ndarray) -> list[str]:
    """What a reader should look at before using the granule."""
    odd = []
    if granule.attrs["out_of_range"]:
        odd.append(f"values out of range, read as missing: {granule.attrs['out_of_range']}")
    known = rain[np.isfinite(rain)]
    if not known.size:
        odd.append("no cell has a rain estimate")
    elif known.max() == 0:
        odd.append("it is dry everywhere")
    elif known.size > 1 and known.min() == known.max():
        odd.append(f"all cells with an estimate have the same rain, {known.max():g} mm/h")
    elif known.max() > HIGHEST_RATE:
        odd.append(f"{np.count_nonzero(known > HIGHEST_RATE)} cells above {HIGHEST_RATE:g} mm/h")
    if granule.attrs["version"] == "unknown":
        odd.append("neither its name nor its content gives the run and the version")
    source = granule["mw_source"].values
    if np.isfinite(source).any() and not (source > 0).any():
        odd.append("no cell was observed by a microwave sensor")
    return odd
