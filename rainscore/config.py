"""Configuration of a run: merging with the embedded default, and validation."""

from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from difflib import get_close_matches
from pathlib import Path

import jsonschema
import yaml

from rainscore.errors import RainscoreError
from rainscore.grids import LOCAL, MOSAIC, Domain, imerg_cells, window_grid
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
"""Current names of keys that had another name in an earlier version."""

RENAMED_VALUES = {
    "imerg.access: opendap-cloud": "opendap-cloud is now opendap; the service on premises is closed"
}
"""Explanation of values that an earlier version allowed."""


class ConfigError(RainscoreError):
    """The configuration is invalid."""


def load_config(*overrides: Path) -> dict:
    """Read the embedded default, merge configuration files into it and validate the result.

    Args:
        overrides: Configuration files; later files take precedence.

    Raises:
        ConfigError: A key is unknown or a value is not allowed.
    """
    config: dict = {}
    for path in (CHECKOUT / "config.yaml", *overrides):
        merge(config, yaml.safe_load(Path(path).read_bytes()) or {})
    return check_config(config)


def merge(base: dict, override: dict) -> dict:
    """Merge `override` into `base` in place, key by key; lists are replaced as a whole."""
    for key, value in override.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = deepcopy(value)
    return base


def check_config(config: dict) -> dict:
    """Validate a configuration against the schema and the rules between keys.

    Returns:
        The same configuration.

    Raises:
        ConfigError: The configuration is invalid; the message lists every fault.
    """
    schema = yaml.safe_load((CHECKOUT / "config.schema.yaml").read_bytes())
    errors = jsonschema.Draft202012Validator(schema).iter_errors(config)
    faults = [_explain(error) for error in sorted(errors, key=lambda e: list(map(str, e.path)))]
    if not faults:
        checks = (
            _grid_faults,
            _period_faults,
            _imerg_faults,
            _radar_faults,
            _evaluation_faults,
            _gauge_faults,
        )
        faults = [fault for check in checks for fault in check(config)]
        faults = faults or list(_place_faults(config))
    if faults:
        raise ConfigError("configuration: " + "; ".join(faults) + " (see docs/config.md)")
    return config


def _explain(error: jsonschema.ValidationError) -> str:
    """Describe a schema error; an unknown key is reported with the nearest known one."""
    section = ".".join(map(str, error.path))
    place = section or "top level"
    if error.validator != "additionalProperties":
        return f"{place}: {RENAMED_VALUES.get(f'{place}: {error.instance}', error.message)}"
    allowed = list(error.schema["properties"])
    unknown = [key for key in error.instance if key not in allowed]
    full_names = [f"{section}.{key}" if section else key for key in unknown]
    renamed = [f"{name} is now {RENAMED[name]}" for name in full_names if name in RENAMED]
    if renamed:
        return f"{place}: {'; '.join(renamed)}"
    hints = [f"did you mean {m[0]}?" for k in unknown if (m := get_close_matches(k, allowed, 1))]
    advice = hints or [f"known keys: {', '.join(allowed)}"]
    return f"{place}: unknown key {', '.join(unknown)}, {' '.join(advice)}"


def _grid_faults(config: dict) -> Iterator[str]:
    domain, window_km = config["domain"], config["scores"]["window_km"]
    size, step, learning_step = (domain[k] for k in ("size_km", "step_km", "learning_step_km"))
    if learning_step / step % 1 or size / learning_step % 1:
        yield (
            "domain: size_km must be a multiple of learning_step_km, and learning_step_km a "
            f"multiple of step_km (now {size}, {learning_step}, {step})"
        )
    elif window_km / learning_step % 1:
        yield (
            f"scores.window_km: {window_km} km is not a multiple of domain.learning_step_km, "
            f"{learning_step:g} km"
        )
    for section in ("domain", "prediction"):
        centre = config[section]["centre"]
        if centre and not _on_earth(centre):
            yield f"{section}.centre: {centre} is not a longitude and a latitude [degrees]"


def resolved_domain(config: dict) -> dict:
    """The `domain` section of a configuration, with the plane that `crs: auto` stands for.

    It is that of the French mosaic where the radar is the French mosaic, or simulated in its
    place, and covers the domain; elsewhere the local one.
    """
    domain = config["domain"]
    if domain["crs"] != "auto":
        return domain
    crs = LOCAL
    if config["radar"]["format"] == "fr-radar-rainfall":
        with suppress(ValueError):  # the domain is not inside the mosaic
            Domain(**domain | {"crs": MOSAIC}).grid  # noqa: B018  # evaluated for its error
            crs = MOSAIC
    return domain | {"crs": crs}


