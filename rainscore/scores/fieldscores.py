"""Scores of two rain fields in memory: arrays or xarray objects, along any dimensions."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from rainscore.errors import RainscoreError
from rainscore.scores import categorical, continuous
from rainscore.scores.categorical import Contingency
from rainscore.scores.continuous import Moments
from rainscore.scores.localscore import WindowMeans, amount_factor, place_factor, score_parts
from rainscore.scores.sums import ratio

Field = xr.DataArray | ArrayLike
"""Rain rates [mm/h], NaN where missing."""

Dim = Hashable | Sequence[Hashable] | None
"""Names of dimensions (xarray) or numbers of axes (arrays); None for all."""


class Measure(NamedTuple):
    """Attributes of a score.

    Attributes:
        long_name: Definition; f is the estimate and o the reference.
        units: Unit.
    """

    long_name: str
    units: str = "1"


MEASURES = {
    "affinity": Measure("affinity of rain amounts, 2 Σ√(f·o) / Σ(f + o)"),
    "amount_factor": Measure("amount factor of the affinity, 2 √(F·O) / (F + O), totals F and O"),
    "place_factor": Measure("place factor of the affinity, Σ√(f·o) / √(F·O)"),
    "relative_bias": Measure("relative bias, Σf / Σo − 1"),
    "mean_error": Measure("mean error, f − o", "mm h-1"),
    "mae": Measure("mean absolute error", "mm h-1"),
    "rmse": Measure("root-mean-square error", "mm h-1"),
    "cc": Measure("linear correlation"),
    "kge": Measure("Kling–Gupta efficiency"),
    "pod": Measure("probability of detection"),
    "far": Measure("false-alarm ratio"),
    "csi": Measure("critical success index"),
    "ets": Measure("equitable threat score"),
    "hss": Measure("Heidke skill score"),
    "n": Measure("number of pixels where both are valid"),
}
"""Scores of `compare`."""


def compare(
    estimate: Field, reference: Field, *, dim: Dim = None, threshold: float = 0.2
) -> xr.Dataset:
    """Scores of an estimate of rain against a reference.

    Args:
        estimate: Rain rates [mm/h], any dims, NaN where missing.
        reference: Rain rates [mm/h] on the same dims and coordinates, NaN where missing.
        dim: Dimensions to compare over; None for all.
        threshold: Rates at or above it are wet, for pod, far, csi, ets and hss [mm/h].

    Returns:
        One variable per score (`MEASURES`), on the dimensions that remain. Only pixels where both
        fields are valid count. A score is NaN where its formula divides by zero.

    Raises:
        RainscoreError: The fields have other shapes, coordinates or units than each other.

    >>> scores = compare([0.0, 1.0, 4.0], [0.0, 4.0, 1.0])
    >>> float(scores.affinity), float(scores.csi)
    (0.8, 1.0)
    """
    f, o = _pair(estimate, reference)
    dims = _dims(f, dim)
    rates = f.fillna(0), o.fillna(0)
    wet_f, wet_o = ((rate >= threshold) & f.notnull() for rate in rates)

    def total(field: xr.DataArray) -> xr.DataArray:
        return field.astype(np.float64).sum(dims)

    amounts = _amounts(*rates, total)
    moments = _moments(f, *rates, total)
    counts = _counts(f, wet_f, wet_o, total)
    remaining = total(f.notnull())
    values = {
        "affinity": 1 - ratio(*score_parts("affinity", amounts)),
        "amount_factor": amount_factor(amounts),
        "place_factor": place_factor(amounts),
        "n": moments.n,
    }
    for name in MEASURES.keys() - values.keys():
        module, sums = (continuous, moments) if hasattr(continuous, name) else (categorical, counts)
        values[name] = getattr(module, name)(sums)
    attrs = {"wet_threshold": f"{threshold:g} mm h-1"}
    return xr.Dataset(
        {
            name: (remaining.dims, values[name], measure._asdict())
            for name, measure in MEASURES.items()
        },
        remaining.coords,
        attrs,
    )


def _pair(estimate: Field, reference: Field) -> tuple[xr.DataArray, xr.DataArray]:
    """Both fields as float64, NaN where either is missing."""
    f, o = (
        field if isinstance(field, xr.DataArray) else xr.DataArray(np.asarray(field, np.float64))
        for field in (estimate, reference)
    )
    if f.sizes != o.sizes:
        raise RainscoreError(
            f"the estimate has the dims {dict(f.sizes)}, the reference {dict(o.sizes)}: bring both "
            "onto one grid"
        )
    units = [str(field.attrs.get("units", "")) for field in (f, o)]
    if all(units) and units[0] != units[1]:
        raise RainscoreError(f"the estimate is in {units[0]}, the reference in {units[1]}")
    try:
        f, o = xr.align(f, o, join="exact")
    except ValueError as error:
        raise RainscoreError(
            "estimate and reference have different coordinates: bring both onto one grid"
        ) from error
    valid = np.isfinite(f) & np.isfinite(o)
    return f.astype(np.float64).where(valid), o.astype(np.float64).where(valid)


def _dims(field: xr.DataArray, dim: Dim) -> list[Hashable]:
    """Names of the dimensions to compare over."""
    if dim is None:
        return list(field.dims)
    given = [dim] if isinstance(dim, str) or not isinstance(dim, Sequence) else list(dim)
    names = [field.dims[one] if isinstance(one, int) else one for one in given]
    if unknown := [str(name) for name in names if name not in field.dims]:
        raise RainscoreError(
            f"the fields have no dimension {', '.join(unknown)}: they have "
            f"{', '.join(map(str, field.dims))}"
        )
    return names


def _amounts(f: xr.DataArray, o: xr.DataArray, total) -> WindowMeans:
    """Sums of rain that the affinity and its factors are computed from."""
    hit = np.minimum(f, o)
    sums = [total(x).values for x in (hit, o - hit, f - hit, np.sqrt(f * o))]
    return WindowMeans(*sums, *[np.nan] * 4)


def _moments(valid: xr.DataArray, f: xr.DataArray, o: xr.DataArray, total) -> Moments:
    fields = (valid.notnull(), f, o, f * f, o * o, f * o, abs(f - o))
    return Moments(*(total(field).values for field in fields))


def _counts(valid: xr.DataArray, f: xr.DataArray, o: xr.DataArray, total) -> Contingency:
    fields = (f & o, o & ~f, f & ~o, valid.notnull() & ~f & ~o)
    return Contingency(*(total(field).values for field in fields))
