"""Numbers as text for the report and the figures."""

from collections.abc import Sequence
from math import floor, isfinite, log10

import numpy as np
import pandas as pd

MISSING = "–"
"""Text of a missing value."""


def interval(value: float, low: float, high: float, decimals: int | None = None) -> str:
    """Return a number with its interval.

    Args:
        value, low, high: The number and the ends of its interval.
        decimals: Number of decimals; None: as many as the width of the interval justifies.

    >>> interval(0.3141, 0.268, 0.359)
    '0.31 [0.27, 0.36]'
    """
    if not isfinite(value):
        return MISSING
    if not (isfinite(low) and isfinite(high)):
        return number(value)
    if decimals is None:
        decimals = justified_decimals(high - low)
    return " ".join(
        [_fixed(value, decimals), f"[{_fixed(low, decimals)}, {_fixed(high, decimals)}]"]
    )


def justified_decimals(width: float) -> int:
    """Number of decimals that an interval of some width justifies."""
    return min(max(0, -floor(log10(width / 5))), 4) if width > 0 else 2


def intervals(values: Sequence[float], lows: Sequence[float], highs: Sequence[float]) -> list[str]:
    """Return numbers with their intervals, all with the decimals of the median width.

    >>> intervals([0.31, 0.018], [0.27, 0.0071], [0.36, 0.0289])
    ['0.31 [0.27, 0.36]', '0.02 [0.01, 0.03]']
    """
    widths = np.asarray(highs, float) - np.asarray(lows, float)
    positive = widths[np.isfinite(widths) & (widths > 0)]
    decimals = justified_decimals(float(np.median(positive)) if positive.size else 0.0)
    return [interval(*row, decimals) for row in zip(values, lows, highs, strict=True)]


def number(value: float) -> str:
    """Return a number with three significant digits; integers are written in full.

    >>> number(0.031416), number(35088), number(float("nan"))
    ('0.0314', '35\u202f088', '–')
    """
    if not isfinite(value):
        return MISSING
    if value == round(value):
        return _fixed(value, 0)
    return _fixed(value, min(max(0, 2 - floor(log10(abs(value)))), 6))


def count(n: float) -> str:
    """Return a sample size, with thousands separated by a thin space: 35 088."""
    return _fixed(round(n), 0)


def cell(value: object) -> str:
    """Return the text of a table cell for a value of any type."""
    if value is None or value is pd.NA or value is pd.NaT:
        return MISSING
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, float, np.number)):
        return number(float(value))
    if isinstance(value, (pd.Timestamp, np.datetime64)):
        return pd.Timestamp(value).strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")
    return str(value)


def _fixed(value: float, decimals: int) -> str:
    """Return a number with fixed decimals, a minus sign and thin spaces between thousands."""
    text = f"{round(value, decimals) + 0.0:,.{decimals}f}"
    return text.replace(",", "\u202f").replace("-", "−")
