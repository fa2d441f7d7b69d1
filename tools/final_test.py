"""Final test of a run: fresh worlds, drawn once, evaluated once, recorded in docs/study.

    python -m tools.final_test --seed 20261128

Methods are developed on the validation days. The final test evaluates them in simulated worlds that
nobody has looked at. It is refused a second time, unless the reason is given, which is recorded.
"""

import argparse
import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.config import load_config, resolved_domain
from rainscore.errors import RainscoreError
from rainscore.evaluation.skill import ALL_CASES
from rainscore.evaluation.transfercases import simulated_rain, write_case
from rainscore.evaluation.transferskill import Case, fit_methods, transfer_table
from rainscore.grids import Domain
from rainscore.io import read_json, read_months, read_table, write_json
from rainscore.scores.scoremaps import ScoreSettings
from rainscore.simulation.worlds import World, transfer_cases
from rainscore.times import expand_months, month_span
from rainscore.training.trained import load_trained_unet

CHECKOUT = Path(__file__).resolve().parents[1]

KIND = "fresh world"

log = logging.getLogger("rainscore")


@dataclass(frozen=True)
class Record:
    """Record of one final test.

    Attributes:
        date: Date and time, UTC.
        commit: Commit of the code.
        seed: Random seed of the fresh worlds.
        worlds: Number of worlds.
        days: Days of each world.
        unet_sha256: Digest of the weights of the U-Net.
        reason: Reason for a test after the first one; empty for the first.
    """

    date: str
    commit: str
    seed: int
    worlds: int
    days: int
    unet_sha256: str
    reason: str


def check(records: Sequence[dict], *, seed: int, run_seed: int, reason: str, changes: str) -> None:
    """Check that the test may be made.

    Args:
        records: Records of earlier tests.
        seed: Random seed of the fresh worlds.
        run_seed: Random seed of the run.
        reason: Reason for another test; empty for the first.
        changes: Uncommitted changes of the checkout; empty without any.

    Raises:
        RainscoreError: A test was made and no reason is given, the seed was used, or the code is
            not that of a commit.
    """
    if changes:
        raise RainscoreError(f"commit the changes first, the record names the commit:\n{changes}")
    if records and not reason.strip():
        last = records[-1]
        raise RainscoreError(
            f"the final test was made on {last['date']} with commit {last['commit']}; methods are "
            "developed on the validation days. Give --reason for another test; it is recorded"
        )
    used = [run_seed, *(record["seed"] for record in records)]
    if seed in used:
        raise RainscoreError(f"seed {seed} was used before; choose one that is not in {used}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Check, simulate, evaluate, and write the record."""
    options = _options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    config = load_config(*options.configfile)
    path = options.out / "final_test.json"
    records = list(read_json(path)) if path.exists() else []
    check(
        records,
        seed=options.seed,
        run_seed=config["seed"],
        reason=options.reason,
        changes=_git("status", "--porcelain"),
    )
    results = CHECKOUT / config["run_folder"] / "results"
    table, digest = _evaluate(results, _simulate(results, config, options), config)
    record = Record(
        f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}",
        _git("rev-parse", "HEAD"),
        options.seed,
        options.worlds,
        options.days,
        digest,
        options.reason,
    )
    whole = table[(table["case"] == ALL_CASES) | (table["split"] == "all")]
    whole.to_csv(options.out / f"final_test_{options.seed}.csv", index=False, float_format="%.5g")
    write_json([*records, asdict(record)], path)
    shown = table[(table["case"] == "all") & (table["split"] == "all")]
    log.info("\n%s", shown[shown["measure"] == "crps_skill"].round(3).to_string(index=False))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, required=True, help="random seed, not used before")
    parser.add_argument("--configfile", type=Path, nargs="*", default=[], help="configuration")
    parser.add_argument("--worlds", type=int, default=6, help="number of fresh worlds")
    parser.add_argument("--days", type=int, default=4, help="days of each world")
    parser.add_argument("--reason", default="", help="reason for a test after the first one")
    parser.add_argument("--out", type=Path, default=CHECKOUT / "docs/study", help="folder")
    return parser.parse_args(arguments)


def _git(*command: str) -> str:
    run = ["git", "-C", str(CHECKOUT), *command]
    return subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()


def _simulate(results: Path, config: dict, options: argparse.Namespace) -> list[Case]:
    """Simulate the fresh worlds, each from the start of a month of the run."""
    months = expand_months(config["period"]["months"])
    starts = [str(month_span(month, 1, 31)[0]) for month in months]
    listed = transfer_cases(
        worlds=options.worlds, days=options.days, starts=starts, radar_folder="", seed=options.seed
    )
    domain = Domain(**resolved_domain(config))
    settings = ScoreSettings(**config["scores"], learning_step_km=domain.learning_step_km)
    cases = []
    for name, case in listed.items():
        world, span = World(**case["world"]), [np.datetime64(time) for time in case["span"]]
        step = config["radar"]["step_minutes"]
        rain = simulated_rain(domain.grid, *span, seed=case["seed"], world=world, step_minutes=step)
        path = results / "final_test" / f"{options.seed}-{name}.h5"
        path.parent.mkdir(exist_ok=True)
        run = config["imerg"]["run"]
        write_case(rain, path, seed=case["seed"], world=world, run=run, settings=settings)
        cases.append(Case.whole(name, KIND, path))
        log.info("%s simulated", name)
    return cases


def _evaluate(results: Path, cases: list[Case], config: dict) -> tuple[pd.DataFrame, str]:
    """Table of the methods on the cases, and digest of the weights of the U-Net."""
    unet = load_trained_unet(results / "models/unet")
    paths = sorted(results.glob("features/*.h5"))
    methods = fit_methods(
        unet.card,
        paths,
        read_table(results / "splits.parquet"),
        read_months([str(results / f"scores/{path.stem}.parquet") for path in paths]),
        [results / f"pairs/{path.stem}.nc" for path in paths],
        windows=config["evaluation"]["boosting_windows"],
        seed=config["seed"],
    )
    draws = {"resamples": config["evaluation"]["resamples"], "seed": config["seed"]}
    return transfer_table(cases, methods, unet, **draws), unet.card.weights_sha256


if __name__ == "__main__":
    try:
        main()
    except RainscoreError as error:
        sys.exit(str(error))
