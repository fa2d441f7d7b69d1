"""What a scored map says of itself: names of its fields, its grid by the CF conventions."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from rainscore.grids import Grid
from rainscore.times import HALF_HOUR
from rainscore.training.dataset import SIDES

WORDS = {
    "precipitation": "IMERG precipitation",
    "score": "local score, median",
    "score_low": "lower bound of its 90 % interval",
    "score_high": "upper bound of its 90 % interval",
    "hidden_rain_probability": "probability that rain is hidden where IMERG has none",
    "window_lat": "latitude of the centre of the window",
    "window_lon": "longitude of the centre of the window",
    "map_score": "map score, predicted",
    "map_score_low": "lower bound of its 90 % interval",
    "map_score_high": "upper bound of its 90 % interval",
    "map_score_outside": "1: its wet share is beyond those of the maps it was calibrated with",
    "cluster": "cluster of the central window; -1: too little rain; missing: window too small, or "
    "no estimate",
    "novelty": "1: unlike the maps of the training, 0: not seen to be unlike them",
    "cluster_score_low": "lower bound of its 90 % interval",
    "cluster_score_median": "map score told by the cluster alone, median",
    "cluster_score_high": "upper bound of its 90 % interval",
}


def words(name: str) -> str:
    """Long name of a field of the output."""
    return WORDS[name]


def unknown(
    granules: Mapping[np.datetime64, xr.Dataset],
    time: np.datetime64,
    hidden: Sequence[str],
    *,
    ages_known: bool,
    seen: float = 1.0,
) -> str:
    """What the models would have used but could not know of a map, in words.

    Args:
        granules: By half-hour: the map, and what is at hand of the hours around it.
        time: Half-hour of the map.
        hidden: Channels that the models never use.
        ages_known: Whether the time since the last microwave pass is known everywhere.
        seen: Share of the map's pixels that have a rain estimate.
    """
    said = [name.replace("_", " ") for name in granules[time].attrs.get("absent", "").split()]
    if seen < 1:
        said.append(f"the rain of {max(100 * (1 - seen), 1):.0f} % of the window")
    said += [
        f"the half-hour {side}"
        for step, (side, channel) in zip((-1, 1), SIDES.items(), strict=True)
        if channel not in hidden and time + step * HALF_HOUR not in granules
    ]
    if not ages_known and "age_known" not in hidden:
        said.append("in places the time since the last microwave pass")
    return ", ".join(said)


def on_grid(maps: dict[str, tuple[np.ndarray, str, str]], grid: Grid) -> xr.Dataset:
    """Maps on a grid as a CF dataset."""
    lon, lat = grid.lonlat
    coords = {
        "lat": (("y", "x"), lat, {"units": "degrees_north", "standard_name": "latitude"}),
        "lon": (("y", "x"), lon, {"units": "degrees_east", "standard_name": "longitude"}),
    }
    variables: dict = {
        name: (
            ("y", "x"),
            np.float32(values),
            {"units": unit, "long_name": text, "grid_mapping": "crs"},
        )
        for name, (values, unit, text) in maps.items()
    }
    attrs = {"Conventions": "CF-1.11", "grid": grid.to_json()}
    return xr.Dataset(variables | grid.cf, coords, attrs)
