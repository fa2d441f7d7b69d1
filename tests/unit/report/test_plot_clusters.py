import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.colors import BoundaryNorm

from rainscore.clustering.methodtable import ALL_SEEDS
from rainscore.clustering.transitions import count_transitions
from rainscore.report.figures.plot_clusters import (
    plot_clusters,
    plot_latents,
    plot_methods,
    plot_transitions,
    principal_components,
)
from rainscore.report.figures.plot_codes import plot_atlas, plot_encoders
from rainscore.scores.distribution import MASSES
from tests.unit.report.figuredata import (
    GRID,
    PERIOD,
    TIMES,
    bars,
    colour_values,
    heights,
    points,
    rng,
    ticks,
)


def test_a_cluster_shows_its_maps_its_scores_and_the_interval_of_its_label() -> None:
    fields = {
        name: (("cluster", "y", "x"), rng().gamma(0.3, 2, (3, *GRID.shape)))
        for name in ("rain", "medoid", "score")
    }
    times = np.array(["2019-01-01T12:00", "2019-01-02T00:30", "NaT"], "datetime64[ns]")
    sizes = {"maps": ("cluster", [48, 48, 0]), "medoid_time": ("cluster", times)}
    maps = xr.Dataset(fields | sizes)
    map_scores = np.where(np.arange(96) < 24, 0.22, 0.52)
    scores = pd.DataFrame({"time": TIMES, "cluster": [0, 1] * 48, "map_score": map_scores})
    labels = pd.DataFrame({"cluster": range(3), "name": ["showers", "front", "no map"]})
    labels = labels.assign(maps=[48, 48, 0], days=2, uncertain=True, score=0.5)
    labels = labels.assign(score_low=0.2, score_high=0.9)
    fig = plot_clusters(maps, labels, scores, GRID, period=PERIOD, world="real")
    axes = np.array(fig.axes[:12]).reshape(3, 4)
    for row in range(3):
        for ax, name in zip(axes[row], ("rain", "medoid", "score"), strict=False):
            np.testing.assert_allclose(colour_values(ax.collections[0]), maps[name].values[row])
    shares = heights(axes[0, 3])[:20]
    assert shares[4] == pytest.approx(25) and shares[10] == pytest.approx(75)
    assert sum(shares) == pytest.approx(100)
    assert sum(heights(axes[2, 3])[:20]) == 0
    label, overall = (line.get_xdata()[0] for line in axes[0, 3].lines)
    assert (label, overall) == (0.5, 0.52)


def test_a_family_shows_its_example_and_its_prototype_with_the_window_and_one_scale() -> None:
    families = pd.DataFrame({"number": range(5), "name": "drizzle", "share": 0.2, "windows": 10})
    families = families.assign(days=3, median=0.4)
    patches = rng().gamma(0.3, 2, (5, 9, 9))
    patches[2, 4:] = np.nan  # outside the map
    prototypes = rng().uniform(0.03, 1, (5, 9, 9))
    masses = np.full((5, MASSES), 1 / MASSES)
    fig = plot_atlas(families, patches, prototypes, masses, world="real")
    first, second, third = fig.axes[0], fig.axes[1], fig.axes[6]
    for ax, drawn in ((first, patches), (second, prototypes)):
        np.testing.assert_allclose(colour_values(ax.collections[0]), drawn[0])
        (cross,) = ax.lines
        np.testing.assert_array_equal(cross.get_xydata(), [[4.5, 4.5]])
        assert ax.get_ylim() == (9, 0)  # the first row of a patch is the northernmost
        norm = ax.collections[0].norm
        assert isinstance(norm, BoundaryNorm) and norm.boundaries[0] == 0.02
    assert (first.get_xlabel(), second.get_xlabel()) == ("an example", "prototype")
    assert third.patch.get_hatch() and np.isnan(colour_values(third.collections[0])[4:]).all()
    assert fig.axes[-1].get_xlabel() == "rain [mm/h]"


