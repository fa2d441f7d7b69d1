"""Names of clusters in words, by a rule: what the rain looks like, then what sets it apart."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from rainscore.classes import DRY

DRY_NAME = "too little rain"
AREAS = ((0.05, "isolated"), (0.12, "scattered"), (0.2, "broad"), (np.inf, "widespread"))
"""By the mean wet share."""

STRENGTHS = ((0.8, "light"), (1.4, "moderate"), (np.inf, "heavy"))
"""By the mean rain of wet pixels [mm/h]."""

SHAPES = ((55.0, "showers"), (85.0, "rain areas"), (np.inf, "rain systems"))
"""By the decorrelation length [km]."""

CORES = 0.05
"""Share of convective-like pixels among the wet ones from which strong cores are named."""

FAR = 0.2
"""Distance of the rain's centre from the middle, and from the centre of all clustered maps, from
which the place is named [half the side]."""

OFTEN, MORE = 0.6, 1.5
"""Share of a cluster's maps from which a season or a source is named, if it is also MORE times its
share of all clustered maps. A quarter of the day is named from half that share."""

SEASONS = {"DJF": "winter", "MAM": "spring", "JJA": "summer", "SON": "autumn"}
HOURS = ("00–06 UTC", "06–12 UTC", "12–18 UTC", "18–24 UTC")
SOURCES = {"microwave": "mostly microwave", "morphed": "mostly morphed", "infrared": "infrared"}
QUALIFIERS = 2
"""Most qualifiers of a name whose look is its own."""


def name_clusters(features: pd.DataFrame, weights: pd.Series) -> dict[int, str]:
    """Name each cluster, all differently.

    A name begins with the look of the mean map: area, strength, shape, strong cores. What sets the
    cluster apart from all clustered maps follows, the first two of place, season, hour and source.
    Where two names are equal, all that sets apart is told; if that does not part them, the wet
    share, and at last the number.

    Args:
        features: Means over the maps of each cluster, index cluster: wet_share, intensity,
            heavy_share, scale_km, east, north (of `portraits`), share of each season (DJF …) and of
            each quarter of the day (hour_0 … hour_3), and `microwave`, `morphed`, `infrared`.
        weights: Maps of each cluster, same index.

    Returns:
        Name of each cluster; DRY_NAME for DRY.
    """
    clustered = features.index[features.index != DRY]
    known = weights.loc[clustered]
    whole = features.loc[clustered].mul(known, axis=0).sum() / max(known.sum(), 1)
    looks = {c: look(features.loc[c]) for c in clustered}
    apart = {c: list(qualifiers(features.loc[c], whole)) for c in clustered}
    stages = [
        {c: _joined(looks[c], apart[c][:QUALIFIERS]) for c in clustered},
        {c: _joined(looks[c], apart[c]) for c in clustered},
        {
            c: _joined(looks[c], [*apart[c], f"{100 * features['wet_share'][c]:.0f} % wet"])
            for c in clustered
        },
        {c: _joined(looks[c], [*apart[c], f"number {c}"]) for c in clustered},
    ]
    names = stages[0]
    for further in stages[1:]:
        twice = {name for name in names.values() if list(names.values()).count(name) > 1}
        names = {c: further[c] if name in twice else name for c, name in names.items()}
    return {**({DRY: DRY_NAME} if DRY in features.index else {}), **names}


def look(row: pd.Series) -> str:
    """The look of the mean map: 'scattered light showers'."""
    words = [
        _word(row["wet_share"], AREAS),
        _word(row["intensity"], STRENGTHS),
        _word(row["scale_km"], SHAPES),
    ]
    cores = " with strong cores" if row["heavy_share"] >= CORES else ""
    return " ".join(words) + cores


def qualifiers(row: pd.Series, whole: pd.Series) -> Iterable[str]:
    """What sets a cluster apart from all clustered maps: place, season, hour, source."""
    place = [
        _side(row[axis], row[axis] - whole[axis], sides)
        for axis, sides in (("north", ("south", "north")), ("east", ("west", "east")))
    ]
    if any(place):
        yield "-".join(part for part in place if part)
    for names, often in (
        (SEASONS, OFTEN),
        ({f"hour_{i}": text for i, text in enumerate(HOURS)}, OFTEN / 2),
        (SOURCES, OFTEN),
    ):
        shares = row[list(names)].astype(float)
        most = str(shares.idxmax())
        if shares[most] >= often and shares[most] >= MORE * whole[most]:
            yield names[most]


def _side(value: float, apart: float, sides: tuple[str, str]) -> str:
    """The side on which the rain lies and on which that of all clustered maps does not."""
    if min(abs(value), abs(apart)) < FAR or value * apart < 0:
        return ""
    return sides[int(value > 0)]


def _word(value: float, words: tuple[tuple[float, str], ...]) -> str:
    return next(word for limit, word in words if value < limit)


def _joined(first: str, rest: Iterable[str]) -> str:
    return ", ".join([first, *rest])
