"""The wheel, and what scoring needs from other packages."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rainscore.paths import CHECKOUT
from rainscore.prediction.scoringmodels import SHIPPED, find_model_files, load_models

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
EXTRA = (
    "snakemake", "dask", "zarr", "earthaccess", "huggingface_hub", "s3fs", "botocore", "requests",
    "jsonschema", "jinja2", "icechunk",
)  # fmt: skip
"""Packages of the extras, which scoring must not import."""

WITHOUT_EXTRAS = f"""
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *place: (
    None if name.split(".")[0] in {EXTRA} else find(name, *place)
)
"""


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


def test_a_granule_is_scored_without_the_packages_of_the_extras(run, tmp_path: Path) -> None:
    from tests.world import month_pair, write_granules

    granules = write_granules(tmp_path, month_pair("2019-05-01", "2019-05-01T01:00"))
    arguments = ["score", *map(str, granules), "--model", str(run.models), "--out"]
    code = WITHOUT_EXTRAS + (
        "from rainscore.cli import main\n"
        "assert main([*sys.argv[1:], 'nc']) == 0\n"
        "assert main([*sys.argv[1:], 'tif', '--format', 'tif', '--no-png']) == 0\n"
        "assert main(['explain', 'nc']) == 0\n"
        "assert main(['inspect', *sys.argv[2:4]]) == 0\n"
        "assert main([*sys.argv[1:], 'zarr', '--format', 'zarr']) == 2\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True, text=True, env=ENVIRONMENT, cwd=tmp_path,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "pip install zarr" in result.stderr
    assert len(list((tmp_path / "nc").glob("*.nc"))) == 2


def test_the_commands_of_verification_need_none_of_the_extras() -> None:
    code = WITHOUT_EXTRAS + (
        "import rainscore.evaluation.gaugeverification, rainscore.evaluation.monitoring\n"
        "import rainscore.report.figures.plot_gauges, rainscore.report.figures.plot_monitor\n"
        "import rainscore.api"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=ENVIRONMENT)


def test_the_model_of_the_package_is_small_loads_and_states_its_origin() -> None:
    assert (SHIPPED / "unet.safetensors").is_file()
    size = sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file())
    assert size < 3e6
    models = load_models(find_model_files(SHIPPED))
    assert (SHIPPED / "about.json").is_file()
    assert "simulated" in models.provenance.learned_from
    assert models.provenance.verified_on