def test_only_maps_with_a_score_are_drawn_by_score() -> None:
    score = rng().uniform(0, 1, 96)
    score[::3] = np.nan
    cluster, vectors = rng().integers(-1, 12, 96), rng().standard_normal((96, 4))
    names = {i: f"{i}: a name" for i in range(12)}
    fig = plot_latents(vectors, cluster, score, names=names, days=2, period=PERIOD, world="real")
    left, right = fig.axes[:2]
    assert sum(len(np.asarray(part.get_offsets())) for part in left.collections) == 96
    assert len(left.collections) == len(np.unique(cluster))
    assert len(np.asarray(right.collections[0].get_offsets())) == 64
    np.testing.assert_array_equal(colour_values(right.collections[0]), score[np.isfinite(score)])


def test_transitions_are_drawn_as_shares_of_their_row_with_counts() -> None:
    clusters = pd.DataFrame({"time": TIMES, "cluster": rng().integers(-1, 3, 96)})
    names = {-1: "too little rain", 0: "0: showers", 1: "1: front"}
    fig = plot_transitions(
        count_transitions(clusters), names=names, days=2, period=PERIOD, world="real"
    )
    ax = fig.axes[0]
    np.testing.assert_allclose(np.asarray(ax.images[0].get_array()).sum(axis=1), 100)
    assert sum(int(text.get_text().replace("·", "0")) for text in ax.texts) == 95


def test_principal_components_agree_with_scikit_learn() -> None:
    from sklearn.decomposition import PCA

    vectors = rng().standard_normal((50, 6)) @ rng().standard_normal((6, 6)) + 3
    components, explained = principal_components(vectors)
    standard = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    reference = PCA(2).fit(standard)
    assert np.abs(components) == pytest.approx(np.abs(reference.transform(standard)))
    assert explained == pytest.approx(reference.explained_variance_ratio_)
    assert principal_components(vectors * [1, 2, 3, 4, 5, 6])[0] == pytest.approx(components)


def test_methods_are_drawn_below_each_other_with_the_reference_first() -> None:
    rows = [
        ("kmeans", ALL_SEEDS, 0.3, 0.2, 0.4),
        ("dcec", ALL_SEEDS, 0.5, 0.4, 0.6),
        ("wet share", ALL_SEEDS, 0.2, 0.1, 0.3),
        ("kmeans", 0, 0.9, np.nan, np.nan),
    ]
    names = ["method", "seed", "value", "low", "high"]
    frame = pd.DataFrame(rows, columns=names).assign(k=3, measure="eta2", group="test")
    ax = plot_methods(frame, period=PERIOD, world="real").axes[0]
    assert ticks(ax) == ["wet share", "dcec", "kmeans"]
    np.testing.assert_allclose(points(ax)[:, 0], [0.2, 0.5, 0.3])
    np.testing.assert_allclose(bars(ax), [[0.1, 0.3], [0.4, 0.6], [0.2, 0.4]])


def test_the_skill_of_encoders_is_drawn_in_percent_of_that_of_the_u_net() -> None:
    rows = [
        {
            **{"kind": kind, "encoder": encoder, "method": method, "codes": codes},
            **{"measure": "of_unet", "value": value, "low": value - 0.1, "high": value + 0.1},
            **{"seeds": 2, "spread": 0.0, "blocks": 4, "n": 100},
        }
        for kind in ("test days", "unseen world")
        for encoder, method, value in (("decoder", "kmeans", 0.9), ("channels", "dcec", 0.5))
        for codes in (12, 64)
    ]
    fig = plot_encoders(pd.DataFrame(rows), world="simulated")
    left, right = fig.axes
    assert [label.get_text() for label in left.get_yticklabels()] == [
        "U-Net, last decoder level: kmeans",
        "auto-encoder, all channels: dcec",
    ]
    assert np.asarray(left.lines[0].get_xdata()).tolist() == pytest.approx([90.0, 50.0])
    assert right.get_title() == "unseen world"
