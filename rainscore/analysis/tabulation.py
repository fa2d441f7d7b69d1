"""Additive sums of a month by condition and by place: what every table of skill is made of."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.analysis.cells import CellMonth
from rainscore.analysis.conditions import UNKNOWN, class_names
from rainscore.grids import Grid
from rainscore.io import MAPS_PER_CHUNK
from rainscore.regridding.conservative import nearest
from rainscore.scores.categorical import Contingency
from rainscore.scores.continuous import Moments
from rainscore.scores.sums import additive

CELL_SUMS = (*Moments._fields, *Contingency._fields)


SCORE_SUMS = (
    "score_numerator",
    "score_denominator",
    "fss_numerator",
    "fss_denominator",
    "windows",
)


SUMS = (*CELL_SUMS, *SCORE_SUMS)


CODES = UNKNOWN + 1


COUNTS = ("n", *Contingency._fields, "windows")


def condition_sums(month: CellMonth, scores: xr.Dataset, *, threshold: float) -> pd.DataFrame:
    """Sums of each map over the cells, and over the windows, of each combination of conditions.

    A cell counts where both products are valid. A window counts where its score is defined, with
    the conditions of the cell that holds its centre.

    Args:
        month: Rates and conditions on the cells.
        scores: The month's score maps (docs/contracts.md), of the same half-hours.
        threshold: A cell at or above it is wet [mm/h].

    Returns:
        One row for each half-hour and combination that occurs: time, the names of `CONDITIONS`,
        and `SUMS`, which add.
    """
    pick = nearest(month.cells, Grid.from_json(scores.attrs["grid"])).ravel()
    tables = []
    for start in range(0, month.times.size, MAPS_PER_CHUNK):
        part = slice(start, start + MAPS_PER_CHUNK)
        code = month.code[part].reshape(len(month.code[part]), -1)
        first = np.arange(len(code))[:, None] * CODES  # a key tells the map and the code
        at_windows = np.where(pick >= 0, code[:, pick], UNKNOWN)
        terms = _cell_terms(month.imerg[part], month.radar[part], threshold)
        of_cells = _sum_by(first + code, terms["n"] > 0, terms)
        of_windows = _sum_by(first + at_windows, *_window_terms(scores.isel(time=part)))
        sums = of_cells.join(of_windows, how="outer").fillna(0.0)
        tables.append(sums.set_index(sums.index + start * CODES))
    table = pd.concat(tables)
    place, code = np.divmod(table.index.to_numpy(), CODES)
    table = table.astype(dict.fromkeys(COUNTS, np.int32))
    keys = {"time": month.times[place], **class_names(code)}
    return pd.DataFrame(keys).join(table.reset_index(drop=True))


def place_sums(month: CellMonth, scores: xr.Dataset, *, threshold: float) -> xr.Dataset:
    """Sums over the month at each cell and at each window, for maps of the mean skill.

    Args:
        month, scores, threshold: As in `condition_sums`.

    Returns:
        `CELL_SUMS` (lat, lon), `SCORE_SUMS` (y, x) and `maps`, the half-hours that both products
        have; attrs `grid`, `cells` (JSON), `first` and `last` half-hour, and `months`.
    """
    sums = {name: np.zeros(month.cells.shape) for name in CELL_SUMS}
    of_windows = {name: np.zeros(scores["score"].shape[1:]) for name in SCORE_SUMS}
    for start in range(0, month.times.size, MAPS_PER_CHUNK):
        part = slice(start, start + MAPS_PER_CHUNK)
        for name, term in _cell_terms(month.imerg[part], month.radar[part], threshold).items():
            sums[name] += additive(term.sum(axis=0))
        known, terms = _window_terms(scores.isel(time=part))
        for name, term in terms.items():
            of_windows[name] += additive(np.where(known, term, 0).sum(axis=0))
    both = np.isfinite(month.imerg) & np.isfinite(month.radar)
    unit = scores["numerator"].attrs["units"]
    learning = Grid.from_json(scores.attrs["grid"])
    return xr.Dataset(
        {
            **{name: (("lat", "lon"), values, _sum_of(name)) for name, values in sums.items()},
            **{
                name: (("y", "x"), values, _sum_of(name, unit) | {"grid_mapping": "crs"})
                for name, values in of_windows.items()
            },
            "maps": ((), int(both.any(axis=(1, 2)).sum()), _sum_of("maps")),
            "lat": ("lat", month.cells.y, {"units": "degrees_north", "standard_name": "latitude"}),
            "lon": ("lon", month.cells.x, {"units": "degrees_east", "standard_name": "longitude"}),
            **learning.cf,
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


def _sum_of(name: str, unit: str = "mm h-1") -> dict[str, str]:
    """Unit and meaning of a sum over time; `unit`: of what is neither a count nor a square."""
    if name in (*COUNTS, "maps") or name.startswith("fss"):
        unit = "1"
    elif name in ("sum_imerg2", "sum_radar2", "sum_product"):
        unit = "mm2 h-2"
    return {"units": unit, "long_name": f"{name.replace('_', ' ')}, over the half-hours"}


def add_places(months: Sequence[xr.Dataset]) -> xr.Dataset:
    """Total of `place_sums` of several months."""
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
    """What each cell adds to `CELL_SUMS`, float64, 0 where a product is missing."""
    both = np.isfinite(imerg) & np.isfinite(radar)
    a, b = (np.where(both, rate, 0) for rate in (imerg, radar))
    wet_a, wet_b = (both & (rate >= np.float32(threshold)) for rate in (a, b))
    a, b = a.astype(np.float64), b.astype(np.float64)
    moments = Moments(both, a, b, a * a, b * b, a * b, np.abs(a - b))
    counts = Contingency(wet_a & wet_b, ~wet_a & wet_b, wet_a & ~wet_b, both & ~wet_a & ~wet_b)
    terms = {**moments._asdict(), **counts._asdict()}
    return {name: values.astype(np.float64) for name, values in terms.items()}


def _window_terms(scores: xr.Dataset) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Where the score is defined, and what each window adds to `SCORE_SUMS`."""
    known = np.isfinite(scores["score"].values)
    names = ("numerator", "denominator", "imerg_fraction", "radar_fraction")
    above, below, f, o = (scores[name].values.astype(np.float64) for name in names)
    terms = (above, below, (f - o) ** 2, f**2 + o**2, known.astype(np.float64))
    return known, dict(zip(SCORE_SUMS, terms, strict=True))


def _sum_by(key: np.ndarray, where: np.ndarray, terms: dict[str, np.ndarray]) -> pd.DataFrame:
    """Sums of the terms by their key, over the places where `where` holds; indexed by key."""
    where = where.reshape(key.shape)
    key = key[where]
    found = np.flatnonzero(np.bincount(key))
    sums = {
        name: additive(np.bincount(key, term.reshape(where.shape)[where])[found])
        for name, term in terms.items()
    }
    return pd.DataFrame(sums, index=found)
