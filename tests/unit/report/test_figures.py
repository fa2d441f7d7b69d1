from collections.abc import Callable
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.figure import Figure

from rainscore.clustering.transitions import count_transitions
from rainscore.evaluation.importance import CHANNEL_GROUPS
from rainscore.grids import study_grid
from rainscore.report.figures.plot_choice import plot_evidence
from rainscore.report.figures.plot_clusters import (
    plot_clusters,
    plot_latents,
    plot_transitions,
    principal_components,
)
from rainscore.report.figures.plot_data import plot_availability
from rainscore.report.figures.plot_importance import plot_case, plot_importance, plot_sensitivity
from rainscore.report.figures.plot_skill import (
    plot_coverage,
    plot_paired,
    plot_predicted,
    plot_reliability,
    plot_skill,
)
from rainscore.report.figures.plot_training import plot_ablation, plot_latent_sizes, plot_learning
from rainscore.report.figures.style import save

GRID = study_grid(centre=(2.5, 46.6), size_km=160, step_km=8)
TIMES = pd.date_range("2019-01-01", periods=96, freq="30min")
PERIOD = "2019-01"


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def table(**columns: list) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    value = rng().uniform(0.2, 0.8, len(frame))
    return frame.assign(value=value, low=value - 0.1, high=value + 0.1, n=1234, days=12)


def availability(world: str) -> Figure:
    states = ["present"] * 90 + ["missing"] * 4 + ["damaged"] * 2
    manifest = pd.DataFrame({"time": TIMES, "state": states})
    return plot_availability({"IMERG": manifest, "radar": manifest}, world=world)


def evidence(world: str) -> Figure:
    names = [(s, c) for s in ("fss", "csi") for c in ("displacement", "amplitude", "a", "b")]
    frame = table(score=[s for s, _ in names], criterion=[c for _, c in names])
    frame.loc[0, ["low", "high"]] = np.nan
    return plot_evidence(frame.assign(windows=99), used="fss", period=PERIOD, world=world)


def learning(world: str) -> Figure:
    curve = pd.DataFrame({"epoch": [1, 2, 3], "training": [3, 2, 1], "validation": [3, 1, 2]})
    return plot_learning({"U-Net": curve}, period=PERIOD, world=world)


def ablation(world: str) -> Figure:
    frame = table(variant=["rain-only", "no-JJA"], measure=["crps", "crps"])
    share = {"difference": 0.02, "difference_low": 0.01, "difference_high": 0.04}
    return plot_ablation(frame.assign(**share), period=PERIOD, world=world)


def latent_sizes(world: str) -> Figure:
    methods = ["auto-encoder", "principal components"] * 3
    frame = table(method=methods, latent=[4, 4, 8, 8, 16, 16]).assign(maps=237)
    frame["share"] = [0.4, 0.5, 0.3, 0.4, 0.2, 0.3]
    return plot_latent_sizes(frame, period=PERIOD, world=world)


