"""Names of clusters, made by a rule from the mean properties of their maps."""

import numpy as np
import pandas as pd

from rainscore.clustering.scoredistributions import DRY

DRY_NAME = "too little rain"

AREAS = ((0.05, "isolated"), (0.12, "scattered"), (0.2, "broad"), (np.inf, "widespread"))
"""Upper limits of the mean wet share [1]."""

STRENGTHS = ((0.8, "light"), (1.4, "moderate"), (np.inf, "heavy"))
"""Upper limits of the mean rain of wet pixels [mm/h]."""

SHAPES = ((55.0, "showers"), (85.0, "rain areas"), (np.inf, "rain systems"))
"""Upper limits of the decorrelation length [km]."""

MIN_HEAVY_SHARE = 0.05
"""Minimum share of heavy pixels among the wet ones for "with strong cores" [1]."""

MIN_SOURCE_SHARE = 0.6
"""Minimum share of the pixels of a cluster's maps for a source to be named [1]."""

MIN_SOURCE_RATIO = 1.5
"""Minimum ratio of that share to the share in all clustered maps."""

SEASONS = {"DJF": "winter", "MAM": "spring", "JJA": "summer", "SON": "autumn"}

HOURS = ("00–06 UTC", "06–12 UTC", "12–18 UTC", "18–24 UTC")

SOURCES = {"microwave": "mostly microwave", "morphed": "mostly morphed", "infrared": "infrared"}


def name_clusters(properties: pd.DataFrame, sizes: pd.Series) -> dict[int, str]:
    """Give each cluster a distinct name.

    A name consists of the appearance of the mean map (area, strength, shape, strong cores) and of
    the source of the rain where it is more frequent than in all clustered maps. Equal names get
    the wet share appended, and if they are still equal, the number of the cluster. Position, season
    and hour are not used, because a new map may be from another region.

    Args:
        properties: Means over the maps of each cluster, index cluster: wet_share, intensity,
            heavy_share, scale_km (see `descriptors`), microwave, morphed, infrared.
        sizes: Number of maps of each cluster, same index.

    Returns:
        Name of each cluster; DRY_NAME for DRY.
    """
    clustered = properties.index[properties.index != DRY]
    maps = sizes.loc[clustered]
    means = properties.loc[clustered].mul(maps, axis=0).sum() / max(maps.sum(), 1)
    base = {
        cluster: appearance(properties.loc[cluster]) + source(properties.loc[cluster], means)
        for cluster in clustered
    }
    with_wet_share = {
        cluster: f"{name}, {100 * properties['wet_share'][cluster]:.0f} % wet"
        for cluster, name in base.items()
    }
    with_number = {cluster: f"{name}, number {cluster}" for cluster, name in base.items()}
    names = base
    for longer in (with_wet_share, with_number):
        repeated = {name for name in names.values() if list(names.values()).count(name) > 1}
        names = {c: longer[c] if name in repeated else name for c, name in names.items()}
    return {**({DRY: DRY_NAME} if DRY in properties.index else {}), **names}


def appearance(row: pd.Series) -> str:
    """Area, strength and shape of the rain, such as 'scattered light showers'.

    Args:
        row: One row of the properties of `name_clusters`.
    """
    if not row["wet_share"] > 0:
        return "no rain"
    words = [
        _word(row["wet_share"], AREAS),
        _word(row["intensity"], STRENGTHS),
        _word(row["scale_km"], SHAPES),
    ]
    cores = " with strong cores" if row["heavy_share"] >= MIN_HEAVY_SHARE else ""
    return " ".join(words) + cores


def source(row: pd.Series, means: pd.Series) -> str:
    """Source that is much more frequent than in all clustered maps, such as ', infrared'.

    Args:
        row: One row of the properties of `name_clusters`.
        means: Means of these properties over all clustered maps.

    Returns:
        Empty where no source exceeds MIN_SOURCE_SHARE and MIN_SOURCE_RATIO.
    """
    shares = row[list(SOURCES)].astype(float)
    main = str(shares.idxmax())
    frequent = shares[main] >= MIN_SOURCE_SHARE and shares[main] >= MIN_SOURCE_RATIO * means[main]
    return f", {SOURCES[main]}" if frequent else ""


def _word(value: float, limits: tuple[tuple[float, str], ...]) -> str:
    return next(word for limit, word in limits if value < limit)
