"""Figures of clusters and of clustering methods."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rainscore.clustering.methodtable import ALL_SEEDS, WET_SHARE
from rainscore.grids import Grid
from rainscore.report.figures.mapaxes import LABELS, aspect, colour_bar, paint
from rainscore.report.figures.style import colour, count, figure, intervals, marker, sample, styled

EDGES = np.linspace(0, 1, 21)


MOST = 12
"""Clusters that are drawn, at most: the largest."""


@styled
def plot_clusters(
    maps: xr.Dataset,
    labels: pd.DataFrame,
    scores: pd.DataFrame,
    grid: Grid,
    *,
    period: str,
    world: str,
) -> Figure:
    """A gallery, one line a cluster: mean rain, most central map, mean score, scores of its maps.

    Args:
        maps: Dims (cluster, y, x): `rain`, `medoid` [mm/h], `score` [1]; NaN missing. Dims
            (cluster): `maps`, `medoid_time`.
        labels: One row a cluster, in the order of `maps`: name, maps, days, uncertain, score,
            score_low, score_high [1].
        scores: One row a map that has a score: cluster, map_score [1], time.
        grid: The grid of the maps.
        period: In words.
        world: 'simulated' or 'real'.
    """
    drawn = np.sort(np.argsort(-maps["maps"].to_numpy(), kind="stable")[:MOST])
    k, left_out = len(drawn), maps.sizes["cluster"] - len(drawn)
    days = scores["time"].dt.normalize().nunique()
    subtitle = sample(len(scores), "scored maps", days, period)
    subtitle += f"; {left_out} smaller clusters are not drawn" if left_out else ""
    subtitle += (
        "\norange: median and calibrated 90 % interval for a new map of the cluster; "
        "dotted: median of all clustered maps"
    )
    height = 1.7 + k * (0.42 + 2.15 * aspect(grid))
    fig = figure(11, height, title="Clusters", subtitle=subtitle, world=world)
    axes = fig.subplots(k, 4, squeeze=False)
    overall = scores["map_score"].median()
    for row, place in zip(axes, drawn, strict=True):
        one, label = maps.isel(cluster=int(place)), labels.iloc[place]
        rain = paint(row[0], one["rain"].values, grid, kind="rain")
        paint(row[1], one["medoid"].values, grid, kind="rain")
        score = paint(row[2], one["score"].values, grid, kind="score")
        row[0].set_title(f"{label['cluster']}: {label['name']}\n", fontsize=10)
        row[0].text(0, 1.02, "mean rain", transform=row[0].transAxes, fontsize=8)
        at = pd.Timestamp(one["medoid_time"].item())
        when = f", {at:%Y-%m-%d %H:%M}" if pd.notna(at) else ""
        row[1].set_title("most central map" + when, weight="normal", fontsize=8)
        row[2].set_title("score of all its maps together", weight="normal", fontsize=8)
        found = scores.loc[scores["cluster"] == label["cluster"], "map_score"]
        _histogram(row[3], found.to_numpy(), label, overall)
        for ax in row[:3]:
            ax.tick_params(labelsize=6)
    colour_bar(rain, list(axes[:, :2].ravel()), label=LABELS["rain"])
    colour_bar(score, list(axes[:, 2]), label=LABELS["score"])
    return fig


def _histogram(ax: Axes, found: np.ndarray, label: pd.Series, overall: float) -> None:
    """Map scores of a cluster, and what it says of a new map."""
    ax.hist(
        found,
        EDGES.tolist(),
        weights=np.full(len(found), 100 / max(len(found), 1)),
        color=colour(5),
    )
    ax.axvspan(label["score_low"], label["score_high"], color=colour(1), alpha=0.15, linewidth=0)
    ax.axvline(label["score"], color=colour(1), linewidth=1.8)
    ax.axvline(overall, color="#777777", linewidth=0.9, linestyle=":")
    ends = f"[{label['score_low']:.2f}, {label['score_high']:.2f}]"
    size = f"{count(label['maps'])} maps, {count(label['days'])} days"
    doubt = ", uncertain" if label["uncertain"] else ""
    ax.set_title(f"{label['score']:.2f} {ends}\n{size}{doubt}", weight="normal", fontsize=8)
    ax.set(xlim=(0, 1), xlabel="map score [1]", ylabel="maps [%]")


@styled
def plot_latents(
    latents: np.ndarray,
    cluster: np.ndarray,
    score: np.ndarray,
    *,
    names: Mapping[int, str],
    days: int,
    period: str,
    world: str,
) -> Figure:
    """The latent space along its two principal components, coloured by cluster and by score.

    Args:
        latents: Latent vectors, dims (map, latent), without NaN; each is standardised.
        cluster: Cluster of each map, dims (map,); −1: not clustered.
        score: Map score, dims (map,), 1; NaN missing (left out on the right).
        names: What each cluster is called.
        days, period, world: As in the other figures.
    """
    points, explained = principal_components(latents)
    subtitle = sample(len(latents), "maps", days, period)
    title = "Latent space, first two principal components"
    fig = figure(11.5, 5.4, title=title, subtitle=subtitle, world=world)
    left, right = fig.subplots(1, 2, sharex=True, sharey=True)
    options = {"s": 7, "linewidths": 0, "rasterized": True}
    for i in np.unique(cluster):
        here = points[cluster == i]
        shade, shape = ("#cccccc", ".") if i < 0 else (colour(i), marker(i))
        name = f"{names.get(int(i), str(i))} ({count(len(here))})"
        left.scatter(*here.T, color=shade, marker=shape, label=name, **options)
    fig.legend(
        title="cluster (maps)", markerscale=2, loc="outside lower left", ncols=2, alignment="left"
    )
    known = np.isfinite(score)
    drawn = right.scatter(
        *points[known].T, c=score[known], cmap="cividis", vmin=0, vmax=1, **options
    )
    fig.colorbar(drawn, ax=right, label="map score [1]")
    left.set_title("By cluster")
    right.set_title("By map score")
    for ax in (left, right):
        ax.set_xlabel(f"component 1 [1], {explained[0]:.0%} of the variance".replace("%", " %"))
        ax.grid()
    left.set_ylabel(f"component 2 [1], {explained[1]:.0%} of the variance".replace("%", " %"))
    return fig


def principal_components(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first two principal components (n, 2) of vectors (n, d); their shares of variance (2,).

    Each of the d values is standardised first, as the clusters see it; one that never changes says
    nothing. The sign of each component is such that its largest weight is positive.
    """
    centred = np.asarray(vectors, np.float64) - np.mean(vectors, axis=0, dtype=np.float64)
    spread = centred.std(axis=0)
    centred = centred / np.where(spread > 1e-9, spread, np.inf)
    _, strength, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2] * np.sign(axes[[0, 1], np.abs(axes[:2]).argmax(axis=1)])[:, None]
    return centred @ axes.T, strength[:2] ** 2 / np.sum(strength**2)


