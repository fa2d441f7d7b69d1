"""The figures of the clusters, from the tables of a run."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from rainscore.clustering.algorithms.desom import DESOM
from rainscore.clustering.labels import EXCLUDED_SPLITS, display_names
from rainscore.clustering.latents import latent_columns
from rainscore.clustering.scoredistributions import DRY
from rainscore.grids import Grid
from rainscore.report.figures.plot_clusters import plot_clusters, plot_latents, plot_transitions
from rainscore.report.figures.plot_desom import plot_map
from rainscore.report.figures.style import count
from rainscore.training.channels import scale_rain


@dataclass(frozen=True)
class LabelledClusters:
    """What a run knows of the clusters of one method.

    Attributes:
        clusters: time, split, cluster.
        labels: Of `label_clusters`.
        transitions: Of `count_transitions`.
        maps: Of `average_clusters`.
        latents: Of `extract_latents`.
        table: Score tables: time, map_score.
        world: 'simulated' or 'real'.
    """

    clusters: pd.DataFrame
    labels: pd.DataFrame
    transitions: pd.DataFrame
    maps: xr.Dataset
    latents: pd.DataFrame
    table: pd.DataFrame
    world: str

    @property
    def about(self) -> dict:
        """Period and world, as every figure says them."""
        first, last = self.clusters["time"].min(), self.clusters["time"].max()
        return {"period": f"{first:%Y-%m-%d} to {last:%Y-%m-%d}", "world": self.world}

    @property
    def scored(self) -> pd.DataFrame:
        """Clustered maps, with their score where there is one."""
        kept = self.clusters[self.clusters["cluster"] != DRY]
        return kept.merge(self.table[["time", "map_score"]], on="time")


def figures(run: LabelledClusters) -> dict[str, Callable[[], Figure]]:
    """What draws each figure of the clusters that label new maps, by its name."""
    return {
        "clusters": lambda: _gallery(run),
        "latents": lambda: _latents(run),
        "transitions": lambda: plot_transitions(
            run.transitions,
            names=display_names(run.labels),
            days=_days(run.clusters),
            **run.about,
        ),
    }


def _days(rows: pd.DataFrame) -> int:
    return rows["time"].dt.normalize().nunique()


def _gallery(run: LabelledClusters) -> Figure:
    clustered = np.flatnonzero(run.maps["cluster"].to_numpy() != DRY)
    maps = run.maps.isel(cluster=clustered)
    labels = run.labels.set_index("cluster", drop=False).loc[maps["cluster"].to_numpy()]
    # The same days as the labels and the mean maps beside them.
    scores = run.scored[~run.scored["split"].isin(EXCLUDED_SPLITS)].dropna(subset=["map_score"])
    return plot_clusters(maps, labels, scores, Grid.from_json(run.maps.attrs["grid"]), **run.about)


def _latents(run: LabelledClusters) -> Figure:
    rows = run.latents.merge(run.scored[["time", "cluster", "map_score"]], on="time")
    return plot_latents(
        latent_columns(rows),
        rows["cluster"].to_numpy(),
        rows["map_score"].to_numpy(),
        names=display_names(run.labels),
        days=_days(rows),
        **run.about,
    )


def desom_map(desom: DESOM, labels: pd.DataFrame, maps: xr.Dataset, *, world: str) -> Figure:
    """A DESOM as a grid of what its units stand for, framed by the score that they tell.

    Args:
        desom: Its units are decoded; where they cannot be, since their vectors do not say where the
            rain lies, the most central map of each is drawn.
        labels: Of `label_clusters`.
        maps: Of `average_clusters`.
        world: 'simulated' or 'real'.
    """
    units = np.arange(desom.rows * desom.columns)
    known = labels.set_index("cluster").reindex(units)
    used = known["maps"].fillna(0) > 0
    settings = getattr(desom.network_, "settings", None)
    if getattr(settings, "summary", "position") == "invariant":
        rain = maps["medoid"].reindex(cluster=units).to_numpy()
        members, shown = scale_rain(rain)[:, None], "most central map of each unit"
    else:
        decoded = desom.decoded_map()
        members, shown = decoded.reshape(len(units), *decoded.shape[2:]), "decoded units"
    grid = (desom.rows, desom.columns)
    return plot_map(
        members.reshape(*grid, *members.shape[1:]),
        known["score"].where(used).to_numpy(float).reshape(grid),
        label="map score told by the unit [1]",
        title="The self-organising map of DESOM",
        subtitle=f"log-rain, {shown}\n{count(known['maps'].sum())} maps; "
        f"{int((~used).sum())} units without a map (grey frame)",
        world=world,
    )
