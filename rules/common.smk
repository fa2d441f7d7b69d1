# Settings and helper functions that all stages share; no rules.
import os
import re
from functools import cache

from rainscore.config import ConfigError, check_config, resolved_domain
from rainscore.digests import code_digests
from rainscore.simulation.worlds import draw_worlds, transfer_cases
from rainscore.slurm import SlurmError, guard, hints, read_logs
from rainscore.times import expand_months, month_span
from rainscore.writing import (
    CannotWrite,
    remove_partial_files,
    require_writable,
)

CHECKOUT = Path(workflow.basedir)
# Whether this process submits jobs to a cluster: Snakemake counts nodes (--jobs) there only.
ON_CLUSTER = workflow.is_main_process and workflow.resource_settings.nodes is not None

# Threads of the jobs that can use several. On one machine two of them run at a time: two jobs
# with one thread each finish earlier than one after the other with two.
THREADS = (
    2 if ON_CLUSTER or workflow.remote_exec else max(1, (workflow.cores or 2) // 2)
)

# Idle OpenMP threads sleep, so that other jobs can use their cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Progress bars of jobs that run at the same time would overwrite each other.
if ON_CLUSTER or workflow.resource_settings.cores != 1:
    os.environ.setdefault("RAINSCORE_PROGRESS", "off")

try:
    check_config(config)
    require_writable(CHECKOUT / config["run_folder"])
    MONTHS = expand_months(config["period"]["months"])
    SPANS = {
        month: [
            str(time)
            for time in month_span(
                month, config["period"]["first_day"], config["period"]["last_day"]
            )
        ]
        for month in MONTHS
    }
except (ConfigError, CannotWrite, ValueError) as error:
    raise WorkflowError(str(error))

DOMAIN = resolved_domain(config)
METHODS = config["clustering"]["methods"]
VARIANTS = config["evaluation"]["unet_variants"]
# U-Nets to compare with that of the run: name and path of the model files without ending.
COMPARED = {
    **{name: f"results/models/variants/{name}" for name in VARIANTS},
    **config["evaluation"]["external_models"],
}
LATENTS = config["evaluation"]["latent_sizes"]
SIMULATED_RADAR = config["radar"]["source"] == "simulated"
SIMULATED = SIMULATED_RADAR or config["imerg"]["source"] == "simulated"
WORLDS = [
    world.as_dict()
    for world in (
        draw_worlds(config["simulation"]["worlds"], seed=config["seed"])
        if SIMULATED
        else []
    )
]

# Settings for reading and averaging radar frames.
RADAR_READING = {
    key: config["radar"][key]
    for key in (
        "format",
        "timestamp_convention",
        "step_minutes",
        "max_rate_mm_h",
        "min_quality",
        "min_frame_share",
    )
}


# Settings of the score, with the pixel size of its maps.
SCORE_SETTINGS = {
    **config["scores"],
    "learning_step_km": config["domain"]["learning_step_km"],
}

# Cases on which nothing is learnt: unseen worlds, and real rain under satellites of such worlds.
CASES = transfer_cases(
    worlds=config["evaluation"]["unseen_worlds"] if SIMULATED else 0,
    days=config["evaluation"]["unseen_days"],
    starts=[start for start, _ in SPANS.values()],
    radar_folder=(
        str(CHECKOUT / config["evaluation"]["radar_sequences"])
        if config["evaluation"]["radar_sequences"]
        else ""
    ),
    seed=config["seed"],
)


def world_of(wildcards) -> dict[str, float]:
    """Parameters of the simulated world of a month, which do not depend on the other months."""
    year, month = map(int, wildcards.month.split("-"))
    return WORLDS[(12 * year + month) % len(WORLDS)]


# Trainings resume from their checkpoint, so on a cluster they get more attempts, not more time.
# The Snakemake process inside a job must not repeat it within the same allocation.
TRAINING_RETRIES = 8 if ON_CLUSTER else 0
# Memory of the two Snakemake processes that run the script of a job on a cluster [MB].
SNAKEMAKE_MEMORY = 250


def memory(script: int):
    """Memory request of a job [MB]: that of its script and of Snakemake, times 1, 2, 3, 3, …"""
    return lambda wildcards, attempt: min(attempt, 3) * (script + SNAKEMAKE_MEMORY)


def minutes(first: int):
    """Time limit of a job [min]: that of the first attempt, times 1, 2, 3, 3, …"""
    return lambda wildcards, attempt: min(attempt, 3) * first


def guard_slurm() -> None:
    """Stop where Slurm cannot run the workflow; wait for a controller that does not answer."""
    if workflow.executor_plugin.name != "slurm":
        return
    import snakemake_executor_plugin_slurm

    try:
        guard(snakemake_executor_plugin_slurm, logger.warning)
    except SlurmError as error:
        raise WorkflowError(str(error))


def print_hints(logs: list[str]) -> None:
    """Print what to set after a failed run on Slurm."""
    if workflow.executor_plugin.name != "slurm":
        return
    for hint in hints(read_logs(logs)):
        print(f"\nHint: {hint}")


@cache
def script_code(name: str) -> list[str]:
    """Digests of a script and of the project code that it imports."""
    return code_digests(CHECKOUT / "scripts" / f"{name}.py", CHECKOUT)


def code(name: str):
    """Digests of the code of a script, so that an edit reruns its rule.

    They are computed for the rules of a run only: a job on a cluster reads its own script alone.
    """
    return lambda wildcards: script_code(name)


def span(wildcards) -> list[str]:
    """Start and exclusive end of the days of a month that the run uses."""
    return SPANS[wildcards.month]


def every_month(pattern: str) -> list[str]:
    """Files of all months, from a pattern with `{month}`."""
    return expand(pattern, month=MONTHS)


def encoder_settings(wildcards) -> dict:
    """Settings of an auto-encoder; a number in its name, `autoencoder-8`, is its latent size."""
    _, _, size = wildcards.encoder.partition("-")
    return {**config["autoencoder"], **({"latent_size": int(size)} if size else {})}


wildcard_constraints:
    encoder=r"autoencoder(-\d+)?",
    month=r"\d{4}-\d{2}",
    case="|".join(map(re.escape, CASES)) or "none",
    method="|".join(METHODS),
    variant="|".join(VARIANTS) or "none",
