"""What a model of many worlds loses in a new world, and which part of that world decides its skill.

    python -m benchmarks.transfer_evidence FOLDER --out TABLE.csv

FOLDER is that of `python -m tools.train_many_worlds`. Gradient boosting learns in its worlds, and
again in each unseen world itself, from other days; both predict the same days of the unseen world.
Then each part of the unseen world in turn takes the values of the reference world, and the model of
many worlds predicts that world: its skill rises by as much as that part makes rain hard to judge.
Skills refer to the climatology of the predicted days, so that a dry world is no advantage.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.config import load_config, resolved_domain
from rainscore.evaluation.baselines import Baseline
from rainscore.evaluation.blocks import read_blocks
from rainscore.evaluation.boosting import Boosting
from rainscore.evaluation.rivals import share_of_windows
from rainscore.evaluation.transfercases import simulated_rain, write_case
from rainscore.evaluation.transferskill import Case
from rainscore.evaluation.windowfeatures import WindowSample
from rainscore.grids import Domain
from rainscore.io import read_table
from rainscore.runtime import use_threads
from rainscore.scores.distribution import crps, masses_of
from rainscore.scores.scoremaps import ScoreSettings
from rainscore.simulation.worlds import REFERENCE, World, transfer_cases
from rainscore.times import month_span, times_of
from rainscore.training.splits import split_blocks
from tools.train_many_worlds import DAYS, STEP_MINUTES, UNSEEN_DAYS, UNSEEN_WORLDS

PARTS = {
    "rain": (
        *("wet_area", "rain_rate", "rate_spread", "lifetime", "slope_shift", "cell_share_shift"),
        *("speed", "turn", "warmth"),
    ),
    "satellites": (
        *("availability", "retrieval_noise", "shared_noise", "detection_threshold"),
        *("false_alarms", "footprint", "displacement", "aloft", "rate_exponent", "gain"),
    ),
    "merge": ("motion_error", "infrared_noise", "shield", "sharpening"),
    "radar": ("radar_errors",),
}
"""Parameters of a world by part."""

OWN_OFFSET_DAYS, OWN_DAYS = 6, 24
"""Days from the start of the evaluated days to those of the model of the world itself, and their
number, of which half are training days."""


def simulate(
    folder: Path, name: str, world: World, start: np.datetime64, days: int, seed: int
) -> tuple[Path, pd.DataFrame]:
    """Training file and score table of some days of a world; kept, so that a rerun resumes."""
    path = folder / f"{name}.h5"
    if not path.with_suffix(".parquet").exists():
        config = load_config()
        domain = Domain(**resolved_domain(config))
        rain = simulated_rain(
            domain.grid,
            start,
            start + np.timedelta64(days, "D"),
            seed=seed,
            world=world,
            step_minutes=STEP_MINUTES,
        )
        settings = ScoreSettings(**config["scores"], learning_step_km=domain.learning_step_km)
        path.parent.mkdir(parents=True, exist_ok=True)
        table = write_case(rain, path, seed=seed, world=world, run="final", settings=settings)
        table.to_parquet(path.with_suffix(".parquet"))
    return path, read_table(path.with_suffix(".parquet"))


def boosting(paths: Sequence[Path], tables: pd.DataFrame) -> Baseline:
    """Gradient boosting, not calibrated, that has learned from the training days of the files."""
    config = load_config()
    splits = split_blocks(tables["time"].to_numpy(), **config["splits"])
    training = times_of(splits, "train")
    share = share_of_windows(tables, training, config["evaluation"]["boosting_windows"])
    threshold = config["scores"]["wet_threshold_mm_h"]
    sample = WindowSample(share, wet_threshold=threshold, seed=config["seed"])
    method = Boosting(sample, threads=1, seed=config["seed"])
    for block in read_blocks(paths, training, ()):
        method.learn(block)
    return method


def skill(method: Baseline, path: Path) -> float:
    """CRPS skill on all half-hours of a file, against the climatology of the file."""
    blocks = list(read_blocks([path], Case.whole("", "", path).times, ()))
    scores = np.concatenate([block.scores for block in blocks])
    predicted = sum(float(crps(method.predict(b), b.scores).sum()) for b in blocks)
    constant = np.broadcast_to(masses_of(scores), (scores.size, masses_of(scores).size))
    return 1 - predicted / float(crps(constant, scores).sum())


def evaluate(folder: Path, count: int) -> Iterator[dict]:
    """Rows of the table: world, model, world's part at reference, CRPS skill."""
    seed = load_config()["seed"]
    paths = sorted((folder / "many").glob("*.h5"))
    tables = pd.concat([read_table(p.with_suffix(".parquet")) for p in paths], ignore_index=True)
    many = boosting(paths, tables)
    starts = [str(month_span(path.stem, 1, DAYS)[0]) for path in paths[:: len(paths) // 6 or 1]]
    worlds = {"worlds": UNSEEN_WORLDS, "days": UNSEEN_DAYS}
    cases = transfer_cases(**worlds, starts=starts, radar_folder="", seed=seed)
    for name, case in list(cases.items())[:count]:
        world, start = World(**case["world"]), np.datetime64(case["span"][0])
        yield {"world": name, "model": "many worlds", "skill": skill(many, _case(folder, name))}
        learned = start + np.timedelta64(OWN_OFFSET_DAYS, "D")
        own = simulate(folder / "own", name, world, learned, OWN_DAYS, case["seed"] + 1000)
        fitted = boosting([own[0]], own[1])
        yield {"world": name, "model": "this world", "skill": skill(fitted, _case(folder, name))}
        for part, names in PARTS.items():
            mild = replace(world, **{n: getattr(REFERENCE, n) for n in names})
            path, _ = simulate(
                folder / "parts", f"{name}-{part}", mild, start, UNSEEN_DAYS, case["seed"]
            )
            row = {"world": name, "model": "many worlds", "reference": part}
            yield {**row, "skill": skill(many, path)}


def _case(folder: Path, name: str) -> Path:
    return folder / "cases" / f"{name}.h5"


def main() -> None:
    """Print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of tools.train_many_worlds")
    parser.add_argument("--out", type=Path, required=True, help="CSV table of the skills")
    parser.add_argument("--worlds", type=int, default=UNSEEN_WORLDS, help="number of worlds")
    options = parser.parse_args()
    use_threads(1)
    rows = []
    for row in evaluate(options.folder, options.worlds):
        rows.append(row)
        print(row, flush=True)
        pd.DataFrame(rows).to_csv(options.out, index=False)


if __name__ == "__main__":
    main()
