import re
import tomllib

import yaml

from rainscore.paths import CHECKOUT


def pins() -> dict[str, str]:
    lines = (CHECKOUT / "requirements.lock").read_text().splitlines()
    pairs = (line.split("==") for line in lines if "==" in line)
    return {name.lower().replace("_", "-"): version for name, version in pairs}


def test_the_conda_environment_has_the_versions_of_the_lock_file() -> None:
    conda = yaml.safe_load((CHECKOUT / "envs/rainscore.yaml").read_text())["dependencies"]
    locked = pins() | {"python": "3.11"}
    names = {"pytorch": "torch"}
    for entry in conda:
        name, version = entry.split("=")
        assert locked[names.get(name, name).replace("_", "-")] == version, name


def dependencies(*extras: str) -> set[str]:
    """Names of the packages that scoring and the given extras need."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    entries = [*project["dependencies"]]
    for extra in extras:
        entries += project["optional-dependencies"][extra]
    return {re.split(r"[<>=\[]", entry)[0] for entry in entries} - {"rainscore"}


def test_every_dependency_is_pinned_and_explained() -> None:
    page = (CHECKOUT / "docs/dependencies.md").read_text()
    for name in dependencies("workflow", "download", "zarr", "open-data", "dev"):
        assert name.lower().replace("_", "-") in pins(), name
        assert name in page, name


def test_the_conda_environment_contains_the_dependencies_of_the_scripts() -> None:
    conda = yaml.safe_load((CHECKOUT / "envs/rainscore.yaml").read_text())["dependencies"]
    needed = {name.lower().replace("_", "-") for name in dependencies("workflow", "download")}
    installed = {entry.split("=")[0].replace("_", "-") for entry in conda} | {"torch"}
    assert needed - installed <= {"snakemake", "snakemake-executor-plugin-slurm"}


def test_the_snakefile_is_short_and_scripts_are_thin() -> None:
    assert len((CHECKOUT / "Snakefile").read_text().splitlines()) < 60
    for script in (CHECKOUT / "scripts").glob("*.py"):
        body = [line for line in script.read_text().splitlines() if line.strip()]
        assert len(body) <= 40, script.name


def test_base_names_of_modules_are_unique() -> None:
    names = [path.name for path in (CHECKOUT / "rainscore").rglob("[!_]*.py")]
    assert sorted(names) == sorted(set(names))


def test_every_stage_of_the_rules_has_a_package_and_tests() -> None:
    for path in (CHECKOUT / "rules").glob("*.smk"):
        if path.stem not in ("common", "stops"):
            assert (CHECKOUT / "rainscore" / path.stem / "__init__.py").is_file(), path.stem
            assert (CHECKOUT / "tests/unit" / path.stem).is_dir(), path.stem


def test_the_container_installs_the_versions_of_the_lock_file_and_nothing_else() -> None:
    recipe = (CHECKOUT / "envs/Containerfile").read_text()
    installs = [line for line in recipe.splitlines() if "pip install" in line or "-r " in line]
    assert "-r /source/requirements.lock" in installs[1]
    assert installs[2].endswith("--no-deps /source") and len(installs) == 3
    assert f"python:{conda_python()}-slim" in recipe


def conda_python() -> str:
    """Version of Python in the conda environment."""
    conda = yaml.safe_load((CHECKOUT / "envs/rainscore.yaml").read_text())["dependencies"]
    return next(entry.split("=")[1] for entry in conda if entry.startswith("python="))
