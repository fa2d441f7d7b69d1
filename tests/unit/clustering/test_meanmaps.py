"""Mean maps of the clusters."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.clustering.algorithms.desom import DESOM
from rainscore.clustering.descriptors import describe_maps
from rainscore.clustering.labels import label_clusters
from rainscore.clustering.meanmaps import MIN_MAPS, average_clusters
from rainscore.clustering.transitions import count_transitions
from rainscore.grids import Grid
from rainscore.io import write_netcdf
from rainscore.report.draw_clusters import LabelledClusters, desom_map, figures
from rainscore.report.figures.style import save
from rainscore.scores.scoremaps import score_month
from tests.compliance import cf_errors
from tests.world import LEARNING, SCORE, month_pair, training_file


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    """A training file, the score maps and the table of two days."""
    folder = tmp_path_factory.mktemp("month")
    path, table = training_file(folder, "2019-05-01", "2019-05-03")
    maps, _ = score_month(month_pair("2019-05-01", "2019-05-03"), SCORE)
    write_netcdf(maps, folder / "scores.nc")
    cluster = np.r_[np.full(4, -1), np.arange(92) % 2]
    distance = np.where(cluster < 0, np.nan, np.abs(np.arange(96) - 50.0))
    clusters = table[["time"]].assign(cluster=cluster, distance=distance, split="train")
    return path, folder / "scores.nc", maps, table, clusters


def test_mean_maps_are_the_means_of_the_maps_of_each_cluster(month) -> None:
    path, scores, maps, _, clusters = month
    means = average_clusters(clusters, [path], [scores])
    members = (clusters["cluster"] == 1).to_numpy()
    part = maps.isel(time=members)
    pooled = 1 - part["numerator"].sum("time") / part["denominator"].sum("time")
    assert (part["denominator"] > 0).sum("time").min() >= MIN_MAPS
    np.testing.assert_allclose(means["score"].sel(cluster=1), pooled, rtol=1e-5)
    # Four maps are fewer than MIN_MAPS.
    assert np.isnan(means["score"].sel(cluster=-1)).all()
    assert means["maps"].values.tolist() == [4, 46, 46]
    assert means["medoid_time"].values[1] == clusters["time"][50].to_datetime64()
    assert np.isnat(means["medoid_time"].values[0])
    assert np.isnan(means["medoid"].values[0]).all()
    assert np.isfinite(means["rain"].values).all()
    assert Grid.from_json(means.attrs["grid"]) == LEARNING


def test_the_file_follows_the_conventions_and_every_figure_is_drawn_from_it(
    month, tmp_path
) -> None:
    path, scores, _, table, clusters = month
    clusters = clusters.assign(split=np.where(clusters.index < 70, "train", "test"))
    kept = clusters[clusters["split"] == "train"]
    write_netcdf(average_clusters(kept, [path], [scores]), tmp_path / "maps.nc")
    assert cf_errors(tmp_path / "maps.nc") == []
    descriptors = describe_maps([path], table["time"].to_numpy(), threshold=0.2)
    assert (
        descriptors[["imager", "SSMIS", "sounder", "morphed", "infrared"]].sum(axis=1).eq(1).all()
    )
    vectors = np.random.default_rng(0).standard_normal((96, 3))
    latents = pd.DataFrame(vectors, columns=["z0", "z1", "z2"]).assign(time=table["time"])
    run = LabelledClusters(
        clusters=clusters,
        labels=label_clusters(clusters, table, descriptors, resamples=20, seed=0),
        transitions=count_transitions(clusters),
        maps=xr.load_dataset(tmp_path / "maps.nc", engine="h5netcdf"),
        latents=latents,
        table=table,
        world="simulated",
    )
    for name, draw in figures(run).items():
        fig = draw()
        assert "(simulated world)" in fig.texts[0].get_text()
        if name == "clusters":  # Test days are in none of its panels, as the sizes say.
            count = table["map_score"][4:70].notna().sum()
            assert fig.texts[1].get_text().startswith(f"{count} scored maps")
        save(fig, tmp_path / f"{name}.svg")
        assert (tmp_path / f"{name}.svg").stat().st_size < 1_500_000


def test_the_map_of_a_desom_shows_each_unit_and_greys_those_without_a_map(
    month, tmp_path, monkeypatch
) -> None:
    path, scores, _, table, clusters = month
    maps = average_clusters(clusters, [path], [scores])
    descriptors = describe_maps([path], table["time"].to_numpy(), threshold=0.2)
    labels = label_clusters(clusters, table, descriptors, resamples=20, seed=0)
    pictures = np.random.default_rng(0).random((30, 64), np.float32)
    desom = DESOM(rows=2, columns=2, steps=2, batch=8, progress=False).fit(pictures)
    members = np.random.default_rng(1).random((2, 2, 1, 8, 8))
    monkeypatch.setattr(desom, "decoded_map", lambda: members)
    fig = desom_map(desom, labels, maps, world="simulated")
    assert "decoded units\n92 maps; 2 units without a map" in fig.texts[1].get_text()
    frames = [ax.spines["top"].get_edgecolor() for ax in fig.axes[:4]]
    assert frames[2] == frames[3] != frames[0]
    save(fig, tmp_path / "map.svg")
