"""Score maps of a month, and the table of its maps with one row per map."""

import json
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse
import xarray as xr

from rainscore.grids import Grid
from rainscore.imerg.passes import pass_ages
from rainscore.regridding.conservative import Weights, overlap_weights
from rainscore.scores.categorical import contingency_sums, csi, far, hss, pod
from rainscore.scores.cellwindows import CellWindows
from rainscore.scores.continuous import cc, moment_sums, relative_bias
from rainscore.scores.localscore import (
    LOCAL_SCORES,
    ScoreParts,
    amount_factor,
    local_score,
    place_factor,
    score_parts,
    score_sums,
    total_score,
    window_means,
)
from rainscore.scores.sal import sal
from rainscore.scores.sums import ratio

SHARE_TOLERANCE = 1e-6
"""Relative tolerance of shares, so that rounding excludes no cell at the limit."""

MAPS_PER_CHUNK = 8
"""Number of half-hours of the study grid that are held in memory at a time."""


@dataclass(frozen=True)
class ScoreSettings:
    """Settings of the local score.

    Attributes:
        name: Name of the local score, a key of `LOCAL_SCORES`.
        wet_threshold_mm_h: Wet threshold [mm/h]; a rate equal to it is wet.
        window_km: Side of the square of the same effective area as the smooth windows [km].
        min_valid_share: Minimum share (0 to 1) of a cell, and of a window, that must be valid.
        learning_step_km: Pixel size of the learning grid, on which the score maps are [km].
    """

    name: str
    wet_threshold_mm_h: float
    window_km: float
    min_valid_share: float
    learning_step_km: float

    def learning_grid(self, study: Grid) -> Grid:
        """Learning grid of a study grid."""
        return study.coarsen(round(self.learning_step_km / (abs(study.dx) / 1000)))

    def windows(self, cells: Grid, learning: Grid) -> CellWindows:
        """Windows over the cells that the learning grid covers enough, centred on its pixels."""
        domain = np.ones((1, *learning.shape), np.float32)
        _, share = overlap_weights(learning, cells).apply(domain, min_valid=0)
        windows = CellWindows.between(cells, learning, window_km=self.window_km)
        return windows.within(share[0] >= self.min_valid_share * (1 - SHARE_TOLERANCE))

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
    pair: xr.Dataset,
    to_cells: Weights,
    settings: ScoreSettings,
    regimes: pd.DataFrame | None = None,
) -> tuple[xr.Dataset, pd.DataFrame]:
    """Compute the score maps on the learning grid, and the table of additive sums and scores.

    Both products are compared on IMERG's cells; a cell of the radar counts where enough of it is
    valid, its pixels weighted by their share of valid frames.

    Args:
        pair: Pairs of a month as they are compared (`hourly.compared`), lazy or not; NaN where
            missing.
        to_cells: Regridding weights from the study grid to IMERG's cells.
        settings: Settings of the score.
        regimes: True weather regime of each half-hour (time, regime) of a simulated world.

    Returns:
        Score dataset and score table (docs/contracts.md). A map without IMERG or without radar has
        a row in the table, in which all scores are missing.
    """
    learning = settings.learning_grid(to_cells.source)
    windows = settings.windows(to_cells.target, learning)
    attributes = _attributes(settings.name)
    shape = pair.sizes["time"], *learning.shape
    maps, tables = {name: np.empty(shape, np.float32) for name in attributes}, []
    rates = pair[["precipitation", "radar", "radar_valid"]]
    for start in range(0, pair.sizes["time"], MAPS_PER_CHUNK):
        span = slice(start, start + MAPS_PER_CHUNK)
        cells = cell_rates(rates.isel(time=span).load(), to_cells, settings)
        fields = score_fields(cells, windows, settings)
        for name, values in maps.items():
            values[span] = fields[name]
        tables.append(_map_table(cells, fields, settings))
    variables = {
        name: (("time", "y", "x"), values, attributes[name]) for name, values in maps.items()
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


class CellRates(NamedTuple):
    """Rates on IMERG's cells, dims (time, lat, lon) [mm/h], NaN missing.

    Attributes:
        imerg: IMERG.
        radar: Mean of the radar over the cell.
        radar_root: Mean over the cell of the square roots of the radar's rates [(mm/h)^½].
    """

    imerg: np.ndarray
    radar: np.ndarray
    radar_root: np.ndarray


def cell_rates(pair: xr.Dataset, to_cells: Weights, settings: ScoreSettings) -> CellRates:
    """Bring the radar of some pairs onto IMERG's cells.

    Args:
        pair: Half-hours of a pair file, in memory.
        to_cells: Regridding weights from the study grid to the cells.
        settings: Settings of the score.
    """
    radar, frames = pair["radar"].values, pair["radar_valid"].values
    min_valid = settings.min_valid_share
    weight = np.where(np.isfinite(radar), frames, np.nan).astype(np.float32)
    share, _ = to_cells.apply(weight, min_valid=min_valid)

    def mean(field: np.ndarray) -> np.ndarray:
        return ratio(to_cells.apply(field * weight, min_valid=min_valid)[0], share)

    means = (mean(field).astype(np.float32) for field in (radar, np.sqrt(radar)))
    return CellRates(pair["precipitation"].values, *means)


def score_fields(
    cells: CellRates, windows: CellWindows, settings: ScoreSettings
) -> dict[str, np.ndarray]:
    """Fields of the score dataset by name, dims (time, y, x); NaN where too little is valid."""
    means = window_means(
        cells.imerg, cells.radar, windows, wet_threshold=settings.wet_threshold_mm_h
    )
    parts = score_parts(settings.name, means)
    area = means.valid
    fields = {
        **parts._asdict(),
        "imerg_fraction": ratio(means.imerg_wet, area),
        "radar_fraction": ratio(means.radar_wet, area),
        "score": local_score(parts),
        "amount_factor": amount_factor(means),
        "place_factor": place_factor(means),
        "hit_rain": ratio(means.hit, area),
        "missed_rain": ratio(means.missed, area),
        "false_rain": ratio(means.false, area),
        "subcell_score": local_score(_subcell_parts(cells, means.radar_wet > 0, windows)),
    }
    # At the edge of the cells a window is smaller: the share refers to what lies inside.
    valid = area / windows.inside
    enough = valid >= settings.min_valid_share
    fields = {name: np.where(enough, values, np.nan) for name, values in fields.items()}
    return {**fields, "valid_fraction": np.minimum(valid, 1)}


def imerg_masks(
    imerg: np.ndarray, windows: CellWindows, settings: ScoreSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Where a score can be predicted from IMERG alone.

    Args:
        imerg: Rates on IMERG's cells [mm/h], dims (time, lat, lon), NaN missing.
        windows: Windows over these cells.
        settings: Settings of the score.

    Returns:
        Whether IMERG is wet in the window, and whether enough of the window is valid; dims
        (time, y, x).
    """
    valid = np.isfinite(imerg)
    wet = valid & (imerg >= np.float32(settings.wet_threshold_mm_h))
    enough = windows.means(valid) >= settings.min_valid_share * windows.inside
    return enough & (windows.means(wet) > 0), enough


def _subcell_parts(cells: CellRates, wet: np.ndarray, windows: CellWindows) -> ScoreParts:
    """Parts of the affinity of an estimate without error at 0.1° with the radar's own pixels.

    The estimate is the mean of the cell, m; Σ√(f·o) over the pixels of a cell is √m · mean √o.
    Windows that are not `wet` have zeros.
    """
    rate, root = (np.nan_to_num(field) for field in (cells.radar, cells.radar_root))
    overlap = windows.means(np.sqrt(rate) * root)
    total = np.where(wet, 2 * windows.means(rate), 0)
    return ScoreParts(np.maximum(total - 2 * overlap, 0), total)


def _attributes(score: str) -> dict[str, dict[str, str]]:
    """Attributes of the fields of the score dataset."""
    unit = "mm h-1" if score in ("affinity", "amount") else "1"
    texts = {
        "numerator": ("numerator of the score, weighted by the valid share", unit),
        "denominator": ("denominator of the score, weighted by the valid share", unit),
        "imerg_fraction": ("share of the window where IMERG is wet", "1"),
        "radar_fraction": ("share of the window where the radar is wet", "1"),
        "valid_fraction": ("share of the window that is valid", "1"),
        "score": (f"local score: {LOCAL_SCORES[score]}", "1"),
        "amount_factor": ("amount factor of the affinity", "1"),
        "place_factor": ("place factor of the affinity", "1"),
        "hit_rain": ("rain of both products, mean of min(IMERG, radar)", "mm h-1"),
        "missed_rain": ("rain of the radar that IMERG lacks", "mm h-1"),
        "false_rain": ("rain of IMERG that the radar lacks", "mm h-1"),
        "subcell_score": ("affinity of the cells' means of the radar with its own pixels", "1"),
    }
    return {
        name: {"units": unit, "long_name": text, "grid_mapping": "crs"}
        for name, (text, unit) in texts.items()
    }


def _map_table(
    cells: CellRates, fields: dict[str, np.ndarray], settings: ScoreSettings
) -> pd.DataFrame:
    """Additive sums and scores of each map on IMERG's cells, one row per map."""
    imerg, radar = cells.imerg, cells.radar
    moments = moment_sums(imerg, radar)
    counts = contingency_sums(imerg, radar, settings.wet_threshold_mm_h)
    windows = score_sums(ScoreParts(fields["numerator"], fields["denominator"]))
    structure, amplitude, location = sal(imerg, radar)
    scores = {
        "map_score": total_score(windows),
        "cc": cc(moments),
        "bias": relative_bias(moments),
        "pod": pod(counts),
        "far": far(counts),
        "csi": csi(counts),
        "hss": hss(counts),
        "sal_structure": structure,
        "sal_amplitude": amplitude,
        "sal_location": location,
        **_map_factors(imerg, radar, settings),
    }
    wet = {"imerg_wet_windows": (fields["imerg_fraction"] > 0).sum(axis=(1, 2))}
    parts = (moments._asdict(), counts._asdict(), windows._asdict(), wet, scores)
    return pd.DataFrame({name: values for part in parts for name, values in part.items()})


def _map_factors(
    imerg: np.ndarray, radar: np.ndarray, settings: ScoreSettings
) -> dict[str, np.ndarray]:
    """Factors of the affinity, and mean hit, missed and false rain [mm/h], of each whole map."""
    whole = CellWindows(
        scipy.sparse.csr_array(np.full((1, imerg[0].size), 1 / imerg[0].size)), (1, 1)
    )
    means = window_means(imerg, radar, whole, wet_threshold=settings.wet_threshold_mm_h)
    return {
        "amount_factor": amount_factor(means).ravel(),
        "place_factor": place_factor(means).ravel(),
        "hit_rain": ratio(means.hit, means.valid).ravel(),
        "missed_rain": ratio(means.missed, means.valid).ravel(),
        "false_rain": ratio(means.false, means.valid).ravel(),
    }


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