def skill_rows() -> pd.DataFrame:
    groups = [("all", "all"), ("map", "all"), ("age", "> 4 h"), ("age", "now"), ("age", "1–2 h")]
    rows = [
        (method, measure, split, group)
        for method in ("climatology", "U-Net")
        for measure in ("crps_skill", "mae", "correlation", "coverage")
        for split, group in groups
    ]
    names = ("method", "measure", "split", "group")
    return table(**dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def skill(world: str) -> Figure:
    return plot_skill(skill_rows(), period=PERIOD, world=world)


def coverage(world: str) -> Figure:
    return plot_coverage(skill_rows(), period=PERIOD, world=world)


def reliability(world: str) -> Figure:
    rows = table(what=["score", "score", "hidden rain"], level=[0.05, 0.5, 0.95])
    rows = rows.rename(columns={"value": "share"}).assign(less=rows["low"])
    return plot_reliability(rows, period=PERIOD, world=world)


def paired(world: str) -> Figure:
    rows = table(
        method=["U-Net"] * 4,
        other=["climatology", "quality index"] * 2,
        split=["all", "all", "season", "season"],
        group=["all", "all", "DJF", "DJF"],
    ).rename(columns={"value": "skill"})
    rows = rows.assign(skill_low=rows["low"], skill_high=rows["high"])
    return plot_paired(rows, period=PERIOD, world=world)


def predicted(world: str) -> Figure:
    groups = [("all", "all"), ("season", "DJF"), ("season", "JJA"), ("age", "now")]
    rows = [(*group, name) for group in groups for name in ("predicted", "found")]
    columns = dict(
        zip(("split", "group", "measure"), map(list, zip(*rows, strict=True)), strict=True)
    )
    return plot_predicted(table(method=["U-Net"] * 8, **columns), period=PERIOD, world=world)


def importance(world: str) -> Figure:
    return plot_importance(table(group=list(CHANNEL_GROUPS)), period=PERIOD, world=world)


def sensitivity(world: str) -> Figure:
    depends = {name: rng().uniform(0, 1e-3, GRID.shape) for name in CHANNEL_GROUPS}
    shown = [(GRID, rng().gamma(0.3, 2, GRID.shape), depends)] * 2
    return plot_sensitivity(shown, TIMES[:2].to_numpy(), world=world)


def clusters(world: str) -> Figure:
    fields = {name: (("cluster", "y", "x"), rng().gamma(0.3, 2, (3, *GRID.shape)))
              for name in ("rain", "medoid", "score")}  # fmt: skip
    times = np.array(["2019-01-01T12:00", "2019-01-02T00:30", "NaT"], "datetime64[ns]")
    one = {"maps": ("cluster", [48, 48, 0]), "medoid_time": ("cluster", times)}
    scores = pd.DataFrame({"time": TIMES, "cluster": [0, 1] * 48, "map_score": 0.5})
    labels = pd.DataFrame({"cluster": range(3), "name": ["showers", "front", "no known map"]})
    labels = labels.assign(maps=[48, 48, 0], days=2, uncertain=True, score=0.5)
    labels = labels.assign(score_low=0.2, score_high=0.9)
    maps = xr.Dataset(fields | one)
    return plot_clusters(maps, labels, scores, GRID, period=PERIOD, world=world)


def transitions(world: str) -> Figure:
    clusters = pd.DataFrame({"time": TIMES, "cluster": rng().integers(-1, 3, 96)})
    names = {-1: "too little rain", 0: "0: showers", 1: "1: front"}
    table = count_transitions(clusters)
    return plot_transitions(table, names=names, days=2, period=PERIOD, world=world)


def latents(world: str) -> Figure:
    score = rng().uniform(0, 1, 96)
    score[::3] = np.nan
    cluster, vectors = rng().integers(-1, 12, 96), rng().standard_normal((96, 4))
    names = {i: f"{i}: a name" for i in range(12)}
    return plot_latents(vectors, cluster, score, names=names, days=2, period=PERIOD, world=world)


def case(world: str) -> Figure:
    rain = rng().gamma(0.3, 2, (2, *GRID.shape))
    score = rng().uniform(0, 1, (2, 10, 10))
    score[:, :3] = np.nan
    fields = (rain, rain, score, score, score - 0.1, score + 0.1)
    times = TIMES[:2].to_numpy()
    return plot_case(*fields, times, grid=GRID, score_grid=GRID.coarsen(2), world=world)


FAMILIES: tuple[Callable[[str], Figure], ...] = (
    availability,
    evidence,
    learning,
    ablation,
    latent_sizes,
    skill,
    coverage,
    reliability,
    clusters,
    latents,
    transitions,
    case,
)


@cache
def drawn(draw: Callable[[str], Figure], world: str) -> Figure:
    return draw(world)


def words(fig: Figure) -> list[str]:
    return [text.get_text() for text in fig.texts]


@pytest.mark.parametrize("draw", FAMILIES)
def test_a_figure_says_its_world_its_sample_and_its_period(draw) -> None:
    title, subtitle = words(drawn(draw, "simulated"))
    assert "(simulated world)" in title
    assert "simulated" not in words(drawn(draw, "real"))[0]
    assert "2019" in subtitle
    assert any(character.isdigit() for character in subtitle.replace("2019-01", ""))


@pytest.mark.parametrize("draw", FAMILIES)
def test_every_axis_with_numbers_has_a_label(draw) -> None:
    for ax in drawn(draw, "real").axes:
        is_map = any("°" in label.get_text() for label in ax.get_xticklabels())
        shared = ax.get_shared_x_axes().get_siblings(ax)
        if ax.get_visible() and not is_map and ax.get_label() != "<colorbar>":
            assert any(other.get_xlabel() for other in shared), draw


@pytest.mark.parametrize("draw", [case])
def test_the_same_figure_gives_the_same_small_svg(draw, tmp_path: Path) -> None:
    for name in ("once", "again"):
        save(draw("real"), tmp_path / f"{name}.svg")
    once = (tmp_path / "once.svg").read_bytes()
    assert once == (tmp_path / "again.svg").read_bytes()
    assert b"dc:date" not in once
    assert len(once) < 1_500_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.svg", "once.svg"]


def test_drawing_and_saving_leave_matplotlibs_settings_alone(tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    save(learning("real"), tmp_path / "x.png")
    assert dict(matplotlib.rcParams) == before


def test_the_share_of_missing_and_damaged_half_hours_is_written() -> None:
    labels = availability("real").axes[0].get_legend_handles_labels()[1]
    assert labels == ["present 90 (93.8 %)", "missing 4 (4.2 %)", "damaged 2 (2.1 %)"]


def test_groups_of_the_coverage_stand_in_their_natural_order() -> None:
    labels = [text.get_text() for text in coverage("real").axes[0].get_yticklabels()]
    assert [label.split(" (")[0] for label in labels] == [
        "all pixels",
        "whole maps",
        "age: now",
        "age: 1–2 h",
        "age: > 4 h",
    ]


def test_methods_are_sorted_by_their_skill() -> None:
    rows = skill_rows()
    rows.loc[rows["method"] == "U-Net", "value"] += 1
    ax = plot_skill(rows, period=PERIOD, world="real").axes[0]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["climatology", "U-Net"]


def test_principal_components_agree_with_scikit_learn() -> None:
    from sklearn.decomposition import PCA

    vectors = rng().standard_normal((50, 6)) @ rng().standard_normal((6, 6)) + 3
    points, explained = principal_components(vectors)
    standard = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    peer = PCA(2).fit(standard)
    assert np.abs(points) == pytest.approx(np.abs(peer.transform(standard)))
    assert explained == pytest.approx(peer.explained_variance_ratio_)
    assert principal_components(vectors * [1, 2, 3, 4, 5, 6])[0] == pytest.approx(points)
