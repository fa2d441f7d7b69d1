"""Figures of the section on the clusters of maps, from the result files of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from rainscore.clustering.algorithms.desom import DESOM
from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.codepatches import example_patches
from rainscore.clustering.labels import EXCLUDED_SPLITS, display_names
from rainscore.clustering.latents import latent_columns
from rainscore.clustering.scoredistributions import DRY
from rainscore.grids import Grid
from rainscore.io import read_months, read_table
from rainscore.report.figures.plot_clusters import (
    plot_clusters,
    plot_latents,
    plot_methods,
    plot_transitions,
)
from rainscore.report.figures.plot_codes import plot_atlas, plot_code_curve, plot_encoders
from rainscore.report.figures.plot_desom import plot_units
from rainscore.report.numbers import count
from rainscore.report.runsample import run_sample
from rainscore.training.channels import scale_rain


@dataclass(frozen=True)
class ClusterFiles:
    """Files that the figures of the clusters are drawn from.

    Attributes:
        curve: Table of the skill by number of codes.
        atlas: Description of the codes and families.
        prototypes: Prototypes of the codes and families.
        codebook: Model files of the code book.
        encoders: Table of the skill of codes of windows by encoder and method, in a list; the list
            is empty where they are not compared.
        features: Training files, one per month.
        clusters, labels, transitions, maps: Clusters of the maps, labels, transitions and mean
            maps of the method that labels new maps.
        latents: Latent vectors of the maps.
        tables: Score tables, one per month.
        methods: Table that compares the clustering methods.
        desom: Model files of DESOM; empty where DESOM is not among the methods.
        desom_labels, desom_maps: Labels and mean maps of DESOM, in a list that may be empty.
    """

    curve: str
    atlas: str
    prototypes: str
    codebook: Sequence[str]
    encoders: Sequence[str]
    features: Sequence[str]
    clusters: str
    labels: str
    transitions: str
    maps: str
    latents: str
    tables: Sequence[str]
    methods: str
    desom: Sequence[str]
    desom_labels: Sequence[str]
    desom_maps: Sequence[str]


def _code_curve(files: ClusterFiles, world: str) -> Figure:
    return plot_code_curve(read_table(files.curve), world=world)


def _atlas(files: ClusterFiles, world: str) -> Figure:
    atlas = read_table(files.atlas)
    families = atlas[(atlas["level"] == "family") & (atlas["windows"] > 0)]
    book = CodeBook.load(Path(files.codebook[0]).with_suffix(""))
    examples = example_patches(sorted(map(Path, files.features)), families)
    numbers = families["number"].to_numpy()
    prototypes = xr.load_dataset(files.prototypes, engine="h5netcdf")["family_rain"].values[numbers]
    return plot_atlas(families, examples, prototypes, book.family_masses[numbers], world=world)


def _encoders(files: ClusterFiles, world: str) -> Figure:
    (path,) = files.encoders
    return plot_encoders(read_table(path), world=world)


def _clusters(files: ClusterFiles, world: str) -> Figure:
    means = xr.load_dataset(files.maps, engine="h5netcdf")
    maps = means.isel(cluster=np.flatnonzero(means["cluster"].to_numpy() != DRY))
    labels = read_table(files.labels).set_index("cluster", drop=False)
    scores = _scored_maps(files)
    # The labels and the mean maps use the same days.
    scores = scores[~scores["split"].isin(EXCLUDED_SPLITS)].dropna(subset=["map_score"])
    return plot_clusters(
        maps,
        labels.loc[maps["cluster"].to_numpy()],
        scores,
        Grid.from_json(means.attrs["grid"]),
        period=_period(files),
        world=world,
    )


def _latents(files: ClusterFiles, world: str) -> Figure:
    scores = _scored_maps(files)[["time", "cluster", "map_score"]]
    rows = read_table(files.latents).merge(scores, on="time")
    return plot_latents(
        latent_columns(rows),
        rows["cluster"].to_numpy(),
        rows["map_score"].to_numpy(),
        names=display_names(read_table(files.labels)),
        days=_days(rows),
        period=_period(files),
        world=world,
    )


def _transitions(files: ClusterFiles, world: str) -> Figure:
    return plot_transitions(
        read_table(files.transitions),
        names=display_names(read_table(files.labels)),
        days=_days(read_table(files.clusters)),
        period=_period(files),
        world=world,
    )


def _methods(files: ClusterFiles, world: str) -> Figure:
    sample = run_sample(read_months(list(files.tables)), world=world)
    return plot_methods(read_table(files.methods), period=sample.period, world=world)


def _desom_map(files: ClusterFiles, world: str) -> Figure:
    desom = DESOM.load(Path(files.desom[0]).with_suffix(""))
    (labels,), (maps,) = files.desom_labels, files.desom_maps
    return desom_map(
        desom, read_table(labels), xr.load_dataset(maps, engine="h5netcdf"), world=world
    )


CLUSTER_FIGURES: Mapping[str, Callable[[ClusterFiles, str], Figure]] = {
    "code_curve": _code_curve,
    "atlas": _atlas,
    "encoders": _encoders,
    "clusters": _clusters,
    "latents": _latents,
    "transitions": _transitions,
    "desom_map": _desom_map,
    "methods": _methods,
}
"""Function that draws each figure, by name."""


def desom_map(desom: DESOM, labels: pd.DataFrame, maps: xr.Dataset, *, world: str) -> Figure:
    """Draw the units of a DESOM as a grid of maps, framed in the colour of their map score.

    Args:
        desom: Trained model. Its units are decoded into maps; where the latent vectors hold no
            positions, units cannot be decoded and the most central map of each is drawn.
        labels: Labels of its clusters, of `label_clusters`.
        maps: Mean maps of its clusters, of `average_clusters`.
        world: 'simulated' or 'real'.
    """
    units = np.arange(desom.rows * desom.columns)
    by_unit = labels.set_index("cluster").reindex(units)
    used = by_unit["maps"].fillna(0) > 0
    if desom.decodable:
        decoded = desom.decoded_map()
        members, shown = decoded.reshape(len(units), *decoded.shape[2:]), "decoded units"
    else:
        rain = maps["medoid"].reindex(cluster=units).to_numpy()
        members, shown = scale_rain(rain)[:, None], "most central map of each unit"
    grid = (desom.rows, desom.columns)
    return plot_units(
        members.reshape(*grid, *members.shape[1:]),
        by_unit["score"].where(used).to_numpy(float).reshape(grid),
        label="median map score of the unit [1]",
        title="Self-organising map of DESOM",
        subtitle=f"log-scaled rain, {shown}\n{count(by_unit['maps'].sum())} maps; "
        f"{int((~used).sum())} units without a map (grey frame)",
        world=world,
    )


def _scored_maps(files: ClusterFiles) -> pd.DataFrame:
    """Return the clustered maps with their map score; NaN where a map has none."""
    clusters = read_table(files.clusters)
    kept = clusters[clusters["cluster"] != DRY]
    return kept.merge(read_months(list(files.tables))[["time", "map_score"]], on="time")


def _period(files: ClusterFiles) -> str:
    """Return the first and last day of the clustered maps."""
    time = read_table(files.clusters)["time"]
    return f"{time.min():%Y-%m-%d} to {time.max():%Y-%m-%d}"


def _days(rows: pd.DataFrame) -> int:
    return rows["time"].dt.normalize().nunique()
