# Helpers that all stages share; no rule.
import os

from rainscore.config import ConfigError, check_config
from rainscore.digests import code_digests
from rainscore.times import expand_months, month_span

CHECKOUT = Path(workflow.basedir)

# A thread that waits leaves its core to the other jobs instead of spinning.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

try:
    check_config(config)
    MONTHS = expand_months(config["period"]["months"])
    SPANS = {
        month: [
            str(when)
            for when in month_span(
                month, config["period"]["first_day"], config["period"]["last_day"]
            )
        ]
        for month in MONTHS
    }
except (ConfigError, ValueError) as error:
    raise WorkflowError(str(error))

METHODS = config["clustering"]["methods"]
VARIANTS = config["evaluation"]["unet_variants"]
# U-Nets that are judged beside the run's own: by name, the paths of their models.
COMPARED = {
    **{name: f"results/models/variants/{name}" for name in VARIANTS},
    **config["evaluation"]["external_models"],
}
LATENTS = config["evaluation"]["latent_sizes"]
SIMULATED_RADAR = config["radar"]["source"] == "simulated"
SIMULATED = SIMULATED_RADAR or config["imerg"]["source"] == "simulated"

# What reading and averaging radar frames depends on.
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


def code(name: str) -> list[str]:
    """Digests of a script and of all project code that it imports: an edit reruns its rule."""
    return code_digests(CHECKOUT / "scripts" / f"{name}.py", CHECKOUT)


def span(wildcards) -> list[str]:
    """First half-hour of the month, and the end of its last."""
    return SPANS[wildcards.month]


def every_month(pattern: str) -> list[str]:
    """The pattern's file of each month."""
    return expand(pattern, month=MONTHS)


def encoder_settings(wildcards) -> dict:
    """Settings of the run's auto-encoder, or of one with another size of its latent vector."""
    _, _, latent = wildcards.encoder.partition("-")
    return {**config["autoencoder"], **({"latent_size": int(latent)} if latent else {})}


wildcard_constraints:
    encoder=r"autoencoder(-\d+)?",
    month=r"\d{4}-\d{2}",
    method="|".join(METHODS),
    variant="|".join(VARIANTS) or "none",
