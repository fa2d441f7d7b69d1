"""CF datasets of scored maps: names and units of the variables, and the attributes."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyproj
import xarray as xr

from rainscore.grids import Grid
from rainscore.imerg.variables import field_label
from rainscore.prediction.granulesets import GranuleSet
from rainscore.prediction.withholding import MAP_FLAG, MAP_FLAGS
from rainscore.training.guard import FLAGS
from rainscore.training.timecontext import SIDES

LONG_NAMES = {
    "precipitation": "IMERG precipitation",
    "score": "local score, median",
    "score_mean": "local score, mean",
    "score_low": "local score, lower bound of the 90 % interval",
    "score_high": "local score, upper bound of the 90 % interval",
    "score_zero_probability": "probability of a local score of exactly 0",
    "score_flag": "reason why the scores of a window with rain are withheld",
    "hidden_rain_probability": "probability that rain is hidden where IMERG has none",
    "window_lat": "latitude of the centre of the window",
    "window_lon": "longitude of the centre of the window",
    "map_score": "map score",
    "map_score_low": "map score, lower bound of the 90 % interval",
    "map_score_high": "map score, upper bound of the 90 % interval",
    "map_score_outside": "1 if the wet share is outside the range of the calibration maps, else 0",
    MAP_FLAG: "reason why the score of the map is withheld",
    "cluster": "cluster of the central window; -1 for too little rain; missing if the map is too "
    "small or has no estimate there",
    "novelty": "1 if the map differs from the training maps, 0 if no difference was detected",
    "cluster_score_low": "map score of the cluster, lower bound of the 90 % interval",
    "cluster_score_median": "map score of the cluster, median",
    "cluster_score_high": "map score of the cluster, upper bound of the 90 % interval",
}
"""Long name of each variable."""

UNITS = {
    "precipitation": "mm h-1",
    "window_lat": "degrees_north",
    "window_lon": "degrees_east",
}
"""Units of the variables that are not dimensionless."""

FURTHER: dict[str, dict] = {
    "precipitation": {"standard_name": "lwe_precipitation_rate", "cell_methods": "time: mean"},
    "score": {"ancillary_variables": "score_low score_high"},
    "map_score": {"ancillary_variables": "map_score_low map_score_high"},
    "map_score_outside": {
        "flag_values": np.array([0, 1], np.float32),
        "flag_meanings": "wet_share_calibrated wet_share_outside",
    },
    "novelty": {
        "flag_values": np.array([0, 1], np.float32),
        "flag_meanings": "no_difference_detected unlike_training_maps",
    },
    MAP_FLAG: {
        "flag_values": np.arange(len(MAP_FLAGS), dtype=np.float32),
        "flag_meanings": " ".join(MAP_FLAGS),
    },
    "score_flag": {
        "flag_values": np.arange(len(FLAGS), dtype=np.int8),
        "flag_meanings": " ".join(FLAGS),
    },
}
"""Further attributes of variables (CF)."""

CONVENTIONS = "CF-1.11"

FLAG = "score_flag"
"""Variable that says why the scores of a window are withheld (`training.guard.FLAGS`)."""

SCORES = ("score", "score_mean", "score_low", "score_high", "score_zero_probability")
"""Fields that are withheld."""


def withhold(maps: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Remove the scores of flagged windows.

    Args:
        maps: Fields by name; with a guard also `FLAG`, a flag or, on the globe, the mean over
            overlapping windows, NaN where there is no score.

    Returns:
        The fields, with NaN in `SCORES` where the flag is not 0, and the flags as int8, 0 where
        there is no score. The fields as they are without `FLAG`.
    """
    if FLAG not in maps:
        return dict(maps)
    flags = np.rint(np.nan_to_num(maps[FLAG])).astype(np.int8)
    kept = {
        name: np.where(flags > 0, np.float32(np.nan), values) if name in SCORES else values
        for name, values in maps.items()
    }
    return kept | {FLAG: flags}


def withheld_share(maps: Mapping[str, np.ndarray]) -> float:
    """Share of the windows with rain whose scores are withheld, from the result of `withhold`."""
    if FLAG not in maps:
        return 0.0
    withheld = maps[FLAG] > 0
    return float(withheld.sum() / max((withheld | np.isfinite(maps["score"])).sum(), 1))


