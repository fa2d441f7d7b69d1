"""Additive sums of a month by condition and by place, from which all tables of skill are made."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.analysis.cells import CellMonth
from rainscore.analysis.conditions import UNKNOWN_CODE, class_names
from rainscore.grids import Grid
from rainscore.io import MAPS_PER_CHUNK
from rainscore.regridding.conservative import nearest
from rainscore.scores.categorical import Contingency
from rainscore.scores.continuous import Moments
from rainscore.scores.sums import additive

CELL_SUMS = (*Moments._fields, *Contingency._fields)
"""Sums over cells where both products are valid."""


SCORE_SUMS = (
    "score_numerator",
    "score_denominator",
    "fss_numerator",
    "fss_denominator",
    "windows",
)
"""Sums over windows where the score is defined."""


SUMS = (*CELL_SUMS, *SCORE_SUMS)
"""All sums, in the order that `stratification.skill_measures` expects."""


COUNTS = ("n", *Contingency._fields, "windows")
"""Sums that are integers."""


CODES = UNKNOWN_CODE + 1
"""Number of codes of `condition_code`."""


LONG_NAMES = {
    "n": "number of half-hours where both products are valid",
    "sum_imerg": "sum of IMERG",
    "sum_radar": "sum of the radar",
    "sum_imerg2": "sum of squares of IMERG",
    "sum_radar2": "sum of squares of the radar",
    "sum_product": "sum of products of IMERG and the radar",
    "sum_abs_error": "sum of absolute differences of IMERG and the radar",
    "hits": "number of half-hours where both products are wet",
    "misses": "number of half-hours where only the radar is wet",
    "false_alarms": "number of half-hours where only IMERG is wet",
    "correct_negatives": "number of half-hours where both products are dry",
    "score_numerator": "sum of the numerators of the score",
    "score_denominator": "sum of the denominators of the score",
    "fss_numerator": "sum of the numerators of the fractions skill score",
    "fss_denominator": "sum of the denominators of the fractions skill score",
    "windows": "number of half-hours with a score",
    "maps": "number of half-hours with both products",
}


UNITS = {
    **dict.fromkeys((*COUNTS, "maps", "fss_numerator", "fss_denominator"), "1"),
    **dict.fromkeys(("sum_imerg2", "sum_radar2", "sum_product"), "mm2 h-2"),
    **dict.fromkeys(("sum_imerg", "sum_radar", "sum_abs_error"), "mm h-1"),
}
"""Units of the sums but those of the parts of the score, which depend on the score."""


def condition_sums(month: CellMonth, scores: xr.Dataset, *, threshold: float) -> pd.DataFrame:
    """Sum each map over the cells, and over the windows, of each combination of conditions.

    A cell counts if both products are valid. A window counts if its score is defined; it has the
    conditions of the cell that contains its centre.

    Args:
        month: Rates and conditions on the cells.
        scores: Score maps of the same half-hours (docs/contracts.md).
        threshold: Wet threshold [mm/h]; a rate equal to it is wet.

    Returns:
        One row per half-hour and combination that occurs: time, the names of `CONDITIONS`, and
        `SUMS`, which add.
    """
    cell_of_window = nearest(month.cells, Grid.from_json(scores.attrs["grid"])).ravel()
    tables = []
    for start in range(0, month.times.size, MAPS_PER_CHUNK):
        part = slice(start, start + MAPS_PER_CHUNK)
        code = month.code[part].reshape(len(month.code[part]), -1)
        # A key combines the index of the map and the code of the conditions.
        first_key = np.arange(len(code))[:, None] * CODES
        window_code = np.where(cell_of_window >= 0, code[:, cell_of_window], UNKNOWN_CODE)
        terms = _cell_terms(month.imerg[part], month.radar[part], threshold)
        cell_sums = _sum_by_key(first_key + code, terms["n"] > 0, terms)
        window_sums = _sum_by_key(first_key + window_code, *_window_terms(scores.isel(time=part)))
        sums = cell_sums.join(window_sums, how="outer").fillna(0.0)
        tables.append(sums.set_index(sums.index + start * CODES))
    table = pd.concat(tables)
    map_index, code = np.divmod(table.index.to_numpy(), CODES)
    table = table.astype(dict.fromkeys(COUNTS, np.int32))
    keys = {"time": month.times[map_index], **class_names(code)}
    return pd.DataFrame(keys).join(table.reset_index(drop=True))


def place_sums(month: CellMonth, scores: xr.Dataset, *, threshold: float) -> xr.Dataset:
    """Sum the month at each cell and at each window, for maps of the mean skill.

    Args:
        month, scores, threshold: As in `condition_sums`.

    Returns:
        `CELL_SUMS` (lat, lon), `SCORE_SUMS` (y, x) and `maps`, the number of half-hours with both
        products; attributes `grid`, `cells` (JSON), `first` and `last` half-hour, and `months`.
    """
    sums = {name: np.zeros(month.cells.shape) for name in CELL_SUMS}
    sums |= {name: np.zeros(scores["score"].shape[1:]) for name in SCORE_SUMS}
    for start in range(0, month.times.size, MAPS_PER_CHUNK):
        part = slice(start, start + MAPS_PER_CHUNK)
        for name, term in _cell_terms(month.imerg[part], month.radar[part], threshold).items():
            sums[name] += additive(term.sum(axis=0))
        defined, terms = _window_terms(scores.isel(time=part))
        for name, term in terms.items():
            sums[name] += additive(np.where(defined, term, 0).sum(axis=0))
    both = np.isfinite(month.imerg) & np.isfinite(month.radar)
    return _place_dataset(sums, int(both.any(axis=(1, 2)).sum()), month, scores)


def _place_dataset(
    sums: dict[str, np.ndarray], maps: int, month: CellMonth, scores: xr.Dataset
) -> xr.Dataset:
    """CF dataset of the sums of `place_sums`."""
    score_unit = scores["numerator"].attrs["units"]
    units = {**UNITS, "score_numerator": score_unit, "score_denominator": score_unit}
    attrs = {name: {"units": units[name], "long_name": LONG_NAMES[name]} for name in LONG_NAMES}
    lat = {"units": "degrees_north", "standard_name": "latitude"}
    lon = {"units": "degrees_east", "standard_name": "longitude"}
    return xr.Dataset(
        {
            **{name: (("lat", "lon"), sums[name], attrs[name]) for name in CELL_SUMS},
            **{
                name: (("y", "x"), sums[name], attrs[name] | {"grid_mapping": "crs"})
                for name in SCORE_SUMS
            },
            "maps": ((), maps, attrs["maps"]),
            "lat": ("lat", month.cells.y, lat),
            "lon": ("lon", month.cells.x, lon),
            **Grid.from_json(scores.attrs["grid"]).cf,
        },
        attrs={
            "Conventions": "CF-1.11",
            "title": "Sums of IMERG and the radar at each place",
            "grid": scores.attrs["grid"],
            "cells": month.cells.to_json(),
            "first": str(month.times[0]),
            "last": str(month.times[-1]),
            "months": 1,
        },
    )


def add_places(months: Sequence[xr.Dataset]) -> xr.Dataset:
    """Add the datasets of `place_sums` of several months."""
    with xr.set_options(keep_attrs=True):
        total = sum(months[1:], months[0])
    attrs = [month.attrs for month in months]
    span = {
        "first": min(a["first"] for a in attrs),
        "last": max(a["last"] for a in attrs),
        "months": len(months),
    }
    return total.assign_attrs({**attrs[0], **span})


def _cell_terms(imerg: np.ndarray, radar: np.ndarray, threshold: float) -> dict[str, np.ndarray]:
    """Contribution of each cell to `CELL_SUMS`, float64; 0 where a product is missing."""
    both = np.isfinite(imerg) & np.isfinite(radar)
    a, b = (np.where(both, rate, 0) for rate in (imerg, radar))
    wet_a, wet_b = (both & (rate >= np.float32(threshold)) for rate in (a, b))
    a, b = a.astype(np.float64), b.astype(np.float64)
    moments = Moments(both, a, b, a * a, b * b, a * b, np.abs(a - b))
    counts = Contingency(wet_a & wet_b, ~wet_a & wet_b, wet_a & ~wet_b, both & ~wet_a & ~wet_b)
    terms = {**moments._asdict(), **counts._asdict()}
    return {name: values.astype(np.float64) for name, values in terms.items()}


def _window_terms(scores: xr.Dataset) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Mask of the windows with a score, and contribution of each window to `SCORE_SUMS`."""
    defined = np.isfinite(scores["score"].values)
    names = ("numerator", "denominator", "imerg_fraction", "radar_fraction")
    numerator, denominator, f, o = (scores[name].values.astype(np.float64) for name in names)
    terms = (numerator, denominator, (f - o) ** 2, f**2 + o**2, defined.astype(np.float64))
    return defined, dict(zip(SCORE_SUMS, terms, strict=True))


def _sum_by_key(key: np.ndarray, mask: np.ndarray, terms: dict[str, np.ndarray]) -> pd.DataFrame:
    """Sums of the terms where `mask` is true, by key, with the key as index."""
    mask = mask.reshape(key.shape)
    key = key[mask]
    keys = np.flatnonzero(np.bincount(key))
    sums = {
        name: additive(np.bincount(key, term.reshape(mask.shape)[mask])[keys])
        for name, term in terms.items()
    }
    return pd.DataFrame(sums, index=keys)