def _place_faults(config: dict) -> Iterator[str]:
    """Faults of the places on Earth of the domain and of the window of new maps."""
    domain, centre = config["domain"], config["prediction"]["centre"]
    try:
        Domain(**resolved_domain(config)).cells  # noqa: B018  # evaluated for its error
    except ValueError as error:
        yield f"domain: {error}"
    if centre:
        size, step = domain["size_km"], domain["learning_step_km"]
        try:
            imerg_cells(window_grid(centre=centre, size_km=(size, size), step_km=step))
        except ValueError as error:
            yield f"prediction.centre: {error}"


def _on_earth(centre: list[float]) -> bool:
    return len(centre) == 2 and abs(centre[0]) <= 180 and abs(centre[1]) <= 90


def _period_faults(config: dict) -> Iterator[str]:
    if config["period"]["last_day"] < config["period"]["first_day"]:
        yield "period: last_day is before first_day"
    missing = {"train", "validation", "calibration", "test"} - set(config["splits"]["pattern"])
    if missing:
        yield f"splits.pattern: lacks {', '.join(sorted(missing))}"


def _imerg_faults(config: dict) -> Iterator[str]:
    imerg = config["imerg"]
    if imerg["source"] != "simulated" and config["radar"]["source"] == "simulated":
        yield f"imerg.source: {imerg['source']} needs a real radar; set radar.source"
    if imerg["source"] == "earthdata" and not imerg["version"]:
        yield 'imerg.version: earthdata needs a version, such as "07"'
    if imerg["source"] == "icechunk" and imerg["run"] == "final":
        yield "imerg.run: the open stores have early and late, not final"
    if imerg["source"] == "local":
        yield from _folder_faults(imerg, "imerg", "granule_folder")


def _radar_faults(config: dict) -> Iterator[str]:
    radar = config["radar"]
    archived = radar["source"] in ("hub", "zarr")
    if archived and (radar["format"], radar["step_minutes"]) != ("fr-radar-rainfall", 5):
        yield (f"radar: source {radar['source']} needs format fr-radar-rainfall and step_minutes 5")
    is_store = radar["source"] == "icechunk"
    if is_store and (radar["format"], radar["step_minutes"]) != ("netcdf", 60):
        yield "radar: source icechunk needs format netcdf and step_minutes 60"
    if radar["source"] == "simulated" and radar["format"] != "fr-radar-rainfall":
        yield "radar.format: the simulated radar is written as fr-radar-rainfall"
    if radar["format"] in ("comephore", "radolan") and radar["step_minutes"] != 60:
        yield f"radar.step_minutes: {radar['format']} is hourly; set it to 60"
    if radar["step_minutes"] > 30 and "simulated" in (radar["source"], config["imerg"]["source"]):
        yield "radar.step_minutes: simulated radar and IMERG need frames of 30 min or less"
    if radar["source"] == "local" and not (CHECKOUT / radar["frame_folder"]).is_file():
        yield from _folder_faults(radar, "radar", "frame_folder")
    if radar["comephore_folder"]:
        yield from _folder_faults(radar, "radar", "comephore_folder")


def _folder_faults(settings: dict, section: str, key: str) -> Iterator[str]:
    folder = settings[key]
    if not folder or not (CHECKOUT / folder).is_dir():
        yield f"{section}.{key}: {folder or '(empty)'} is not a folder"


def _evaluation_faults(config: dict) -> Iterator[str]:
    if config["evaluation"]["radar_sequences"]:
        yield from _folder_faults(config["evaluation"], "evaluation", "radar_sequences")
    for name, stem in config["evaluation"]["external_models"].items():
        path = (CHECKOUT / config["run_folder"] / f"{stem}.safetensors").resolve()
        if not path.is_file():
            yield (
                f"evaluation.external_models: {name}: {path} does not exist; run the workflow "
                "that trains it first"
            )


def _gauge_faults(config: dict) -> Iterator[str]:
    gauges = config["gauges"]
    for key in ("table", "stations"):
        if gauges[key] and not (CHECKOUT / gauges[key]).is_file():
            yield f"gauges.{key}: {gauges[key]} is not a file"
