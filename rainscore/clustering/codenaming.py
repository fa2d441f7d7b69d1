"""Names of codes in words, made by a rule from the mean properties of their windows."""

import numpy as np
import pandas as pd

RAIN = (
    (0.05, "edge of rain"),
    (0.3, "drizzle"),
    (1.0, "light rain"),
    (3.0, "moderate rain"),
    (np.inf, "heavy rain"),
)
"""Upper limits of the mean rain at the pixel [mm/h]."""

EXTENT = ((0.35, "isolated"), (0.75, "broken"), (np.inf, "continuous"))
"""Upper limits of the mean share of the window where IMERG is wet [1]."""

MIN_SHARE = 0.5
"""Minimum share of the windows of a code for a source to be named [1]."""

MICROWAVE = ["imager", "SSMIS", "sounder"]


def name_codes(table: pd.DataFrame) -> list[str]:
    """Give each code, and each family, a distinct name.

    A name consists of the extent of the rain in the window, its strength at the pixel, and the
    source of the estimate with its age. Equal names get the mean score of the code appended; if
    they are still equal, its number.

    Args:
        table: Means of `atlas.describe_codes`: level, number, rain, imerg_fraction, age_h, mean and
            the shares of the sources.
    """
    base = [_situation(row) for _, row in table.iterrows()]
    scored = [f"{name}, score {mean:.2f}" for name, mean in zip(base, table["mean"], strict=True)]
    numbered = [
        f"{name}, number {number}" for name, number in zip(scored, table["number"], strict=True)
    ]
    names = pd.DataFrame({"level": table["level"].to_numpy(), "name": base})
    for longer in (scored, numbered):
        repeated = names.duplicated(keep=False)
        names["name"] = np.where(repeated, longer, names["name"])
    return names["name"].tolist()


def _situation(row: pd.Series) -> str:
    if not row["windows"] > 0:
        return "not observed"
    extent, strength = _word(row["imerg_fraction"], EXTENT), _word(row["rain"], RAIN)
    return f"{extent} {strength}, {_source(row)}"


def _source(row: pd.Series) -> str:
    """Source that most windows of a code have, such as 'morphed for 1.5 h'."""
    if row[MICROWAVE].sum() >= MIN_SHARE:
        name = str(row[MICROWAVE].astype(float).idxmax())
        return f"seen by {name if row[name] >= MIN_SHARE else 'microwave'}"
    if row["infrared"] >= MIN_SHARE:
        return "infrared"
    if row["morphed"] >= MIN_SHARE and np.isfinite(row["age_h"]):
        return f"morphed for {row['age_h']:.1f} h"
    return "mixed sources"


def _word(value: float, limits: tuple[tuple[float, str], ...]) -> str:
    return next((word for limit, word in limits if value < limit), limits[-1][1])
