"""The configuration: laid over the embedded default, and checked."""

from copy import deepcopy
from difflib import get_close_matches
from pathlib import Path

import jsonschema
import yaml

from rainscore.errors import RainscoreError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: where `config.yaml`, its schema and the Snakefile lie."""


class ConfigError(RainscoreError):
    """The configuration holds something that the run cannot use."""


def load_config(*overrides: Path) -> dict:
    """Return the embedded default with the given files laid over it, checked.

    Raises:
        ConfigError: A key is unknown or a value out of range; says which and what is allowed.
    """
    config: dict = {}
    for path in (ROOT / "config.yaml", *overrides):
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
    schema = yaml.safe_load((ROOT / "config.schema.yaml").read_text())
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
        return f"{where}: unknown key {', '.join(unknown)}, {' '.join(listed)}"
    return f"{where}: {error.message}"


def _on_earth(centre: list[float]) -> bool:
    return len(centre) == 2 and abs(centre[0]) <= 180 and abs(centre[1]) <= 90


def _cross_faults(config: dict):
    domain, score = config["domain"], config["score"]
    period, radar, imerg = config["period"], config["radar"], config["imerg"]
    ratio = domain["learning_step_km"] / domain["step_km"]
    window = score["window_km"] / domain["step_km"]
    cells = domain["size_km"] / domain["learning_step_km"]
    if ratio % 1 or cells % 1:
        yield (
            "domain: size_km must be a multiple of learning_step_km, and that of step_km "
            f"(now {domain['size_km']}, {domain['learning_step_km']}, {domain['step_km']})"
        )
    elif window % 1 or (window - ratio) % 2:
        yield (
            f"score.window_km: {score['window_km']} km is not centred on the learning pixels; take "
            f"{domain['learning_step_km']:g} km plus a multiple of {2 * domain['step_km']:g} km"
        )
    for name, place in (("domain", domain), ("scoring", config["scoring"])):
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
    if radar["gauges"] and not (ROOT / radar["gauges"]).is_dir():
        yield f"radar.gauges: {radar['gauges']} is not a folder"
    for name, part in (("imerg", imerg), ("radar", radar)):
        named = part["folder"] and (ROOT / part["folder"]).is_dir()
        if part["source"] == "local" and not named:
            yield f"{name}.folder: {part['folder'] or '(empty)'} is not a folder"
    if radar["source"] == "simulated" and radar["format"] != "fr-radar-rainfall":
        yield "radar.format: the simulated radar is written as fr-radar-rainfall"
    for name, stem in config["experiments"]["elsewhere"].items():
        path = (ROOT / config["folder"] / f"{stem}.safetensors").resolve()
        if not path.is_file():
            yield f"experiments.elsewhere: {name}: {path} is not there; run what trains it first"
    missing = {"train", "validation", "calibration", "test"} - set(config["splits"]["pattern"])
    if missing:
        yield f"splits.pattern: lacks {', '.join(sorted(missing))}"
