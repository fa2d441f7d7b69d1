"""Clusters and codes of new maps, and scores from their labels."""

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.clustering.codebook import NO_CODE, CodeBook
from rainscore.clustering.codemaps import count_codes
from rainscore.clustering.compositions import CompositionClusters, composition_vectors
from rainscore.clustering.mapclusterers import MapClusterer
from rainscore.clustering.scoredistributions import DRY
from rainscore.grids import Grid
from rainscore.training.channels import CHANNELS, wet_share

DESCRIBED = (
    *("name", "mean", "zero", "low", "median", "high"),
    *("amount_factor", "place_factor", "hit_rain", "missed_rain", "false_rain"),
    *("stays", "stays_family", "ends", "next_name", "next_share"),
)
"""Entries of the atlas that a scored map holds for each of its codes."""


def predict_clusters(
    clusterer: MapClusterer | None,
    inputs: np.ndarray,
    codes: np.ndarray | None,
    book: CodeBook | None,
    *,
    wet_threshold: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Assign the central window of each map to a cluster and flag novel maps.

    Args:
        clusterer: The clusterer; None for no clusters.
        inputs: Scaled channels, dims (map, channel, y, x).
        codes: Codes of the windows, dims (map, y, x); None without a code book.
        book: The code book; None if there is none.
        wet_threshold: Rates at or above it are wet [mm/h].

    Returns:
        Cluster and novelty flag of each map, dims (map,); cluster DRY with too little rain; both
        NaN without a clusterer, or if the map is too small or has no rain estimate in its central
        window.
    """
    cluster, novelty = np.full((2, len(inputs)), np.nan)
    if clusterer is None:
        return cluster, novelty
    card, (ny, nx) = clusterer.card_, inputs.shape[-2:]
    size = card["size"]
    if min(ny, nx) < size:
        return cluster, novelty
    top, left = (ny - size) // 2, (nx - size) // 2
    rows, columns = slice(top, top + size), slice(left, left + size)
    centre = inputs[:, : len(CHANNELS), rows, columns]
    share = wet_share(centre, wet_threshold)
    available = np.isfinite(share)
    cluster[available], novelty[available] = DRY, 0
    rainy = share >= card["min_wet_share"]
    vectors: np.ndarray = centre[:, [CHANNELS.index("rain")]]
    if isinstance(clusterer, CompositionClusters) and codes is not None and book is not None:
        counts = count_codes(codes[:, rows, columns], len(book.centres))
        rainy &= counts[:, :-1].any(axis=1)
        vectors = composition_vectors(counts, book.family)
    if rainy.any():
        cluster[rainy] = clusterer.predict(vectors[rainy])
        novelty[rainy] = clusterer.novelty(vectors[rainy]) > card["novelty_threshold"]
    return cluster, novelty


def label_scores(
    scores: pd.DataFrame, clusters: np.ndarray, labels: Mapping[int, dict]
) -> pd.DataFrame:
    """Map scores from the labels of the clusters instead of the U-Net.

    Args:
        scores: Map scores of the U-Net, one row per map: map_score, map_score_low, map_score_high,
            and further columns.
        clusters: Cluster of each map, NaN where it has none, dims (map,).
        labels: Labels of the clusters: score, score_low, score_high.

    Returns:
        The same columns; NaN where a map has no score or no cluster.
    """
    table = scores.copy()
    for column, key in (
        ("map_score", "score"),
        ("map_score_low", "score_low"),
        ("map_score_high", "score_high"),
    ):
        values = [labels.get(cluster, {}).get(key) for cluster in clusters]
        own = np.array([np.nan if value is None else value for value in values], float)
        table[column] = np.where(scores["map_score"].notna(), own, np.nan)
    return table


def too_small_for_clusters(clusterer: MapClusterer, grid: Grid) -> str:
    """Reason why a map has no score by clusters; empty if it is as large as those of the clusters.

    Args:
        clusterer: The clusterer.
        grid: Learning grid of the map.
    """
    size = clusterer.card_["size"]
    if min(grid.shape) >= size:
        return ""
    return f"clusters are of maps of {size * grid.dx / 1000:.0f} km, and its window is smaller"


def code_variable(codes: np.ndarray, atlas: Mapping[int, dict]) -> xr.DataArray:
    """Codes of a scored map, with the descriptions of those that occur.

    Args:
        codes: Dims (y, x), uint8; NO_CODE where IMERG has no rain in the window.
        atlas: Description of each code.
    """
    present = [int(code) for code in np.unique(codes) if code != NO_CODE]
    described = {
        code: {name: atlas[code].get(name) for name in DESCRIBED}
        for code in present
        if code in atlas
    }
    attributes = {
        "long_name": "code of the window; missing where IMERG has no rain in it",
        "units": "1",
        "grid_mapping": "crs",
        "descriptions": json.dumps(described, ensure_ascii=False),
    }
    values = np.where(codes == NO_CODE, np.nan, codes).astype(np.float32)
    return xr.DataArray(values, dims=("y", "x"), attrs=attributes)
