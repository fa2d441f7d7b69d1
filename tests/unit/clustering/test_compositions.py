"""Clusters of maps by the codes that they are made of."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from rainscore.clustering.codebook import NO_CODE
from rainscore.clustering.codemaps import count_codes, read_codes, write_codes
from rainscore.clustering.compositions import (
    CompositionClusters,
    cluster_compositions,
    composition_vectors,
    repeat_compositions,
)
from rainscore.clustering.mapclusterers import load_map_clusterer
from rainscore.clustering.scoredistributions import DRY
from rainscore.errors import DamagedFile


def test_codes_are_counted_in_each_map_and_windows_without_rain_last() -> None:
    codes = np.array([[[0, 2], [2, NO_CODE]], [[NO_CODE] * 2] * 2], np.uint8)
    assert count_codes(codes, 3).tolist() == [[1, 0, 2, 1], [0, 0, 0, 4]]


def test_a_composition_is_the_roots_of_the_shares_of_families_and_the_wet_share() -> None:
    counts = np.array([[1, 0, 3, 4], [0, 0, 0, 8]])
    vectors = composition_vectors(counts, np.array([0, 1, 1]))
    np.testing.assert_allclose(vectors[0], [np.sqrt(0.25), np.sqrt(0.75), 0.5])
    assert vectors[1].tolist() == [0, 0, 0]


@pytest.fixture(scope="module")
def maps() -> tuple[pd.DataFrame, np.ndarray]:
    """Ninety maps of three kinds on nine days; every tenth has too little rain."""
    kind = np.arange(90) % 3
    rng = np.random.default_rng(0)
    vectors = np.eye(4)[kind] + 0.01 * rng.random((90, 4))
    table = pd.DataFrame(
        {
            "time": pd.date_range("2019-01-01", periods=90, freq="144min").astype("datetime64[ns]"),
            "split": np.where(np.arange(90) < 60, "train", "calibration"),
            "wet_share": np.where(np.arange(90) % 10, 0.3, 0.01),
        }
    )
    return table, vectors.astype(np.float32)


def three_clusters(
    table: pd.DataFrame, vectors: np.ndarray
) -> tuple[CompositionClusters, pd.DataFrame]:
    return cluster_compositions(
        table, vectors, k=3, size=20, min_wet_share=0.02, false_alarm_rate=0.01, seed=0
    )


def test_maps_of_one_kind_share_a_cluster_and_dry_maps_have_none(maps) -> None:
    table, vectors = maps
    clusters, assigned = three_clusters(table, vectors)
    dry = table["wet_share"] < 0.02
    assert (assigned.loc[dry, "cluster"] == DRY).all() and assigned.loc[
        dry, "distance"
    ].isna().all()
    kind = pd.Series(np.arange(90) % 3)[~dry]
    assert len({*zip(kind, assigned.loc[~dry, "cluster"], strict=True)}) == 3
    assert clusters.card_["k"] == 3
    far = np.array([[0.0, 0.0, 0.0, 1.0]], np.float32)
    assert clusters.novelty(far)[0] > clusters.card_["novelty_threshold"]


def test_clusters_are_read_as_they_were_written_and_recognised_by_their_card(maps, tmp_path):
    table, vectors = maps
    clusters, _ = three_clusters(table, vectors)
    clusters.save(tmp_path / "codes", code=["x"])
    read = load_map_clusterer(tmp_path / "codes")
    assert isinstance(read, CompositionClusters)
    assert read.predict(vectors).tolist() == clusters.predict(vectors).tolist()
    CompositionClusters(clusters.centres[:2], clusters.card_).save(tmp_path / "wrong")
    with pytest.raises(DamagedFile, match="clusters of compositions"):
        CompositionClusters.load(tmp_path / "wrong")


def test_a_repetition_on_other_days_finds_the_same_kinds(maps) -> None:
    table, vectors = maps
    run = repeat_compositions(table, vectors, k=3, seed=0)
    assert len(run.drop_duplicates(["cluster", "resampled"])) == 3


def test_maps_of_codes_are_read_as_they_were_written(run: SimpleNamespace, tmp_path) -> None:
    class Book:
        """A stand-in whose code is the number of the map in its batch."""

        centres = np.zeros((200, 1))

        def assign_maps(self, features: np.ndarray, wet: np.ndarray) -> np.ndarray:
            assert features.shape[0] == wet.shape[0] and features.shape[2:] == wet.shape[1:]
            return np.where(wet, np.arange(len(wet))[:, None, None], NO_CODE).astype(np.uint8)

    times = run.table["time"].to_numpy()[:20]
    path = tmp_path / "codes.h5"
    write_codes(run.unet, run.card, Book(), [run.path], times, path)  # type: ignore[arg-type]  # stand-in
    read = list(read_codes(path, times[::-1]))
    assert np.concatenate([t for t, _ in read]).tolist() == times.astype("datetime64[s]").tolist()
    codes = np.concatenate([c for _, c in read])
    assert set(np.unique(codes[17])) <= {1, NO_CODE}