@styled
def plot_transitions(
    transitions: pd.DataFrame,
    *,
    names: Mapping[int, str],
    days: int,
    period: str,
    world: str,
) -> Figure:
    """What follows what in half an hour: a matrix of shares, with the counts in it.

    Args:
        transitions: before, after, steps, share [1] (NaN where nothing begins so).
        names: What each cluster is called.
        days, period, world: As in the other figures.
    """
    steps, share = (
        transitions.pivot(index="before", columns="after", values=name)
        for name in ("steps", "share")
    )
    k = len(steps)
    total = int(steps.to_numpy().sum())
    subtitle = sample(total, "pairs of consecutive half-hours", days, period)
    size = 0.6 * k + 1.4
    fig = figure(size + 4.2, size + 0.4, title="What follows what", subtitle=subtitle, world=world)
    ax = fig.subplots()
    drawn = ax.imshow(100 * share, cmap="Blues", vmin=0, vmax=100)
    for (row, column), number in np.ndenumerate(steps.to_numpy()):
        dark = share.to_numpy()[row, column] > 0.6
        text = count(number) if number else "·"
        shade = "white" if dark else "#222222" if number else "#999999"
        ax.text(column, row, text, ha="center", va="center", fontsize=8, color=shade)
    ax.set_yticks(range(k), [names.get(int(c), str(c)) for c in steps.index])
    ax.set_xticks(range(k), ["dry" if int(c) < 0 else str(c) for c in steps.columns])
    ax.set(xlabel="cluster half an hour later", ylabel="cluster")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    fig.colorbar(drawn, ax=ax, label="share of what follows [%]", shrink=0.7)
    return fig


PANELS = (
    ("stability_days", "train", "clusters come again\non other days, ARI [1]"),
    ("eta2", "test", "share of the score's variance\non test days, η² [1]"),
    ("crps_skill", "test", "CRPS skill of the cluster's scores\non test days [1]"),
    ("ari_regimes", "test", "agreement with the true regimes\non test days, ARI [1]"),
)


@styled
def plot_methods(table: pd.DataFrame, *, period: str, world: str) -> Figure:
    """A panel a measure, a row a method; crosses: the same on maps without clusters.

    Args:
        table: Of `methodtable.method_table`.
        period: In words.
        world: 'simulated' or 'real'.
    """
    rows = table[table["seed"] == ALL_SEEDS]
    order = [name for name in rows["method"].unique() if name != WET_SHARE]
    names = [WET_SHARE, *reversed(order)]
    seeds = table.loc[table["seed"] != ALL_SEEDS, "seed"].nunique()
    drawn = [p for p in PANELS if (rows["measure"] == p[0]).any()]
    title = "Clustering methods"
    subtitle = (
        f"{table['k'].iloc[0]} clusters, {seeds} repetitions, {period}; bars: 95 % over days; "
        "crosses: on surrogate maps without clusters"
    )
    fig = figure(
        2.9 * len(drawn) + 0.6, 1.6 + 0.32 * len(names), title=title, subtitle=subtitle, world=world
    )
    axes = np.atleast_1d(fig.subplots(1, len(drawn), sharey=True))
    places = np.arange(len(names))
    for ax, (measure, group, label) in zip(axes, drawn, strict=True):
        part = rows[(rows["measure"] == measure) & (rows["group"] == group)]
        part = part.set_index("method").reindex(names)
        intervals(ax, places, part, across=True, color=colour(0))
        ax.plot(part["null"], places, "x", color=colour(1), markersize=6)
        ax.axvline(0, color="#777777", linewidth=0.8)
        ax.set_yticks(places, names)
        ax.set(xlabel=label, ylim=(-0.6, len(names) - 0.4))
        ax.grid(axis="x")
    return fig