def window_dataset(
    maps: Mapping[str, np.ndarray],
    scalars: Mapping[str, float | None],
    grid: Grid,
    time: np.datetime64,
) -> xr.Dataset:
    """Scored map of one window as a CF dataset.

    Args:
        maps: Fields by name, dims (y, x).
        scalars: Scalar variables by name; None is missing.
        grid: Learning grid of the window; written to the attribute `grid` as JSON.
        time: Start of the half-hour.
    """
    coords = _lonlat(grid) | {"time": _time(time)}
    variables: dict = {
        name: (("y", "x"), _packed(name, values), _attributes(name) | {"grid_mapping": "crs"})
        for name, values in maps.items()
    }
    for name, value in scalars.items():
        variables[name] = ((), np.float32(np.nan if value is None else value), _attributes(name))
    attrs = {"Conventions": CONVENTIONS, "grid": grid.to_json()}
    return xr.Dataset(variables | grid.cf, coords, attrs)


def on_grid(dataset: xr.Dataset, grid: Grid) -> xr.Dataset:
    """A scored map of one window, placed on another grid of the same shape."""
    return dataset.assign(grid.cf).assign_coords(_lonlat(grid)).assign_attrs(grid=grid.to_json())


def _lonlat(grid: Grid) -> dict:
    """Coordinates `lat` and `lon` of the pixels of a grid."""
    lon, lat = grid.lonlat
    return {
        "lat": (("y", "x"), lat, {"units": "degrees_north", "standard_name": "latitude"}),
        "lon": (("y", "x"), lon, {"units": "degrees_east", "standard_name": "longitude"}),
    }


def globe_dataset(
    maps: Mapping[str, np.ndarray], table: pd.DataFrame, cells: Grid, time: np.datetime64
) -> xr.Dataset:
    """Scored maps of the globe as a CF dataset.

    Args:
        maps: Fields by name, dims (lat, lon).
        table: Variables of dims (window), one column each.
        cells: IMERG cells of the globe.
        time: Start of the half-hour.
    """
    latitude = {"units": "degrees_north", "standard_name": "latitude", "axis": "Y"}
    longitude = {"units": "degrees_east", "standard_name": "longitude", "axis": "X"}
    coords = {
        "lat": ("lat", cells.y, latitude),
        "lon": ("lon", cells.x, longitude),
        "time": _time(time),
    }
    variables: dict = {
        name: (("lat", "lon"), np.float32(values), _attributes(name) | {"grid_mapping": "crs"})
        for name, values in maps.items()
    }
    variables["crs"] = ((), np.int32(0), pyproj.CRS(cells.crs).to_cf())
    for name in map(str, table):
        variables[name] = ("window", table[name].to_numpy(np.float32), _attributes(name))
    return xr.Dataset(variables, coords, {"Conventions": CONVENTIONS})


def _packed(name: str, values: np.ndarray) -> np.ndarray:
    """Values in the type of the file."""
    return values if name == FLAG else values.astype(np.float32)


def _attributes(name: str) -> dict:
    plain = {"long_name": LONG_NAMES[name], **FURTHER.get(name, {})}
    return plain if name == FLAG else {"units": UNITS.get(name, "1"), **plain}


def _time(time: np.datetime64) -> tuple:
    attrs = {"long_name": "start of the half-hour", "standard_name": "time", "axis": "T"}
    return (), time, attrs | {"units_metadata": "leap_seconds: none"}


def unavailable_inputs(
    granules: GranuleSet, hidden: Sequence[str], *, ages_known: bool, rain_share: float = 1.0
) -> str:
    """Text that names the inputs of the models that are not available for a map.

    Args:
        granules: The granule of the map and those of the hours around it.
        hidden: Channels that the models do not use.
        ages_known: Whether the time since the last microwave pass is known everywhere.
        rain_share: Share of the pixels of the map that have a rain estimate.

    Returns:
        Names separated by commas; empty if everything is available.
    """
    absent = granules.granule.attrs.get("absent", "").split()
    names = [field_label(name) for name in absent]
    if rain_share < 1:
        names.append(f"the rain of {max(100 * (1 - rain_share), 1):.0f} % of the window")
    names += [
        f"the half-hour {side}"
        for step, (side, channel) in zip((-1, 1), SIDES.items(), strict=True)
        if channel not in hidden and not granules.has(step)
    ]
    if not ages_known and "age_known" not in hidden:
        names.append("in places the time since the last microwave pass")
    return ", ".join(names)
