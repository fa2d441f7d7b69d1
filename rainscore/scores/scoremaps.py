"""Score maps of a month, and its table with one row a map."""

import json
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.grids import Grid
from rainscore.imerg.passes import pass_ages
from rainscore.io import MAPS_PER_CHUNK
from rainscore.scores.categorical import contingency_sums, csi, far, pod
from rainscore.scores.continuous import cc, moment_sums, relative_bias
from rainscore.scores.local import (
    LOCAL_SCORES,
    WindowErrors,
    local_score,
    score_sums,
    total_score,
    window_errors,
)
from rainscore.scores.sums import ratio


@dataclass(frozen=True)
class ScoreSettings:
    """How the score is taken.

    Attributes:
        name: A key of `LOCAL_SCORES`.
        wet_threshold_mm_h: A pixel at or above it is wet [mm/h].
        window_km: Side of the window [km].
        min_valid_share: Share of a window's pixels that must be valid.
        learning_step_km: Pixel of the learning grid [km].
    """

    name: str
    wet_threshold_mm_h: float
    window_km: float
    min_valid_share: float
    learning_step_km: float

    def pixels(self, grid: Grid) -> tuple[int, int]:
        """Window and stride in pixels of the study grid."""
        step = abs(grid.dx) / 1000
        return round(self.window_km / step), round(self.learning_step_km / step)


def score_month(
    pair: xr.Dataset, settings: ScoreSettings, regimes: pd.DataFrame | None = None
) -> tuple[xr.Dataset, pd.DataFrame]:
    """Score maps on the learning grid and additive sums of each map.

    Args:
        pair: A month's pair dataset (docs/contracts.md), lazy or not; NaN is missing.
        settings: How the score is taken.
        regimes: True regime of each half-hour (time, regime), where the world is simulated.

    Returns:
        The score dataset and the score table of docs/contracts.md. A map without IMERG or radar has
        all its scores missing and keeps its row.
    """
    grid = Grid.from_json(pair.attrs["grid"])
    window, stride = settings.pixels(grid)
    learning = grid.coarsen(stride)
    maps, tables = [], []
    for start in range(0, pair.sizes["time"], MAPS_PER_CHUNK):
        part = pair[["imerg", "radar"]].isel(time=slice(start, start + MAPS_PER_CHUNK)).load()
        imerg, radar = part["imerg"].values, part["radar"].values
        errors = window_errors(
            settings.name,
            imerg,
            radar,
            threshold=settings.wet_threshold_mm_h,
            window=window,
            stride=stride,
            min_valid=settings.min_valid_share,
        )
        score = local_score(errors.numerator, errors.denominator)
        maps.append([np.float32(values) for values in (*errors, score)])
        tables.append(_sums(imerg, radar, errors, settings.wet_threshold_mm_h))
    names = (*WindowErrors._fields, "score")
    variables = {
        name: (("time", "y", "x"), np.concatenate(values), attrs)
        for name, values, attrs in zip(
            names, zip(*maps, strict=True), _attributes(settings.name), strict=True
        )
    }
    attrs = {"grid": learning.to_json(), "score": json.dumps(asdict(settings))}
    table = pd.concat(tables, ignore_index=True)
    table.insert(0, "time", pair["time"].values)
    table = table.join(_conditions(pair))
    table["regime"] = _regime_of(table["time"], regimes)
    title = {"title": "Score maps of IMERG against the radar", "Conventions": "CF-1.11"}
    return xr.Dataset(variables | learning.cf, {"time": pair["time"]}, title | attrs), table


def _attributes(score: str) -> list[dict[str, str]]:
    """Unit and meaning of `WindowErrors` and of the score."""
    unit = "mm h-1" if score == "amount" else "1"
    texts = {
        "numerator of the score": unit,
        "denominator of the score": unit,
        "share of the window where IMERG is wet": "1",
        "share of the window where the radar is wet": "1",
        "share of the window's pixels that are valid": "1",
        f"local score: {LOCAL_SCORES[score]}": "1",
    }
    return [
        {"units": unit, "long_name": text, "grid_mapping": "crs"} for text, unit in texts.items()
    ]


def _sums(imerg, radar, errors: WindowErrors, threshold: float) -> pd.DataFrame:
    """Additive sums of each map and the scores that follow from them."""
    moments = moment_sums(imerg, radar)
    counts = contingency_sums(imerg, radar, threshold)
    windows = score_sums(errors.numerator, errors.denominator)
    scores = {
        "map_score": total_score(windows),
        "cc": cc(moments),
        "bias": relative_bias(moments),
        "pod": pod(counts),
        "far": far(counts),
        "csi": csi(counts),
    }
    wet = {"imerg_wet_windows": (errors.imerg_fraction > 0).sum(axis=(1, 2))}
    parts = (moments._asdict(), counts._asdict(), windows._asdict(), wet, scores)
    return pd.DataFrame({name: values for part in parts for name, values in part.items()})


def _conditions(pair: xr.Dataset) -> pd.DataFrame:
    """Shares of the sources over IMERG's cells, mean age of the last microwave pass, states."""
    source = pair["mw_source"].values
    present = pair["imerg_state"].values == 0
    known = np.isfinite(source).sum(axis=(1, 2))
    last = pass_ages(source, present, pair["time"].values)[0].reshape(source.shape[0], -1)
    aged = np.isfinite(last)
    infrared = np.nansum(pair["ir_influence"].values, axis=(1, 2)) / 100
    return pd.DataFrame(
        {
            "share_microwave": ratio((np.nan_to_num(source) > 0).sum(axis=(1, 2)), known),
            "share_infrared": ratio(infrared, known),
            "mean_age_h": ratio(np.nansum(last, axis=1), aged.sum(axis=1)),
            "imerg_state": pair["imerg_state"].values,
            "radar_state": pair["radar_state"].values,
        }
    )


def _regime_of(times: pd.Series, regimes: pd.DataFrame | None) -> pd.Series:
    if regimes is None:
        return pd.Series(pd.NA, index=times.index, dtype="string")
    known = regimes.set_index("time")["regime"]
    return times.map(known).astype("string")
