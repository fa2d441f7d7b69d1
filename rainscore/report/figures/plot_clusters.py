"""Figures of the clusters of maps and of the clustering methods."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rainscore.clustering.methodtable import ALL_SEEDS, WET_SHARE
from rainscore.grids import Grid
from rainscore.report.figures.mapaxes import LABELS, aspect, colour_bar, paint
from rainscore.report.figures.style import (
    colour,
    figure,
    intervals,
    marker,
    sample_text,
    styled,
)
from rainscore.report.numbers import count

EDGES = np.linspace(0, 1, 21)
"""Bin edges of the histograms of map scores [1]."""


MAX_CLUSTERS = 12
"""Number of clusters that are drawn, at most; the largest are kept."""


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
    """Draw one row per cluster: mean rain, most central map, pooled score, scores of its maps.

    Args:
        maps: `rain` (mean) and `medoid` (most central map) [mm/h], `score` (of all maps together)
            [1], dims (cluster, y, x), NaN is missing; `maps`, `medoid_time`, dims (cluster,).
        labels: Labels, one row per cluster in the order of `maps`: name, maps, days, uncertain,
            score, score_low, score_high [1].
        scores: Map scores, one row per map: cluster, map_score [1], time.
        grid: Grid of the maps.
        period: Period of the data.
        world: 'simulated' or 'real'.
    """
    drawn = np.sort(np.argsort(-maps["maps"].to_numpy(), kind="stable")[:MAX_CLUSTERS])
    k, left_out = len(drawn), maps.sizes["cluster"] - len(drawn)
    days = scores["time"].dt.normalize().nunique()
    subtitle = sample_text(len(scores), "scored maps", days, period)
    subtitle += f"; {left_out} smaller clusters are not drawn" if left_out else ""
    subtitle += (
        "\norange: median and calibrated 90 % interval of the map score of a new map; "
        "dotted: median of all clustered maps"
    )
    height = 1.7 + k * (0.42 + 2.15 * aspect(grid))
    fig = figure(11, height, title="Clusters of maps", subtitle=subtitle, world=world)
    cells = fig.add_gridspec(k + 1, 4, height_ratios=[1] * k + [0.07])
    axes = cells[:k, :].subgridspec(k, 4).subplots(squeeze=False)
    overall = scores["map_score"].median()
    for row, i in zip(axes, drawn, strict=True):
        cluster, label = maps.isel(cluster=int(i)), labels.iloc[i]
        rain = paint(row[0], cluster["rain"].values, grid, kind="rain")
        paint(row[1], cluster["medoid"].values, grid, kind="rain")
        score = paint(row[2], cluster["score"].values, grid, kind="score")
        row[0].set_title(f"{label['cluster']}: {label['name']}\n", fontsize=10)
        row[0].text(0, 1.02, "mean rain", transform=row[0].transAxes, fontsize=8)
        time = pd.Timestamp(cluster["medoid_time"].item())
        date = f", {time:%Y-%m-%d %H:%M}" if pd.notna(time) else ""
        row[1].set_title("most central map" + date, weight="normal", fontsize=8)
        row[2].set_title("score of all maps together", weight="normal", fontsize=8)
        map_scores = scores.loc[scores["cluster"] == label["cluster"], "map_score"]
        _histogram(row[3], map_scores.to_numpy(), label, overall)
        for ax in row[:3]:
            ax.tick_params(labelsize=6)
    for mesh, kind, place in ((rain, "rain", slice(0, 2)), (score, "score", slice(2, 3))):
        colour_bar(mesh, [axes[0, 0]], label=LABELS[kind], into=fig.add_subplot(cells[k, place]))
    return fig


def _histogram(ax: Axes, scores: np.ndarray, label: pd.Series, overall: float) -> None:
    """Draw the map scores of a cluster, the interval of its label and the overall median."""
    ax.hist(
        scores,
        EDGES.tolist(),
        weights=np.full(len(scores), 100 / max(len(scores), 1)),
        color=colour(5),
    )
    ax.axvspan(label["score_low"], label["score_high"], color=colour(1), alpha=0.15, linewidth=0)
    ax.axvline(label["score"], color=colour(1), linewidth=1.8)
    ax.axvline(overall, color="#777777", linewidth=0.9, linestyle=":")
    ends = f"[{label['score_low']:.2f}, {label['score_high']:.2f}]"
    size = f"{count(label['maps'])} maps, {count(label['days'])} days"
    remark = ", uncertain" if label["uncertain"] else ""
    ax.set_title(f"{label['score']:.2f} {ends}\n{size}{remark}", weight="normal", fontsize=8)
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
    """Draw the latent vectors along two principal components, by cluster and by map score.

    Args:
        latents: Latent vectors, dims (map, latent), without NaN.
        cluster: Cluster of each map, dims (map,); −1: not clustered.
        score: Map score, dims (map,), 1; maps with NaN are not drawn by score.
        names: Name of each cluster.
        days: Number of days.
        period: Period of the data.
        world: 'simulated' or 'real'.
    """
    points, explained = principal_components(latents)
    subtitle = sample_text(len(latents), "maps", days, period)
    title = "Latent space: first two principal components"
    fig = figure(11.5, 5.4, title=title, subtitle=subtitle, world=world)
    left, right = fig.subplots(1, 2, sharex=True, sharey=True)
    options = {"s": 7, "linewidths": 0, "rasterized": True}
    for i in np.unique(cluster):
        members = points[cluster == i]
        shade, shape = ("#cccccc", ".") if i < 0 else (colour(i), marker(i))
        name = f"{names.get(int(i), str(i))} ({count(len(members))})"
        left.scatter(*members.T, color=shade, marker=shape, label=name, **options)
    fig.legend(
        title="cluster (maps)", markerscale=2, loc="outside lower left", ncols=2, alignment="left"
    )
    scored = np.isfinite(score)
    drawn = right.scatter(
        *points[scored].T, c=score[scored], cmap="cividis", vmin=0, vmax=1, **options
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
    """Return the first two principal components of standardised vectors.

    Args:
        vectors: Vectors, dims (n, d). Each of the d values is standardised, as for clustering; a
            constant value has no influence.

    Returns:
        Components, dims (n, 2), with signs such that the largest weight of each is positive; and
        their shares of the variance, dims (2,).
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
    """Draw the matrix of transitions between clusters in half an hour: shares and counts.

    Args:
        transitions: Columns before, after (clusters), steps (number of transitions), share [1] of
            the transitions from `before`; NaN where there are none.
        names: Name of each cluster.
        days, period, world: As in `plot_latents`.
    """
    steps, share = (
        transitions.pivot(index="before", columns="after", values=name)
        for name in ("steps", "share")
    )
    k = len(steps)
    total = int(steps.to_numpy().sum())
    subtitle = sample_text(total, "pairs of consecutive half-hours", days, period)
    size = 0.6 * k + 1.4
    title = "Transitions between clusters"
    fig = figure(size + 4.2, size + 0.4, title=title, subtitle=subtitle, world=world)
    ax = fig.subplots()
    drawn = ax.imshow(100 * share, cmap="Blues", vmin=0, vmax=100)
    for (row, column), number in np.ndenumerate(steps.to_numpy()):
        dark = share.to_numpy()[row, column] > 0.6
        text = count(number) if number else "·"
        shade = "white" if dark else "#222222" if number else "#999999"
        ax.text(column, row, text, ha="center", va="center", fontsize=8, color=shade)
    ax.set_yticks(range(k), [names.get(int(c), str(c)) for c in steps.index])
    ax.set_xticks(range(k), ["too\nlittle\nrain" if int(c) < 0 else str(c) for c in steps.columns])
    ax.set(xlabel="cluster half an hour later", ylabel="cluster")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    fig.colorbar(drawn, ax=ax, label="share of the transitions from the cluster [%]", shrink=0.7)
    return fig


