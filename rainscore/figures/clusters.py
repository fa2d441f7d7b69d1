"""Clusters of maps: what they look like, how they score, where they lie in the latent space."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rainscore.figures.style import colour, count, figure, marker, sample, styled
from rainscore.grids import Grid
from rainscore.maps import LABELS, aspect, colour_bar, paint


@styled
def plot_clusters(
    rain: np.ndarray,
    medoids: np.ndarray,
    scores: pd.DataFrame,
    grid: Grid,
    *,
    names: list[str],
    period: str,
    world: str,
) -> Figure:
    """A gallery: for each cluster its mean rain, its most central map, and its scores.

    Args:
        rain: Mean rain of each cluster, dims (k, ny, nx), mm/h; NaN missing.
        medoids: The map nearest to each centre, dims (k, ny, nx), mm/h; NaN missing.
        scores: One row a map that has a score: cluster (0 … k − 1), map_score [1], time.
        grid: The grid of the maps.
        names: (k,) what each cluster is called.
        period: In words.
        world: 'simulated' or 'real'.
    """
    k = len(names)
    columns = 2 if k > 2 else 1
    lines = int(np.ceil(k / columns))
    days = scores["time"].dt.normalize().nunique()
    height = 1.3 + lines * (0.55 + 1.8 * aspect(grid))
    subtitle = sample(len(scores), "scored maps", days, period)
    subtitle += "; orange: median [5 to 95 %] of the cluster, dotted: median of all"
    fig = figure(6.6 * columns, height, title="Clusters", subtitle=subtitle, world=world)
    axes = fig.subplots(lines, 3 * columns, squeeze=False).reshape(lines * columns, 3)
    for left, middle, right in axes[k:]:
        for ax in (left, middle, right):
            ax.set_visible(False)
    overall = scores["map_score"].median()
    edges = np.linspace(0, 1, 21)
    for i, (left, middle, right) in enumerate(axes[:k]):
        mesh = paint(left, rain[i], grid, kind="rain")
        paint(middle, medoids[i], grid, kind="rain")
        found = scores.loc[scores["cluster"] == i, "map_score"]
        left.set_title(f"{i}: {names[i]}\nmean rain")
        middle.set_title("most central map", weight="normal")
        right.hist(
            found, edges, weights=np.full(len(found), 100 / max(len(found), 1)), color=colour(5)
        )
        right.axvline(found.median(), color=colour(1), linewidth=1.8)
        right.axvline(overall, color="#777777", linewidth=0.9, linestyle=":")
        low, high = found.quantile([0.05, 0.95]) if len(found) else (np.nan, np.nan)
        text = f"{found.median():.2f} [{low:.2f}, {high:.2f}], {count(len(found))} maps"
        right.set_title(text, weight="normal")
        right.set(xlim=(0, 1), xlabel="map score [1]", ylabel="maps [%]")
        for ax in (left, middle):
            ax.tick_params(labelsize=6)
    colour_bar(mesh, [ax for row in axes for ax in row], label=LABELS["rain"])
    return fig


@styled
def plot_latents(
    latents: np.ndarray,
    cluster: np.ndarray,
    score: np.ndarray,
    *,
    days: int,
    period: str,
    world: str,
) -> Figure:
    """The latent space along its two principal components, coloured by cluster and by score.

    Args:
        latents: Latent vectors, dims (map, latent), without NaN.
        cluster: Cluster of each map, dims (map,); −1: not clustered.
        score: Map score, dims (map,), 1; NaN missing (left out on the right).
        days, period, world: As in the other figures.
    """
    points, explained = principal_components(latents)
    subtitle = sample(len(latents), "maps", days, period)
    title = "Latent space, first two principal components"
    fig = figure(10.5, 4.9, title=title, subtitle=subtitle, world=world)
    left, right = fig.subplots(1, 2, sharex=True, sharey=True)
    options = {"s": 7, "linewidths": 0, "rasterized": True}
    for i in np.unique(cluster):
        here = points[cluster == i]
        shade, shape = ("#cccccc", ".") if i < 0 else (colour(i), marker(i))
        name = "none" if i < 0 else str(i)
        left.scatter(
            *here.T, color=shade, marker=shape, label=f"{name} ({count(len(here))})", **options
        )
    left.legend(title="cluster (maps)", markerscale=2, loc="upper left", bbox_to_anchor=(1, 1))
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

    The sign of each component is such that its largest weight is positive.
    """
    centred = np.asarray(vectors, np.float64) - np.mean(vectors, axis=0, dtype=np.float64)
    _, strength, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2] * np.sign(axes[[0, 1], np.abs(axes[:2]).argmax(axis=1)])[:, None]
    return centred @ axes.T, strength[:2] ** 2 / np.sum(strength**2)
