"""Gap between the splits of a run: autocorrelation of the map score, and skill by the gap.

    python -m benchmarks.split_gap RUN

RUN is the folder of a finished run. The first day of each validation block is predicted by a forest
that learns from training half-hours at least 0, 12 and 48 hours away, as many for each gap.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.evaluation.blocks import read_blocks
from rainscore.evaluation.forests import QuantileForest
from rainscore.evaluation.windowfeatures import WindowSample
from rainscore.io import read_months, read_table
from rainscore.scores.distribution import crps, masses_of

GAPS_H = (0, 12, 48)

LAGS_H = (1, 3, 6, 12, 24, 48)

EVALUATED_H = 24
"""Hours at the start of each validation block that are predicted."""

WINDOWS = 60000
WET_MM_H = 0.1


def autocorrelation(scores: pd.Series, lag_h: float) -> float:
    """Correlation of the map scores of a month with those some hours later.

    Args:
        scores: Map scores by time; each month is centred on its mean.
        lag_h: Lag [h].
    """
    centred = scores - scores.groupby(scores.index.to_period("M")).transform("mean")
    later = centred.reindex(centred.index + pd.Timedelta(hours=lag_h)).to_numpy()
    both = np.isfinite(later) & centred.notna().to_numpy()
    return float(np.corrcoef(centred.to_numpy()[both], later[both])[0, 1])


def distance_h(times: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Distance of each half-hour to the nearest evaluated one [h]."""
    first = (starts[:, None] - times).astype("timedelta64[m]").astype(float) / 60
    last = -first - EVALUATED_H
    return np.maximum(np.maximum(first, last), 0).min(axis=0)


def skill(paths: list[Path], training: np.ndarray, evaluated: np.ndarray) -> float:
    """CRPS skill of a forest against the climatology of the training half-hours."""
    total = sum(block.scores.size for block in read_blocks(paths, training, ()))
    sample = WindowSample(min(WINDOWS / total, 1), wet_threshold=WET_MM_H, seed=0)
    forest = QuantileForest(sample, threads=1, seed=0)
    for block in read_blocks(paths, training, ()):
        forest.learn(block)
    climatology, sums = masses_of(sample.scores), np.zeros(2)
    for block in read_blocks(paths, evaluated, ()):
        constant = np.broadcast_to(climatology, (block.scores.size, climatology.size))
        for i, masses in enumerate((forest.predict(block), constant)):
            sums[i] += crps(masses, block.scores).sum()
    return float(1 - sums[0] / sums[1])


def main(run: Path) -> None:
    """Print both tables."""
    results = run / "results"
    paths = sorted(results.glob("features/*.h5"))
    table = read_months([str(results / f"scores/{path.stem}.parquet") for path in paths])
    scores = table.set_index("time")["map_score"]
    for lag in LAGS_H:
        print(f"autocorrelation of the map score at {lag} h: {autocorrelation(scores, lag):.2f}")
    splits = read_table(results / "splits.parquet")
    blocks = splits[splits["split"] == "validation"]["block"].unique()
    starts = np.asarray(blocks, "datetime64[s]")
    times = splits["time"].to_numpy().astype("datetime64[s]")
    evaluated = times[distance_h(times, starts) == 0]
    training = splits.loc[splits["split"] == "train", "time"].to_numpy().astype("datetime64[s]")
    distance = distance_h(training, starts)
    count = int((distance >= max(GAPS_H)).sum())
    rng = np.random.default_rng(0)
    for gap in GAPS_H:
        candidates = training[distance >= gap]
        # The nearest half-hours stay, so that the gap is what differs.
        order = np.argsort(distance[distance >= gap] + rng.random(candidates.size), kind="stable")
        near, far = np.split(order, [count // 2])
        chosen = np.concatenate([near, rng.choice(far, count - near.size, replace=False)])
        value = skill(paths, np.sort(candidates[chosen]), evaluated)
        print(f"gap {gap} h: CRPS skill {value:.4f} from {count} half-hours")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