PANELS = (
    ("stability_days", "train", "stability over resampled days\n(training days), ARI [1]"),
    ("eta2", "test", "share of the score's variance\n(test days), η² [1]"),
    ("crps_skill", "test", "CRPS skill of the cluster's scores\n(test days) [1]"),
    ("ari_regimes", "test", "agreement with the true regimes\n(test days), ARI [1]"),
)
"""Measure, split and axis label of each panel."""


@styled
def plot_methods(table: pd.DataFrame, *, period: str, world: str) -> Figure:
    """Draw the measures of the clustering methods, one panel per measure, one row per method.

    Args:
        table: Table of `methodtable.method_table`.
        period: Period of the data.
        world: 'simulated' or 'real'.
    """
    rows = table[table["seed"] == ALL_SEEDS]
    order = [name for name in rows["method"].unique() if name != WET_SHARE]
    names = [WET_SHARE, *reversed(order)]
    seeds = table.loc[table["seed"] != ALL_SEEDS, "seed"].nunique()
    drawn = [p for p in PANELS if (rows["measure"] == p[0]).any()]
    title = "Comparison of clustering methods"
    subtitle = (
        f"{table['k'].iloc[0]} clusters, {seeds} repetitions, {period}\n"
        "bars: 95 % interval from resampled days"
    )
    fig = figure(
        2.9 * len(drawn) + 0.6, 1.8 + 0.32 * len(names), title=title, subtitle=subtitle, world=world
    )
    axes = np.atleast_1d(fig.subplots(1, len(drawn), sharey=True))
    heights = np.arange(len(names))
    for ax, (measure, group, label) in zip(axes, drawn, strict=True):
        part = rows[(rows["measure"] == measure) & (rows["group"] == group)]
        part = part.set_index("method").reindex(names)
        intervals(ax, heights, part, across=True, color=colour(0))
        ax.axvline(0, color="#777777", linewidth=0.8)
        ax.set_yticks(heights, names)
        ax.set(xlabel=label, ylim=(-0.6, len(names) - 0.4))
        ax.grid(axis="x")
    return fig
