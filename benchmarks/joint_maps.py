"""Joint clustering of whole maps with as many steps as the papers take, from the results of a run.

Every method starts from the auto-encoder of the run and is compared with k-means of the same
vectors and seed, on the test days and in the unseen worlds of the run. `longer` is k-means after as
many steps that train the auto-encoder alone: what it gains is not due to joint learning.
Clusterings that are already in the folder are not made again.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.clustering.algorithms.base import DeepClusterer
from rainscore.clustering.algorithms.classical import LatentKMeans
from rainscore.clustering.algorithms.dkm import DeepKMeans
from rainscore.clustering.algorithms.methods import BATCH
from rainscore.clustering.mapclusters import ClusterSettings, fit_clusters, summarised
from rainscore.clustering.mapsets import read_rain, scored_maps, with_enough_rain
from rainscore.clustering.windowcodes import codes_table, read_codes_table
from rainscore.evaluation.codeskill import ERROR_LEVELS
from rainscore.evaluation.encoderskill import (
    LABELLED,
    CodesRun,
    EvaluatedWindows,
    compare_encoders,
)
from rainscore.evaluation.skill import AT_HOME
from rainscore.evaluation.transferskill import Case
from rainscore.io import read_months, read_table, write_table
from rainscore.runtime import use_threads
from rainscore.scores.distribution import masses_from_quantiles
from rainscore.times import times_of
from rainscore.training.autoencoder import AutoEncoder, load_autoencoder
from rainscore.training.calibration import map_scores
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.features import wet_shares
from rainscore.training.trained import TrainedUNet, load_trained_unet

ROOT = Path(__file__).resolve().parents[1]
LONGER = "longer"
METHODS = ["dcec", "idec", "deep_kmeans", "depict", "desom", LONGER]
UNSEEN = "unseen world"


@dataclass(frozen=True)
class ScoredMaps:
    """Maps with enough rain and a score; the fields are those that `compare_encoders` reads.

    Attributes:
        rain: Log-rain maps, dims (n, 1, y, x), float16.
        predicted: Distribution of the map score by the U-Net, dims (n, mass).
        scores: Map scores, dims (n,).
        days: Days of the maps, dims (n,), datetime64[D].
    """

    rain: np.ndarray
    predicted: np.ndarray
    scores: np.ndarray
    days: np.ndarray


class Run:
    """Results of a run, as far as they are needed here.

    Args:
        results: Folder of the results.
        min_wet_share: Minimum wet share of a map [1].
    """

    def __init__(self, results: Path, min_wet_share: float) -> None:
        self.results, self.min_wet_share = results, min_wet_share
        self.unet: TrainedUNet = load_trained_unet(results / "models" / "unet")
        self.encoder: AutoEncoder = load_autoencoder(results / "models" / "autoencoder")[0]
        self.features = sorted((results / "features").glob("*.h5"))
        months = sorted((results / "scores").glob("*.parquet"))
        self.maps = scored_maps(read_table(results / "latents.parquet"), read_months(months))
        times = times_of(self.maps, "calibration")
        errors = self.maps.set_index("time")["map_score"] - self.predicted(self.features, times)
        self.error_quantiles = np.quantile(errors.dropna(), ERROR_LEVELS)

    def predicted(self, features: Sequence[Path], times: np.ndarray) -> pd.Series:
        """Map score by the U-Net, by time."""
        return map_scores(self.unet.model, self.unet.card, self.unet.calibration, features, times)

    def splits(self) -> dict[str, ScoredMaps]:
        """Maps of the training, calibration and test days."""
        return {
            split: self._scored(self.features, self.maps[self.maps["split"] == split])
            for split in (*LABELLED, "test")
        }

    def unseen(self) -> dict[str, ScoredMaps]:
        """Maps of the unseen worlds."""
        worlds = {}
        for path in sorted((self.results / "transfer").glob("unseen-world-*.h5")):
            times = pd.Series(Case.whole(path.stem, UNSEEN, path).times.astype("datetime64[ns]"))
            shares = wet_shares([path], pd.DataFrame({"time": times, "split": path.stem}))
            scores = read_table(path.with_suffix(".parquet"))[["time", "map_score"]]
            worlds[path.stem] = self._scored([path], shares.merge(scores, on="time"))
        return worlds

    def _scored(self, features: Sequence[Path], maps: pd.DataFrame) -> ScoredMaps:
        rainy = with_enough_rain(maps.dropna(subset=["map_score"]), self.min_wet_share)
        times = rainy["time"].to_numpy()
        predicted = self.predicted(features, times).reindex(times)
        usable = predicted.notna().to_numpy()
        times, values = times[usable], predicted.to_numpy()[usable]
        return ScoredMaps(
            read_rain(features, times),
            masses_from_quantiles(values[:, None] + self.error_quantiles, ERROR_LEVELS),
            rainy["map_score"].to_numpy(float)[usable],
            times.astype("datetime64[D]"),
        )


def fit_longer(
    rain: np.ndarray, encoder: AutoEncoder, settings: ClusterSettings, seed: int
) -> DeepClusterer:
    """k-means after as many epochs of Deep k-Means without its clustering loss."""
    network, _ = summarised(encoder, rain, settings.summary)
    common = {"k": settings.k, "batch": BATCH, "seed": seed, "progress": False}
    trained = DeepKMeans(
        network=network, pretrain_epochs=0, weight=0.0, epochs_each=1, values=settings.epochs,
        **common,
    )  # fmt: skip
    trained.fit(rain)
    return LatentKMeans(network=trained.network_, pretrain_epochs=0, **common).fit(rain)


def clusters_of(
    name: CodesRun,
    maps: Mapping[str, ScoredMaps],
    encoder: AutoEncoder,
    settings: ClusterSettings,
    folder: Path,
) -> dict[str, np.ndarray]:
    """Cluster of each map by split or world; from the folder where it has been made already."""
    path = folder / f"{str(name).replace('/', '_')}_{settings.epochs}.parquet"
    if not path.exists():
        checkpoint = Checkpoint(path.with_suffix(".checkpoint"), str(settings))
        if name.method == LONGER:
            clusterer = fit_longer(maps["train"].rain, encoder, settings, name.seed)
        else:
            clusterer = fit_clusters(
                maps["train"].rain, encoder, name.method,
                settings=settings, seed=name.seed, checkpoint=checkpoint,
            )  # fmt: skip
        clusters = {case: clusterer.predict(rows.rain) for case, rows in maps.items()}
        write_table(codes_table(clusters), path)
        checkpoint.remove()
    return read_codes_table(read_table(path))


def main() -> None:
    """Cluster the maps, and write the table of the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="folder of the results of a run")
    parser.add_argument("folder", type=Path, help="folder for the clusterings")
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--summaries", nargs="+", default=["invariant"])
    parser.add_argument("--steps", type=int, default=2000, help="least steps of joint training")
    parser.add_argument("--clusters", type=int, default=12, help="number of clusters")
    parser.add_argument("--min-wet-share", type=float, default=0.02)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=ROOT / "docs/study/joint_maps.csv")
    options = parser.parse_args()
    use_threads(options.threads)
    run = Run(options.results, options.min_wet_share)
    splits, unseen = run.splits(), run.unseen()
    count = len(splits["train"].rain)
    epochs = ceil(options.steps / ceil(count / BATCH))
    options.folder.mkdir(parents=True, exist_ok=True)
    runs: dict[CodesRun, dict[str, np.ndarray]] = {}
    order = product(options.seeds, options.summaries, ["kmeans", *options.methods])
    for seed, summary, method in order:
        name = CodesRun(summary, method, options.clusters, seed)
        settings = ClusterSettings(
            summary=summary, k=options.clusters, epochs=epochs, max_training_maps=count,
            min_wet_share=options.min_wet_share, false_alarm_rate=0.01,
        )  # fmt: skip
        runs[name] = clusters_of(name, {**splits, **unseen}, run.encoder, settings, options.folder)
    table = compare_encoders(
        {name: splits[name] for name in LABELLED},
        [
            EvaluatedWindows(AT_HOME, "test", splits["test"]),
            *(EvaluatedWindows(UNSEEN, name, maps) for name, maps in unseen.items()),
        ],
        runs,
        reference="kmeans",
        resamples=options.resamples,
        seed=0,
    )
    table.round(4).to_csv(options.out, index=False)


if __name__ == "__main__":
    main()
