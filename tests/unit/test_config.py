import copy
import re

import pytest
import yaml

from rainscore.config import RENAMED, ConfigError, check_config, load_config, merge
from rainscore.paths import CHECKOUT


@pytest.mark.parametrize("path", [None, *sorted((CHECKOUT / "configs").glob("*.yaml"))])
def test_every_configuration_of_the_project_is_valid(path) -> None:
    config = load_config()
    if path is not None:
        merge(config, yaml.safe_load(path.read_text()))
    config["imerg"]["granule_folder"] = config["radar"]["frame_folder"] = "docs"
    config["evaluation"]["external_models"] = {}  # another run's, which need not have been made
    check_config(config)


def test_every_key_of_the_schema_has_a_default_and_a_description() -> None:
    schema = yaml.safe_load((CHECKOUT / "config.schema.yaml").read_text())
    default = load_config()
    assert set(default) == set(schema["properties"])
    for name, part in schema["properties"].items():
        leaves = part.get("properties", {name: part})
        values = default[name] if "properties" in part else default
        assert set(leaves) <= set(values), name
        assert all(leaf["description"] for leaf in leaves.values()), name


@pytest.mark.parametrize(
    ("section", "key", "value", "says"),
    [
        ("unet", "widht", 8, "did you mean width?"),
        ("scores", "min_valid_share", 2, "scores.min_valid_share"),
        ("scores", "window_km", 50, "scores.window_km: 50 km is not centred"),
        ("domain", "learning_step_km", 6, "domain: size_km must be a multiple"),
        ("period", "last_day", 0, "period.last_day"),
        ("domain", "centre", [2.5, 95], "domain.centre: .2.5, 95. is not a longitude"),
        ("prediction", "centre", [2.5], "prediction.centre: .2.5. is not a longitude"),
        ("prediction", "centre", [500, 0], "prediction.centre: .500, 0. is not a longitude"),
        ("imerg", "source", "local", "needs a real radar"),
        ("splits", "pattern", ["train"] * 4, "splits.pattern: lacks calibration, test, validation"),
        ("clustering", "methods", ["magic"], "clustering.methods"),
        (
            "evaluation",
            "external_models",
            {"no-JJA": "unet"},
            "evaluation.external_models: 'no-JJA'",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(section, key, value, says) -> None:
    config = copy.deepcopy(load_config())
    config[section][key] = value
    with pytest.raises(ConfigError, match=says.replace("?", r"\?")):
        check_config(config)


@pytest.mark.parametrize("old", RENAMED)
def test_a_key_of_an_earlier_version_is_refused_with_its_present_name(old) -> None:
    config = load_config()
    section, _, key = old.rpartition(".")
    (config[section] if section else config)[key] = 1
    with pytest.raises(ConfigError, match=re.escape(f"{old} is now {RENAMED[old]}")):
        check_config(config)


def test_a_folder_that_is_not_there_is_named() -> None:
    config = merge(load_config(), {"radar": {"source": "local", "frame_folder": "no/such/folder"}})
    with pytest.raises(ConfigError, match=r"radar.frame_folder: no/such/folder is not a folder"):
        check_config(config)


def test_a_local_folder_that_is_not_named_is_not_the_whole_checkout() -> None:
    config = merge(load_config(), {"radar": {"source": "local"}})
    with pytest.raises(ConfigError, match=r"radar.frame_folder: \(empty\) is not a folder"):
        check_config(config)


def test_a_model_of_another_run_that_is_not_there_is_named(tmp_path) -> None:
    config = load_config()
    merge(config, yaml.safe_load((CHECKOUT / "configs/early.yaml").read_text()))
    config["run_folder"] = str(tmp_path / "runs/early")
    with pytest.raises(ConfigError, match=r"external_models: trained-on-final: .* first run the"):
        check_config(config)


def test_laying_one_configuration_over_another_keeps_the_keys_it_does_not_name() -> None:
    base = {"a": {"x": 1, "y": [1, 2]}, "b": 3}
    assert merge(base, {"a": {"y": [9]}}) == {"a": {"x": 1, "y": [9]}, "b": 3}


def test_the_reference_page_is_current() -> None:
    from tools.write_config_reference import reference

    assert (CHECKOUT / "docs/config.md").read_text() == reference(), "run: make docs"
