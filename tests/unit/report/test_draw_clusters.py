from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.clustering.algorithms.desom import DESOM
from rainscore.clustering.descriptors import describe_maps
from rainscore.clustering.labels import label_clusters
from rainscore.clustering.meanmaps import average_clusters
from rainscore.clustering.transitions import count_transitions
from rainscore.io import read_table, write_netcdf, write_table
from rainscore.report.draw_clusters import CLUSTER_FIGURES, ClusterFiles, desom_map
from rainscore.report.figures.style import save
from rainscore.scores.scoremaps import score_month
from tests.unit.report.figuredata import colour_values, heights
from tests.world import SCORE, TO_CELLS, month_pair, training_file


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> ClusterFiles:
    """Result files of the clusters of two days; the last 26 half-hours are test maps."""
    folder = tmp_path_factory.mktemp("clusters")
    features, table = training_file(folder, "2019-05-01", "2019-05-03")
    scores, _ = score_month(month_pair("2019-05-01", "2019-05-03"), TO_CELLS, SCORE)
    write_netcdf(scores, folder / "scores.nc")
    cluster = np.r_[np.full(4, -1), np.arange(92) % 2]
    distance = np.where(cluster < 0, np.nan, np.abs(np.arange(96) - 50.0))
    clusters = table[["time"]].assign(cluster=cluster, distance=distance)
    clusters["split"] = np.where(clusters.index < 70, "train", "test")
    train = clusters[clusters["split"] == "train"]
    write_netcdf(average_clusters(train, [features], [folder / "scores.nc"]), folder / "maps.nc")
    descriptors = describe_maps([features], table["time"].to_numpy(), threshold=0.2)
    vectors = np.random.default_rng(0).standard_normal((96, 3))
    tables = {
        "clusters": clusters,
        "labels": label_clusters(clusters, table, descriptors, resamples=20, seed=0),
        "transitions": count_transitions(clusters),
        "latents": pd.DataFrame(vectors, columns=["z0", "z1", "z2"]).assign(time=table["time"]),
        "tables": table,
    }
    for name, part in tables.items():
        write_table(part, folder / f"{name}.parquet")
    paths = {name: str(folder / f"{name}.parquet") for name in tables if name != "tables"}
    return ClusterFiles(
        **paths,
        curve="",
        atlas="",
        prototypes="",
        codebook=[],
        encoders=[],
        features=[],
        maps=str(folder / "maps.nc"),
        tables=[str(folder / "tables.parquet")],
        methods="",
        desom=[],
        desom_labels=[],
        desom_maps=[],
    )


def test_the_gallery_shows_the_clusters_without_the_test_maps(files: ClusterFiles) -> None:
    axes = np.array(CLUSTER_FIGURES["clusters"](files, "real").axes[:8]).reshape(2, 4)
    maps = xr.load_dataset(files.maps, engine="h5netcdf")
    table = read_table(files.tables[0])
    for row, cluster in zip(axes, (0, 1), strict=True):
        rain = colour_values(row[0].collections[0])
        np.testing.assert_allclose(rain, maps["rain"].sel(cluster=cluster))
        scores = table["map_score"][4 + cluster : 70 : 2].dropna()
        expected = 100 * np.histogram(scores, np.linspace(0, 1, 21))[0] / len(scores)
        np.testing.assert_allclose(heights(row[3])[:20], expected)


def test_latents_and_transitions_are_drawn_from_all_maps(files: ClusterFiles) -> None:
    left = CLUSTER_FIGURES["latents"](files, "real").axes[0]
    assert [len(np.asarray(part.get_offsets())) for part in left.collections] == [46, 46]
    shares = CLUSTER_FIGURES["transitions"](files, "real").axes[0].images[0].get_array()
    np.testing.assert_allclose(np.asarray(shares).sum(axis=1), 100)


@pytest.mark.parametrize("name", ["clusters", "latents", "transitions"])
def test_the_svg_of_a_figure_of_the_clusters_is_small(
    name: str, files: ClusterFiles, tmp_path: Path
) -> None:
    save(CLUSTER_FIGURES[name](files, "simulated"), tmp_path / "figure.svg")
    assert (tmp_path / "figure.svg").stat().st_size < 1_500_000


def test_units_of_a_desom_without_a_map_have_a_grey_frame(files, monkeypatch) -> None:
    pictures = np.random.default_rng(0).random((30, 64), np.float32)
    desom = DESOM(rows=2, columns=2, steps=2, batch=8, progress=False).fit(pictures)
    members = np.random.default_rng(1).random((2, 2, 1, 8, 8))
    monkeypatch.setattr(desom, "decoded_map", lambda: members)
    maps = xr.load_dataset(files.maps, engine="h5netcdf")
    fig = desom_map(desom, read_table(files.labels), maps, world="simulated")
    for ax, member in zip(fig.axes, members.reshape(4, 8, 8), strict=False):
        np.testing.assert_array_equal(ax.images[0].get_array(), member)
    frames = [ax.spines["top"].get_edgecolor() for ax in fig.axes[:4]]
    assert frames[2] == frames[3] != frames[0]
