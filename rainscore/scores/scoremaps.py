"""Score maps of a month, and the table of its maps with one row per map."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.grids import Grid
from rainscore.imerg.passes import pass_ages
from rainscore.io import MAPS_PER_CHUNK
from rainscore.scores.categorical import contingency_sums, csi, far, pod
from rainscore.scores.continuous import cc, moment_sums, relative_bias
from rainscore.scores.localscore import (
    LOCAL_SCORES,
    WindowErrors,
    local_score,
    score_sums,
    total_score,
    window_errors,
)
from rainscore.scores.sal import sal
from rainscore.scores.sums import ratio


@dataclass(frozen=True)
class ScoreSettings:
    """Settings of the local score.

    Attributes:
        name: Name of the local score, a key of `LOCAL_SCORES`.
        wet_threshold_mm_h: Wet threshold [mm/h]; a rate equal to it is wet.
        window_km: Side of the square windows [km].
        min_valid_share: Minimum share (0 to 1) of valid pixels of a window.
        learning_step_km: Pixel size of the learning grid, on which the score maps are [km].
    """

    name: str
    wet_threshold_mm_h: float
    window_km: float
    min_valid_share: float
    learning_step_km: float

    def pixels(self, grid: Grid) -> tuple[int, int]:
        """Side of the windows, and of the pixels of the learning grid, in pixels of `grid`."""
        step_km = abs(grid.dx) / 1000
        return round(self.window_km / step_km), round(self.learning_step_km / step_km)

    def as_dict(self) -> dict[str, str | float]:
        """Convert to a dict of plain values, for JSON and attributes."""
        return asdict(self)

    def to_json(self) -> str:
        """Convert to JSON text, such as the attribute `score` of a file of score maps."""
        return json.dumps(self.as_dict())

    @classmethod
    def from_json(cls, text: str) -> "ScoreSettings":
        """Read the text of `to_json`."""
        return cls(**json.loads(text))


def score_month(
    pair: xr.Dataset, settings: ScoreSettings, regimes: pd.DataFrame | None = None
) -> tuple[xr.Dataset, pd.DataFrame]:
    """Compute the score maps on the learning grid, and the table of additive sums and scores.

    Args:
        pair: Pair file of a month (docs/contracts.md), lazy or not; NaN where missing.
        settings: Settings of the score.
        regimes: True weather regime of each half-hour (time, regime) of a simulated world.

    Returns:
        Score dataset and score table (docs/contracts.md). A map without IMERG or without radar has
        a row in the table, in which all scores are missing.
    """
    grid = Grid.from_json(pair.attrs["grid"])
    learning = grid.coarsen(settings.pixels(grid)[1])
    maps, tables = [], []
    for imerg, radar, errors in _chunks(pair, settings, grid):
        score = local_score(errors.numerator, errors.denominator)
        maps.append([np.float32(values) for values in (*errors, score)])
        tables.append(_map_table(imerg, radar, errors, settings.wet_threshold_mm_h))
    variables = {
        name: (("time", "y", "x"), np.concatenate(values), attrs)
        for (name, attrs), values in zip(
            _attributes(settings.name).items(), zip(*maps, strict=True), strict=True
        )
    }
    attrs = {
        "title": "Score maps of IMERG against the radar",
        "Conventions": "CF-1.11",
        "grid": learning.to_json(),
        "score": settings.to_json(),
    }
    table = pd.concat(tables, ignore_index=True)
    table.insert(0, "time", pair["time"].values)
    table = table.join(_conditions(pair))
    table["regime"] = _regime_of(table["time"], regimes)
    return xr.Dataset(variables | learning.cf, {"time": pair["time"]}, attrs), table


def _chunks(
    pair: xr.Dataset, settings: ScoreSettings, grid: Grid
) -> Iterator[tuple[np.ndarray, np.ndarray, WindowErrors]]:
    """Yield the rates of both products (time, y, x) and the parts of the score, chunk by chunk."""
    window, stride = settings.pixels(grid)
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
        yield imerg, radar, errors


def _attributes(score: str) -> dict[str, dict[str, str]]:
    """Attributes of the fields of `WindowErrors` and of the score, in that order."""
    unit = "mm h-1" if score == "amount" else "1"
    texts = {
        "numerator": ("numerator of the score", unit),
        "denominator": ("denominator of the score", unit),
        "imerg_fraction": ("share of the window where IMERG is wet", "1"),
        "radar_fraction": ("share of the window where the radar is wet", "1"),
        "valid_fraction": ("share of the window's pixels that are valid", "1"),
        "score": (f"local score: {LOCAL_SCORES[score]}", "1"),
    }
    return {
        name: {"units": unit, "long_name": text, "grid_mapping": "crs"}
        for name, (text, unit) in texts.items()
    }


def _map_table(
    imerg: np.ndarray, radar: np.ndarray, errors: WindowErrors, threshold: float
) -> pd.DataFrame:
    """Additive sums and scores of each map, one row per map."""
    moments = moment_sums(imerg, radar)
    counts = contingency_sums(imerg, radar, threshold)
    windows = score_sums(errors.numerator, errors.denominator)
    structure, amplitude, location = sal(imerg, radar)
    scores = {
        "map_score": total_score(windows),
        "cc": cc(moments),
        "bias": relative_bias(moments),
        "pod": pod(counts),
        "far": far(counts),
        "csi": csi(counts),
        "sal_structure": structure,
        "sal_amplitude": amplitude,
        "sal_location": location,
    }
    wet = {"imerg_wet_windows": (errors.imerg_fraction > 0).sum(axis=(1, 2))}
    parts = (moments._asdict(), counts._asdict(), windows._asdict(), wet, scores)
    return pd.DataFrame({name: values for part in parts for name, values in part.items()})


def _conditions(pair: xr.Dataset) -> pd.DataFrame:
    """Shares of the sources over the cells, mean age of the last microwave pass, and states."""
    source = pair["mw_source"].values
    present = pair["imerg_state"].values == 0
    cells = np.isfinite(source).sum(axis=(1, 2))
    age_h = pass_ages(source, present, pair["time"].values)[0].reshape(source.shape[0], -1)
    infrared = np.nansum(pair["ir_influence"].values, axis=(1, 2)) / 100
    return pd.DataFrame(
        {
            "share_microwave": ratio((np.nan_to_num(source) > 0).sum(axis=(1, 2)), cells),
            "share_infrared": ratio(infrared, cells),
            "mean_age_h": ratio(np.nansum(age_h, axis=1), np.isfinite(age_h).sum(axis=1)),
            "imerg_state": pair["imerg_state"].values,
            "radar_state": pair["radar_state"].values,
        }
    )


def _regime_of(times: pd.Series, regimes: pd.DataFrame | None) -> pd.Series:
    """Regime at each time; missing without `regimes` and at times that it does not have."""
    if regimes is None:
        return pd.Series(pd.NA, index=times.index, dtype="string")
    return times.map(regimes.set_index("time")["regime"]).astype("string")
