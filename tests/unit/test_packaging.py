"""The wheel, and what scoring needs from other packages."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rainscore.paths import CHECKOUT
from rainscore.prediction.scoringmodels import SHIPPED, find_model_files, load_models
from tests.environments import Environment, install, run
from tests.world import month_pair, write_granules

EXTRA = (
    "snakemake", "dask", "zarr", "earthaccess", "huggingface_hub", "s3fs", "botocore", "requests",
    "jsonschema", "yaml", "lightgbm", "icechunk",
)  # fmt: skip
"""Packages of the extras, which scoring does not need."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from a copy in this environment, without network."""
    folder = tmp_path_factory.mktemp("wheel")
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CHECKOUT / "rainscore", folder / "copy/rainscore", ignore=skipped)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, folder / "copy")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q"]
    subprocess.run(
        [*command, "-w", str(folder), str(folder / "copy")], check=True, capture_output=True
    )
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def environment(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel and what it requires, without the extras."""
    return install(Path(str(wheel.filename)), tmp_path_factory.mktemp("environment"))


def test_the_wheel_has_the_package_its_data_and_its_types(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    package = {
        str(path.relative_to(CHECKOUT))
        for path in (CHECKOUT / "rainscore").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert package - names == set()
    assert not any(name.startswith(("tests", "benchmarks", "tools")) for name in names)
    size = sum(info.compress_size for info in wheel.infolist())
    assert size < 6e6


def test_the_wheel_installs_the_command_and_its_extras(wheel: zipfile.ZipFile) -> None:
    (folder,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    assert "rainscore = rainscore.cli:main" in wheel.read(f"{folder}/entry_points.txt").decode()
    metadata = wheel.read(f"{folder}/METADATA").decode()
    assert set(re.findall(r"^Provides-Extra: (.*)$", metadata, re.M)) >= {
        "zarr", "download", "open-data", "workflow", "dev",
    }  # fmt: skip
    needed = re.findall(r"^Requires-Dist: ([\w-]+)(?!.*extra ==)", metadata, re.M)
    assert not set(needed) & set(EXTRA)


def test_an_environment_with_the_dependencies_of_the_wheel_only_is_complete(
    environment: Environment,
) -> None:
    run([sys.executable, "-m", "pip", "--python", str(environment.python), "check"])
    code = (
        "import importlib.util, rainscore\n"
        f"print(rainscore.__file__, [n for n in {EXTRA} if importlib.util.find_spec(n)])"
    )
    file, _, extras = environment.run("-c", code).stdout.partition(" ")
    assert Path(file).is_relative_to(environment.python.parents[1])
    assert extras == "[]\n"


def test_a_granule_is_scored_and_explained_without_the_packages_of_the_extras(
    environment: Environment, tmp_path: Path
) -> None:
    granules = write_granules(tmp_path, month_pair("2019-05-01", "2019-05-01T01:00"))
    code = (
        "import sys\n"
        "from rainscore.cli import main\n"
        "score = ['score', *sys.argv[1:], '--out']\n"
        "assert main([*score, 'nc']) == 0\n"
        "assert main([*score, 'tif', '--format', 'tif', '--no-png']) == 0\n"
        "assert main(['explain', 'nc']) == 0\n"
        "assert main(['inspect', sys.argv[1]]) == 0\n"
        "assert main([*score, 'zarr', '--format', 'zarr']) == 2\n"
        "import rainscore.evaluation.gaugeverification, rainscore.evaluation.monitoring\n"
        "import rainscore.report.figures.plot_gauges, rainscore.report.figures.plot_monitor\n"
    )
    ran = environment.run("-c", code, *map(str, granules), folder=tmp_path)
    assert "pip install zarr" in ran.stderr
    for folder, ending in (("nc", "nc"), ("nc", "png"), ("tif", "tif")):
        assert len(list((tmp_path / folder).glob(f"*.{ending}"))) == 2


def test_the_installed_command_starts_from_any_folder(
    environment: Environment, tmp_path: Path
) -> None:
    ran = run([str(environment.python.with_name("rainscore")), "--version"], cwd=tmp_path)
    assert ran.stdout.startswith("rainscore")


def test_the_model_of_the_package_is_small_loads_and_states_its_origin() -> None:
    assert (SHIPPED / "unet.safetensors").is_file()
    size = sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file())
    assert size < 3e6
    models = load_models(find_model_files(SHIPPED))
    assert (SHIPPED / "about.json").is_file()
    assert "simulated" in models.provenance.learned_from
    assert models.provenance.verified_on
