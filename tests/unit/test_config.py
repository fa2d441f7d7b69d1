import copy
import re

import pytest
import yaml

from rainscore.config import RENAMED, ConfigError, check_config, load_config, merge, resolved_domain
from rainscore.paths import CHECKOUT


@pytest.mark.parametrize("path", [None, *sorted((CHECKOUT / "configs").glob("*.yaml"))])
def test_every_configuration_of_the_project_is_valid(path) -> None:
    config = load_config()
    if path is not None:
        merge(config, yaml.safe_load(path.read_text()))
    config["imerg"]["granule_folder"] = config["radar"]["frame_folder"] = "docs"
    config["evaluation"]["external_models"] = {}  # models of another run need not exist
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
    ("section", "key", "value", "message"),
    [
        ("unet", "widht", 8, "did you mean width?"),
        ("scores", "min_valid_share", 2, "scores.min_valid_share"),
        ("scores", "window_km", 50, "scores.window_km: 50 km is not a multiple of"),
        ("scores", "window_km", 8, "scores.window_km: 8 is less than"),
        ("domain", "learning_step_km", 6, "domain: size_km must be a multiple"),
        ("period", "last_day", 0, "period.last_day"),
        ("domain", "centre", [2.5, 95], "domain.centre: .2.5, 95. is not a longitude"),
        ("prediction", "centre", [2.5], "prediction.centre: .2.5. is not a longitude"),
        ("prediction", "centre", [500, 0], "prediction.centre: .500, 0. is not a longitude"),
        ("imerg", "source", "local", "needs a real radar"),
        ("imerg", "access", "opendap-cloud", "imerg.access: opendap-cloud is now opendap"),
        ("splits", "pattern", ["train"] * 4, "splits.pattern: lacks calibration, test, validation"),
        ("gauges", "table", "none.csv", "gauges.table: none.csv is not a file"),
        ("gauges", "period_minutes", 45, "gauges.period_minutes: 45 is not a multiple of 30"),
        ("clustering", "methods", ["magic"], "clustering.methods"),
        (
            "evaluation",
            "external_models",
            {"no-JJA": "unet"},
            "evaluation.external_models: 'no-JJA'",
        ),
    ],
)
def test_a_fault_is_reported_with_its_key(section, key, value, message) -> None:
    config = copy.deepcopy(load_config())
    config[section][key] = value
    with pytest.raises(ConfigError, match=message.replace("?", r"\?")):
        check_config(config)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"domain": {"centre": [178.0, -20.0]}}, "domain: the window crosses the date line"),
        ({"domain": {"centre": [0.0, 88.0]}}, "domain: the window .* contains a pole"),
        ({"prediction": {"centre": [-179.0, 52.0]}}, "prediction.centre: the window crosses"),
        ({"domain": {"crs": "mosaic", "centre": [18.4, -33.9]}}, "domain: .* French mosaic"),
        ({"domain": {"crs": "EPSG:3857"}}, "domain: in EPSG:3857 lengths over the domain"),
        ({"domain": {"crs": "Lambert"}}, "domain: Lambert is not a CRS"),
    ],
)
def test_a_domain_that_has_no_grid_is_refused(changes, message) -> None:
    with pytest.raises(ConfigError, match=message):
        check_config(merge(load_config(), changes))


@pytest.mark.parametrize(
    ("changes", "plane"),
    [
        ({}, "mosaic"),
        ({"radar": {"format": "odim"}}, "local"),
        ({"domain": {"centre": [18.4, -33.9]}}, "local"),
        ({"domain": {"centre": [-3.0, 54.0]}}, "local"),  # half of it is beyond the mosaic
        ({"domain": {"crs": "local"}}, "local"),
        ({"domain": {"crs": "EPSG:3035"}}, "EPSG:3035"),
    ],
)
def test_the_plane_is_that_of_the_mosaic_only_where_the_mosaic_is_the_radar(changes, plane) -> None:
    assert resolved_domain(merge(load_config(), changes))["crs"] == plane


@pytest.mark.parametrize("old", RENAMED)
def test_a_key_of_an_earlier_version_is_refused_with_its_current_name(old) -> None:
    config = load_config()
    section, _, key = old.rpartition(".")
    (config[section] if section else config)[key] = 1
    with pytest.raises(ConfigError, match=re.escape(f"{old} is now {RENAMED[old]}")):
        check_config(config)


@pytest.mark.parametrize("key", ["frame_folder", "comephore_folder"])
def test_a_missing_folder_is_named(key) -> None:
    config = merge(load_config(), {"radar": {"source": "local", "frame_folder": "docs"}})
    config["radar"][key] = "no/such/folder"
    with pytest.raises(ConfigError, match=rf"radar.{key}: no/such/folder is not a folder"):
        check_config(config)


def test_an_empty_local_folder_is_refused() -> None:
    config = merge(load_config(), {"radar": {"source": "local"}})
    with pytest.raises(ConfigError, match=r"radar.frame_folder: \(empty\) is not a folder"):
        check_config(config)


def test_a_missing_model_of_another_run_is_named(tmp_path) -> None:
    config = load_config()
    merge(config, yaml.safe_load((CHECKOUT / "configs/early.yaml").read_text()))
    config["run_folder"] = str(tmp_path / "runs/early")
    with pytest.raises(ConfigError, match=r"external_models: trained-on-final: .* does not"):
        check_config(config)


@pytest.mark.parametrize("path", sorted((CHECKOUT / "configs").glob("*.yaml")))
def test_a_shipped_configuration_names_no_path_outside_the_checkout(path) -> None:
    config = load_config() | {"evaluation": {"external_models": {}}}
    merge(config, yaml.safe_load(path.read_text()))
    run_folder = CHECKOUT / config["run_folder"]
    stems = [run_folder / stem for stem in config["evaluation"]["external_models"].values()]
    folders = [
        CHECKOUT / config["imerg"]["granule_folder"],
        CHECKOUT / config["radar"]["frame_folder"],
        CHECKOUT / config["radar"]["comephore_folder"],
    ]
    for place in (run_folder, *folders, *stems):
        assert place.resolve().is_relative_to(CHECKOUT), place


def test_merging_keeps_the_keys_that_the_override_does_not_have() -> None:
    base = {"a": {"x": 1, "y": [1, 2]}, "b": 3}
    assert merge(base, {"a": {"y": [9]}}) == {"a": {"x": 1, "y": [9]}, "b": 3}


def test_the_reference_page_is_current() -> None:
    from tools.write_config_reference import reference

    assert (CHECKOUT / "docs/config.md").read_text() == reference(), "run: make docs"


@pytest.mark.parametrize(
    ("radar", "fault"),
    [
        ({"format": "radolan", "step_minutes": 5}, "radolan is hourly; set it to 60"),
        ({"format": "odim", "step_minutes": 60}, "simulated radar and IMERG need frames of 30 min"),
        ({"format": "odim", "step_minutes": 7}, r"radar\.step_minutes: 7 is not one of"),
    ],
)
def test_steps_that_cannot_be_are_refused(radar: dict, fault: str) -> None:
    config = merge(load_config(), {"radar": {"source": "local", "frame_folder": "docs", **radar}})
    with pytest.raises(ConfigError, match=fault):
        check_config(config)


def test_a_single_file_is_a_source_of_frames() -> None:
    config = merge(
        load_config(), {"radar": {"source": "local", "frame_folder": "README.md", "format": "odim"}}
    )
    assert check_config(config) is config
