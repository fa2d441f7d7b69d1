"""Train the U-Net that the project ships, in many simulated worlds.

The worlds are simulated in memory, one per month, without granules or frames in files:

    python -m tools.train_many_worlds --out runs/many-worlds --worlds 32 --processes 16

Finished months are kept, so an interrupted run resumes. `--reference` trains in the reference
world only, with the same number of days, to measure what many worlds are worth.
"""

import argparse
import json
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.config import load_config, resolved_domain
from rainscore.evaluation.baselines import CLIMATOLOGY, Baseline
from rainscore.evaluation.inputskill import inputs_table
from rainscore.evaluation.skill import ALL_CASES, AT_HOME
from rainscore.evaluation.transfercases import radar_rain, simulated_rain, write_case
from rainscore.evaluation.transferskill import Case, fit_methods, transfer_table
from rainscore.grids import Domain
from rainscore.io import read_table, write_table
from rainscore.runtime import use_threads
from rainscore.scores.scoremaps import ScoreSettings
from rainscore.simulation.worlds import REFERENCE, World, draw_worlds, transfer_cases
from rainscore.times import expand_months, month_span, times_of
from rainscore.training.calibrationfitting import calibrate_unet
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.guard import fit_guard
from rainscore.training.modelfiles import save_model, write_part
from rainscore.training.settings import UNetConfig
from rainscore.training.splits import split_blocks
from rainscore.training.trained import TrainedUNet
from rainscore.training.unet import load_unet
from rainscore.training.unetfitting import fit_unet

FIRST_MONTH = "2016-01"
LAST_MONTH = "2021-12"
DAYS = 12
STEP_MINUTES = 10
UNSEEN_WORLDS, UNSEEN_DAYS = 6, 4

log = logging.getLogger("rainscore")


