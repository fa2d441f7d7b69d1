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


MIN_RAIN = 0.005
"""Smallest mean rain whose logarithm is taken [mm/h]."""

TRAITS = {
    "position": (0.5, "beside the rain", "in the core of the rain"),
    "age": (0.3, "soon after a pass", "long after a pass"),
    "infrared": (0.03, "less infrared", "more infrared"),
    "microwave": (0.1, "rarely seen by microwave", "often seen by microwave"),
    "land": (0.1, "more at sea", "more on land"),
}
"""Traits that tell families apart: a difference that counts [unit of `_traits`], and the words for
less and for more of it than the mean family has."""

MIN_DEVIATION = 0.5
"""Smallest deviation from the mean family that is named [differences that count]."""


def name_codes(table: pd.DataFrame) -> list[str]:
    """Give each code, and each family, a distinct name.

    A name consists of the extent of the rain in the window and its strength at the pixel; for a
    code also of the source of the estimate with its age, for a family of what tells it most from
    the mean family (TRAITS). Equal names get the mean score appended; if they are still equal, the
    number.

    Args:
        table: Means of `atlas.describe_codes`: level, number, rain, imerg_fraction, hit_rain,
            false_rain, infrared_weight, land, age_h, mean and the shares of the sources.
    """
    base = np.array([_situation(row) for _, row in table.iterrows()], dtype=object)
    is_family = ((table["level"] == "family") & (table["windows"] > 0)).to_numpy()
    base[is_family] = _family_names(table[is_family])
    scored = [f"{name}, score {mean:.2f}" for name, mean in zip(base, table["mean"], strict=True)]
    numbered = [
        f"{name}, number {number}" for name, number in zip(scored, table["number"], strict=True)
    ]
    names = pd.DataFrame({"level": table["level"].to_numpy(), "name": base})
    for longer in (scored, numbered):
        repeated = names.duplicated(keep=False)
        names["name"] = np.where(repeated, longer, names["name"])
    return names["name"].tolist()


def _family_names(families: pd.DataFrame) -> list[str]:
    """Rain of each family, and its strongest trait."""
    traits = _traits(families)
    deviations = (traits - traits.mean()) / [scale for scale, _, _ in TRAITS.values()]
    return [
        ", ".join([_rain(family), *_strongest(row)])
        for (_, family), (_, row) in zip(families.iterrows(), deviations.iterrows(), strict=True)
    ]


def _strongest(deviations: pd.Series) -> list[str]:
    """Words for the trait that deviates most; none where no trait deviates enough."""
    sizes = deviations.abs().fillna(0.0)
    name = str(sizes.idxmax())
    _, less, more = TRAITS[name]
    words = [more if deviations[name] > 0 else less]
    return words if sizes.max() >= MIN_DEVIATION else []


def _traits(families: pd.DataFrame) -> pd.DataFrame:
    """Traits of each family."""
    around = families["hit_rain"] + families["false_rain"]
    rain, around = (values.clip(lower=MIN_RAIN) for values in (families["rain"], around))
    return pd.DataFrame(
        {
            "position": np.log(rain / around),  # rain at the pixel over the mean of its window
            "age": families["age_h"],
            "infrared": families["infrared_weight"],
            "microwave": families[MICROWAVE].sum(axis=1),
            "land": families["land"],
        }
    )


def _situation(row: pd.Series) -> str:
    if not row["windows"] > 0:
        return "not observed"
    return f"{_rain(row)}, {_source(row)}"


def _rain(row: pd.Series) -> str:
    return f"{_word(row['imerg_fraction'], EXTENT)} {_word(row['rain'], RAIN)}"


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
