"""Sizes and durations of downloads, in words."""

import pandas as pd

_SIZES = {"TB": 1e12, "GB": 1e9, "MB": 1e6, "kB": 1e3}
_ROUNDED_UP = 0.9995
"""Share of a unit that three digits round to 1."""


def size_text(size: float) -> str:
    """Size in the unit in which it is a short number.

    >>> [size_text(size) for size in (0, 2_340, 88_120_000, 9.6e9, 277e9)]
    ['0 kB', '2.34 kB', '88.1 MB', '9.6 GB', '277 GB']
    """
    fitting = (item for item in _SIZES.items() if size >= _ROUNDED_UP * item[1])
    unit, factor = next(fitting, ("kB", 1e3))
    return f"{size / factor:.3g} {unit}"


def duration_text(seconds: float) -> str:
    """Duration in the unit in which it is a short number.

    >>> [duration_text(seconds) for seconds in (2, 150, 4_000, 35_000, 300_000)]
    ['less than a minute', '3 min', '1.1 h', '9.7 h', '3.5 days']
    """
    if seconds < 60:
        return "less than a minute"
    if seconds < 3600:
        return f"{min(-(-seconds // 60), 59):.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} days"


def files_size(manifest: pd.DataFrame) -> int:
    """Size of the files of a manifest [bytes]; a file may hold several maps."""
    return int(manifest.drop_duplicates("file")["size"].sum())
