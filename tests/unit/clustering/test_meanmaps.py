"""Mean maps of the clusters."""

import numpy as np
import pytest

from rainscore.clustering.descriptors import describe_maps
from rainscore.clustering.meanmaps import MIN_MAPS, average_clusters
from rainscore.grids import Grid
from rainscore.io import write_netcdf
from rainscore.scores.scoremaps import score_month
from tests.compliance import cf_errors
from tests.world import LEARNING, SCORE, TO_CELLS, month_pair, training_file


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    """A training file, the score maps and the table of two days."""
    folder = tmp_path_factory.mktemp("month")
    path, table = training_file(folder, "2019-05-01", "2019-05-03")
    maps, _ = score_month(month_pair("2019-05-01", "2019-05-03"), TO_CELLS, SCORE)
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


def test_the_file_follows_the_conventions(month, tmp_path) -> None:
    path, scores, _, table, clusters = month
    write_netcdf(average_clusters(clusters, [path], [scores]), tmp_path / "maps.nc")
    assert cf_errors(tmp_path / "maps.nc") == []
    descriptors = describe_maps([path], table["time"].to_numpy(), threshold=0.2)
    assert (
        descriptors[["imager", "SSMIS", "sounder", "morphed", "infrared"]].sum(axis=1).eq(1).all()
    )