def main() -> None:
    """Simulate, train, calibrate and evaluate."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    config = load_config()
    config["unet"] |= json.loads(options.unet)
    months = _months(options.worlds)
    folder = options.out / ("reference" if options.reference else "many")
    paths, tables = _simulate(folder, months, options, config)
    cases = _simulate_cases(options, config)
    if options.stage != "simulate":
        _train(folder / options.name, paths, tables, cases, config, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of all files")
    parser.add_argument("--worlds", type=int, default=32, help="worlds, one per month")
    parser.add_argument("--processes", type=int, default=1, help="processes of the simulation")
    parser.add_argument("--seed", type=int, default=0, help="random seed of the training")
    parser.add_argument("--reference", action="store_true", help="train in the reference world")
    parser.add_argument("--radar", default="", help="folder of real rain sequences to evaluate on")
    parser.add_argument("--unet", default="{}", help="settings of the U-Net as JSON")
    parser.add_argument("--name", default="unet", help="name of the model's folder")
    parser.add_argument("--stage", choices=("simulate", "all"), default="all")
    return parser.parse_args()


def _months(worlds: int) -> list[str]:
    """Months evenly spaced over the seasons of `FIRST_MONTH` to `LAST_MONTH`."""
    months = expand_months([f"{FIRST_MONTH}..{LAST_MONTH}"])
    # A step without a common factor with 12 visits all seasons.
    return sorted(months[(5 * i) % len(months)] for i in range(worlds))


def _simulate(
    folder: Path, months: Sequence[str], options: argparse.Namespace, config: dict
) -> tuple[list[Path], pd.DataFrame]:
    """Training files and score tables of all months."""
    seed = config["seed"]
    worlds = draw_worlds(len(months), seed=seed) if not options.reference else []
    jobs = []
    for number, month in enumerate(months):
        world = worlds[number] if worlds else REFERENCE
        span = month_span(month, 1, DAYS)
        jobs.append((folder / f"{month}.h5", "", span, world, seed, config))
    tables = _run(options.processes, _simulate_one, jobs)
    return [job[0] for job in jobs], pd.concat(tables, ignore_index=True)


def _simulate_cases(options: argparse.Namespace, config: dict) -> list[Case]:
    """Unseen worlds and real rain."""
    months = _months(options.worlds)
    starts = [str(month_span(month, 1, DAYS)[0]) for month in months[:: len(months) // 6 or 1]]
    listed = transfer_cases(
        worlds=UNSEEN_WORLDS,
        days=UNSEEN_DAYS,
        starts=starts,
        radar_folder=options.radar,
        seed=config["seed"],
    )
    folder = options.out / "cases"
    jobs = [
        (
            folder / f"{name}.h5",
            case["radar"],
            tuple(map(np.datetime64, case["span"])),
            World(**case["world"]),
            case["seed"],
            config,
        )
        for name, case in listed.items()
    ]
    _run(options.processes, _simulate_one, jobs)
    return [
        Case.whole(name, case["kind"], job[0])
        for (name, case), job in zip(listed.items(), jobs, strict=True)
    ]


def _simulate_one(job: tuple) -> pd.DataFrame:
    """Write the training file of a case unless it exists; return its score table."""
    path, radar, span, world, seed, config = job
    use_threads(1)  # each process would otherwise use all cores
    table = path.with_suffix(".parquet")
    if not table.exists():
        domain = _domain(config)
        pixels = {"step_km": domain.step_km, "learning_step_km": domain.learning_step_km}
        if radar:
            rain = radar_rain(Path(radar), **pixels)
        else:
            rain = simulated_rain(
                domain.grid, *span, seed=seed, world=world, step_minutes=STEP_MINUTES
            )
        settings = ScoreSettings(**config["scores"], learning_step_km=domain.learning_step_km)
        path.parent.mkdir(parents=True, exist_ok=True)
        scores = write_case(rain, path, seed=seed, world=world, run="final", settings=settings)
        write_table(scores, table)
    return read_table(table)


def _run(processes: int, work: Callable, jobs: Sequence[tuple]) -> list[pd.DataFrame]:
    """Results of the jobs, in order."""
    start = time.monotonic()
    if processes == 1:
        results = [work(job) for job in jobs]
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            results = list(pool.map(work, jobs))
    log.info("%d simulations: %.0f s", len(jobs), time.monotonic() - start)
    return results


def _train(
    folder: Path,
    paths: list[Path],
    tables: pd.DataFrame,
    cases: list[Case],
    config: dict,
    options: argparse.Namespace,
) -> None:
    """Train, calibrate and evaluate; write the model files and the table of the evaluation."""
    start = time.monotonic()
    splits = split_blocks(tables["time"].to_numpy(), **config["splits"])
    splits.attrs["versions"] = "V07B"
    unet = UNetConfig(**config["unet"])
    folder.mkdir(parents=True, exist_ok=True)
    trained = fit_unet(
        paths,
        splits,
        unet,
        domain=_domain(config),
        run="final",
        seed=options.seed,
        checkpoint=Checkpoint(folder / "unet.checkpoint", f"{unet} {options.seed}"),
    )
    card = replace(trained.card, simulated=True)
    save_model(folder / "unet", trained.model.state_dict(), card.as_dict())
    trained.curve.to_csv(folder / "unet_curve.csv", index=False)
    log.info("training: %.0f s\n%s", time.monotonic() - start, trained.curve.round(5))
    model, card = load_unet(folder / "unet")  # the saved card has the digest of the weights
    calibration = calibrate_unet(model, card, paths, splits, tables)
    write_part(calibration.as_dict(), folder / "unet_calibration.json")
    fit_guard(card, paths, splits, seed=config["seed"]).save(folder / "unet", card)
    log.info("calibration: %.0f s", time.monotonic() - start)
    home = Case("test days", AT_HOME, paths, times_of(splits, "test"))
    methods = fit_methods(
        card,
        paths,
        splits,
        tables,
        windows=config["evaluation"]["boosting_windows"],
        seed=config["seed"],
    )
    _evaluate(folder, [home, *cases], methods, TrainedUNet(model, card, calibration), config)
    log.info("evaluation: %.0f s", time.monotonic() - start)


def _evaluate(
    folder: Path,
    cases: Sequence[Case],
    methods: dict[str, Baseline],
    unet: TrainedUNet,
    config: dict,
) -> None:
    """Write the skill of all methods, and of the U-Net by the available inputs."""
    options = {"resamples": config["evaluation"]["resamples"], "seed": config["seed"]}
    inputs = inputs_table(cases, methods[CLIMATOLOGY], unet, **options)
    write_table(inputs, folder / "inputs.parquet")
    _show(inputs, ["kind", "inputs"])
    result = transfer_table(cases, methods, unet, **options)
    write_table(result, folder / "transfer.parquet")
    together = (result["split"] == "all") & (result["case"] == ALL_CASES)
    _show(result[together], ["kind", "method"])


def _show(table: pd.DataFrame, keys: list[str]) -> None:
    shown = table[table["measure"].isin(["crps_skill", "crps_increase", "coverage", "width"])]
    columns = [*keys, "measure", "value", "low", "high"]
    log.info("\n%s", shown[columns].round(3).to_string(index=False))


def _domain(config: dict) -> Domain:
    return Domain(**resolved_domain(config))


if __name__ == "__main__":
    main()
