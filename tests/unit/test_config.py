import copy

import pytest
import yaml

from rainscore.config import ROOT, ConfigError, check_config, load_config, merge


@pytest.mark.parametrize("path", [None, *sorted((ROOT / "configs").glob("*.yaml"))])
def test_every_configuration_of_the_project_is_valid(path) -> None:
    config = load_config()
    if path is not None:
        merge(config, yaml.safe_load(path.read_text()))
    for part in ("imerg", "radar"):
        config[part]["folder"] = "docs"
    config["experiments"]["elsewhere"] = {}  # another run's, which need not have been made
    check_config(config)


def test_every_key_of_the_schema_has_a_default_and_a_description() -> None:
    schema = yaml.safe_load((ROOT / "config.schema.yaml").read_text())
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
        ("score", "min_valid", 2, "score.min_valid"),
        ("score", "window_km", 50, "score.window_km: 50 km is not centred"),
        ("domain", "learning_step_km", 6, "domain: size_km must be a multiple"),
        ("period", "last_day", 0, "period.last_day"),
        ("domain", "centre", [2.5, 95], "domain.centre: .2.5, 95. is not a longitude"),
        ("scoring", "centre", [2.5], "scoring.centre: .2.5. is not a longitude"),
        ("scoring", "centre", [500, 0], "scoring.centre: .500, 0. is not a longitude"),
        ("imerg", "source", "local", "needs a real radar"),
        ("splits", "pattern", ["train"] * 4, "splits.pattern: lacks calibration, test, validation"),
        ("clusters", "methods", ["magic"], "clusters.methods"),
        ("experiments", "elsewhere", {"no-JJA": "unet"}, "experiments.elsewhere: 'no-JJA'"),
    ],
)
def test_a_fault_is_named_with_its_place(section, key, value, says) -> None:
    config = copy.deepcopy(load_config())
    config[section][key] = value
    with pytest.raises(ConfigError, match=says.replace("?", r"\?")):
        check_config(config)


def test_a_folder_that_is_not_there_is_named() -> None:
    config = merge(load_config(), {"radar": {"source": "local", "folder": "no/such/folder"}})
    with pytest.raises(ConfigError, match=r"radar.folder: no/such/folder is not a folder"):
        check_config(config)


def test_a_local_folder_that_is_not_named_is_not_the_whole_checkout() -> None:
    config = merge(load_config(), {"radar": {"source": "local"}})
    with pytest.raises(ConfigError, match=r"radar.folder: \(empty\) is not a folder"):
        check_config(config)


def test_a_model_of_another_run_that_is_not_there_is_named(tmp_path) -> None:
    config = load_config()
    merge(config, yaml.safe_load((ROOT / "configs/early.yaml").read_text()))
    config["folder"] = str(tmp_path / "runs/early")
    with pytest.raises(ConfigError, match=r"elsewhere: trained-on-final: .* run what trains it"):
        check_config(config)


def test_laying_one_configuration_over_another_keeps_the_keys_it_does_not_name() -> None:
    base = {"a": {"x": 1, "y": [1, 2]}, "b": 3}
    assert merge(base, {"a": {"y": [9]}}) == {"a": {"x": 1, "y": [9]}, "b": 3}


def test_the_reference_page_is_current() -> None:
    from tools.write_config_reference import reference

    assert (ROOT / "docs/config.md").read_text() == reference(), "run: make docs"
