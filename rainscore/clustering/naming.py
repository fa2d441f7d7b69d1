"""Names of clusters in words, by a rule: what the rain looks like, then its source."""

import numpy as np
import pandas as pd

from rainscore.clustering.scorecounts import DRY

DRY_NAME = "too little rain"


AREAS = ((0.05, "isolated"), (0.12, "scattered"), (0.2, "broad"), (np.inf, "widespread"))
"""By the mean wet share."""


STRENGTHS = ((0.8, "light"), (1.4, "moderate"), (np.inf, "heavy"))
"""By the mean rain of wet pixels [mm/h]."""


SHAPES = ((55.0, "showers"), (85.0, "rain areas"), (np.inf, "rain systems"))
"""By the decorrelation length [km]."""


CORES = 0.05
"""Share of convective-like pixels among the wet ones from which strong cores are named."""


OFTEN, MORE = 0.6, 1.5
"""Share of the pixels of a cluster's maps from which a source is named, if it is also MORE times
its share in all clustered maps."""


SEASONS = {"DJF": "winter", "MAM": "spring", "JJA": "summer", "SON": "autumn"}


HOURS = ("00–06 UTC", "06–12 UTC", "12–18 UTC", "18–24 UTC")


SOURCES = {"microwave": "mostly microwave", "morphed": "mostly morphed", "infrared": "infrared"}


def name_clusters(features: pd.DataFrame, weights: pd.Series) -> dict[int, str]:
    """Name each cluster, all differently.

    A name is the look of the mean map: area, strength, shape, strong cores; then the source of the
    rain, where that sets the cluster apart from all clustered maps. Place, season and hour are
    those of the training's domain and would mislead on a map from elsewhere: they are left out.
    Where two names are equal, the wet share follows, and if that does not part them, the number.

    Args:
        features: Means over the maps of each cluster, index cluster: wet_share, intensity,
            heavy_share, scale_km (of `portraits`), `microwave`, `morphed`, `infrared`.
        weights: Maps of each cluster, same index.

    Returns:
        Name of each cluster; DRY_NAME for DRY.
    """
    clustered = features.index[features.index != DRY]
    known = weights.loc[clustered]
    whole = features.loc[clustered].mul(known, axis=0).sum() / max(known.sum(), 1)
    first = {c: look(features.loc[c]) + source(features.loc[c], whole) for c in clustered}
    wet = {c: f"{first[c]}, {100 * features['wet_share'][c]:.0f} % wet" for c in clustered}
    number = {c: f"{first[c]}, number {c}" for c in clustered}
    names = first
    for further in (wet, number):
        twice = {name for name in names.values() if list(names.values()).count(name) > 1}
        names = {c: further[c] if name in twice else name for c, name in names.items()}
    return {**({DRY: DRY_NAME} if DRY in features.index else {}), **names}


def look(row: pd.Series) -> str:
    """The look of the mean map: 'scattered light showers'."""
    if not row["wet_share"] > 0:
        return "no rain"
    words = [
        _word(row["wet_share"], AREAS),
        _word(row["intensity"], STRENGTHS),
        _word(row["scale_km"], SHAPES),
    ]
    cores = " with strong cores" if row["heavy_share"] >= CORES else ""
    return " ".join(words) + cores


def source(row: pd.Series, whole: pd.Series) -> str:
    """The source that sets a cluster apart from all clustered maps: ', infrared'; or nothing."""
    shares = row[list(SOURCES)].astype(float)
    most = str(shares.idxmax())
    apart = shares[most] >= OFTEN and shares[most] >= MORE * whole[most]
    return f", {SOURCES[most]}" if apart else ""


def _word(value: float, words: tuple[tuple[float, str], ...]) -> str:
    return next(word for limit, word in words if value < limit)
