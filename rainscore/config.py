"""The configuration: laid over the embedded default, and checked."""

from collections.abc import Iterator
from copy import deepcopy
from difflib import get_close_matches
from pathlib import Path

import jsonschema
import yaml

from rainscore.errors import RainscoreError
from rainscore.paths import CHECKOUT

RENAMED = {
    "folder": "run_folder",
    "score": "scores",
    "clusters": "clustering",
    "scoring": "prediction",
    "experiments": "evaluation (unet_variants, external_models, latent_sizes)",
    "imerg.folder": "imerg.granule_folder",
    "imerg.connections": "imerg.max_connections",
    "imerg.ask_again": "imerg.retry_missing",
    "radar.folder": "radar.frame_folder",
    "radar.stamp": "radar.timestamp_convention",
    "radar.limit": "radar.max_rate_mm_h",
    "radar.min_frames": "radar.min_frame_share",
    "radar.gauges": "radar.comephore_folder",
    "scores.threshold": "scores.wet_threshold_mm_h",
    "scores.min_valid": "scores.min_valid_share",
    "unet.compiled": "unet.compile",
    "unet.drop_context": "unet.context_dropout",
    "autoencoder.latent": "autoencoder.latent_size",
    "clustering.maps": "clustering.max_training_maps",
    "clustering.min_wet": "clustering.min_wet_share",
    "clustering.novelty": "clustering.false_alarm_rate",
    "prediction.held_out": "prediction.held_out_count",
    "prediction.files": "prediction.granule_files",
}
"""Keys of earlier versions, and their present names."""


class ConfigError(RainscoreError):
    """The configuration holds something that the run cannot use."""


def load_config(*overrides: Path) -> dict:
    """Return the embedded default with the given files laid over it, checked.

    Raises:
        ConfigError: A key is unknown or a value out of range; says which and what is allowed.
    """
    config: dict = {}
    for path in (CHECKOUT / "config.yaml", *overrides):
        merge(config, yaml.safe_load(Path(path).read_text()) or {})
    return check_config(config)


def merge(base: dict, over: dict) -> dict:
    """Lay `over` on `base` in place, key by key; lists are replaced whole."""
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = deepcopy(value)
    return base


def check_config(config: dict) -> dict:
    """Return the configuration if the schema and the rules between keys allow it.

    Raises:
        ConfigError: One message that lists every fault.
    """
    schema = yaml.safe_load((CHECKOUT / "config.schema.yaml").read_text())
    found = jsonschema.Draft202012Validator(schema).iter_errors(config)
    faults = [_explain(error) for error in sorted(found, key=lambda e: list(map(str, e.path)))]
    if not faults:
        faults = list(_cross_faults(config))
    if faults:
        raise ConfigError("configuration: " + "; ".join(faults) + " (see docs/config.md)")
    return config


def _explain(error: jsonschema.ValidationError) -> str:
    where = ".".join(map(str, error.path)) or "top level"
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        unknown = [key for key in error.instance if key not in known]
        hints = [f"did you mean {m[0]}?" for k in unknown if (m := get_close_matches(k, known, 1))]
        listed = hints or [f"known keys: {', '.join(known)}"]
        if renamed := [f"{old} is now {new}" for old, new in _renamed(where, unknown)]:
            return f"{where}: {'; '.join(renamed)}"
        return f"{where}: unknown key {', '.join(unknown)}, {' '.join(listed)}"
    return f"{where}: {error.message}"


def _renamed(where: str, unknown: list[str]) -> Iterator[tuple[str, str]]:
    """Unknown keys that had another name in an earlier version, and their present names."""
    for key in unknown:
        old = key if where == "top level" else f"{where}.{key}"
        if old in RENAMED:
            yield old, RENAMED[old]


def _on_earth(centre: list[float]) -> bool:
    return len(centre) == 2 and abs(centre[0]) <= 180 and abs(centre[1]) <= 90


def _cross_faults(config: dict):
    domain, scores = config["domain"], config["scores"]
    period, radar, imerg = config["period"], config["radar"], config["imerg"]
    ratio = domain["learning_step_km"] / domain["step_km"]
    window = scores["window_km"] / domain["step_km"]
    cells = domain["size_km"] / domain["learning_step_km"]
    if ratio % 1 or cells % 1:
        yield (
            "domain: size_km must be a multiple of learning_step_km, and that of step_km "
            f"(now {domain['size_km']}, {domain['learning_step_km']}, {domain['step_km']})"
        )
    elif window % 1 or (window - ratio) % 2:
        yield (
            f"scores.window_km: {scores['window_km']} km is not centred on the learning pixels; "
            "take "
            f"{domain['learning_step_km']:g} km plus a multiple of {2 * domain['step_km']:g} km"
        )
    for name, place in (("domain", domain), ("prediction", config["prediction"])):
        if place["centre"] and not _on_earth(place["centre"]):
            yield f"{name}.centre: {place['centre']} is not a longitude and a latitude [degrees]"
    if period["last_day"] < period["first_day"]:
        yield "period: last_day comes before first_day"
    if imerg["source"] != "simulated" and radar["source"] == "simulated":
        yield f"imerg.source {imerg['source']} needs a real radar: set radar.source"
    if imerg["source"] == "earthdata" and not imerg["version"]:
        yield 'imerg.version: earthdata needs one, such as "07"'
    archived = radar["source"] in ("hub", "zarr")
    if archived and (radar["format"], radar["step_minutes"]) != ("fr-radar-rainfall", 5):
        yield f"radar: what {radar['source']} brings is fr-radar-rainfall, every 5 minutes"
    if radar["comephore_folder"] and not (CHECKOUT / radar["comephore_folder"]).is_dir():
        yield f"radar.comephore_folder: {radar['gauges']} is not a folder"
    for name, part, key in (("imerg", imerg, "granule_folder"), ("radar", radar, "frame_folder")):
        exists = part[key] and (CHECKOUT / part[key]).is_dir()
        if part["source"] == "local" and not exists:
            yield f"{name}.{key}: {part[key] or '(empty)'} is not a folder"
    if radar["source"] == "simulated" and radar["format"] != "fr-radar-rainfall":
        yield "radar.format: the simulated radar is written as fr-radar-rainfall"
    for name, stem in config["evaluation"]["external_models"].items():
        path = (CHECKOUT / config["run_folder"] / f"{stem}.safetensors").resolve()
        if not path.is_file():
            yield (
                f"evaluation.external_models: {name}: {path} does not exist; first run "
                "the workflow that trains it"
            )
    missing = {"train", "validation", "calibration", "test"} - set(config["splits"]["pattern"])
    if missing:
        yield f"splits.pattern: lacks {', '.join(sorted(missing))}"
