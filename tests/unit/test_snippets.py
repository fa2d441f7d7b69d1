"""Commands and settings that the documentation shows are those that the project has."""

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
import xarray as xr
import yaml

from rainscore.cli.commands import rainscore
from rainscore.config import load_config, merge
from rainscore.paths import CHECKOUT

PAGES = sorted(
    path
    for folder in ("", "docs", "docs/howto")
    for path in (CHECKOUT / folder).glob("*.md")
    if path.name != "CHANGELOG.md"
)
TARGETS = re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text("utf-8"), re.MULTILINE)


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Language and text of each code block of a page, also of those inside a list."""
    pattern = r"^( *)```([a-z]*)\n(.*?)^\1```"
    text = page.read_text("utf-8")
    for indent, language, block in re.findall(pattern, text, re.MULTILINE | re.DOTALL):
        yield language, re.sub(rf"^{indent}", "", block, flags=re.MULTILINE)


def commands(page: Path) -> list[list[str]]:
    """Words of each command of a page; continued lines are joined, comments left out."""
    lines = [
        line
        for language, block in blocks(page)
        if language in ("", "bash", "sh")
        for line in block.replace("\\\n", " ").splitlines()
    ]
    starts = ("make ", "snakemake", "rainscore ", "python -m ", ".venv/bin/", "benchmarks/")
    return [shlex.split(line, comments=True) for line in lines if line.strip().startswith(starts)]


@pytest.fixture(params=PAGES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def page(request) -> Path:
    return request.param


def wrong(words: list[str]) -> list[str]:
    """What a command names that does not exist."""
    program, *rest = words
    name = Path(program).name
    if name == "make":
        return [word for word in rest if "=" not in word and word not in TARGETS]
    if name.startswith("python") and rest[:1] == ["-m"]:
        return [] if importlib.util.find_spec(rest[1]) else [rest[1]]
    if name == "rainscore":
        return wrong_options(rest)
    if name == "snakemake":
        files = [word for word in rest if word.startswith("configs/")]
        return [file for file in files if not (CHECKOUT / file).is_file()]
    return []


def wrong_options(words: list[str]) -> list[str]:
    """Sub-command or options of `rainscore` that do not exist."""
    if words[0].startswith("-"):
        return []
    command = rainscore.commands.get(words[0])
    if command is None:
        return [words[0]]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    options = [word.partition("=")[0] for word in words if word.startswith("--")]
    return [option for option in options if option not in {*known, "--help"}]


def test_the_test_finds_a_wrong_command() -> None:
    assert wrong(["make", "runn"]) == ["runn"]
    assert wrong([".venv/bin/rainscore", "score", "x", "--center", "1", "2"]) == ["--center"]
    assert wrong(["rainscore", "skore", "x"]) == ["skore"]
    assert wrong(["python", "-m", "tools.absent"]) == ["tools.absent"]
    assert wrong(["rainscore", "score", "x", "--centre", "1", "2"]) == []


def test_commands_exist_with_their_options(page: Path) -> None:
    assert {shlex.join(words): wrong(words) for words in commands(page) if wrong(words)} == {}


def test_keys_and_values_of_settings_are_valid(page: Path) -> None:
    # Whether folders exist and sections fit together depends on the rest of the reader's file.
    text = (CHECKOUT / "config.schema.yaml").read_text("utf-8")
    schema = jsonschema.Draft202012Validator(yaml.safe_load(text))
    for language, block in blocks(page):
        values = yaml.safe_load(block) if language == "yaml" else None
        if isinstance(values, dict) and set(values) <= set(load_config()):
            schema.validate(merge(load_config(), values))


def python(page: str) -> str:
    """The only block of Python of a page of the documentation."""
    (code,) = (block for name, block in blocks(CHECKOUT / "docs" / page) if name == "python")
    return code


def test_the_python_of_the_page_on_gauges_makes_a_row_of_each_station_and_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hours_by_station.csv").write_text(
        "time_utc_hour_end,A801,A802\n2023-11-01 00:00,0.4,\n2023-11-01 01:00,0.0,1.2\n"
    )
    exec(python("howto/own_gauges.md"), {})
    table = pd.read_csv("gauges.csv").set_index(["code", "time"])["millimetres"]
    assert len(table) == 4
    assert table["A802", "2023-11-01 01:00"] == 1.2 and pd.isna(table["A802", "2023-11-01 00:00"])


def test_the_python_of_the_tutorial_keeps_the_rain_of_places_with_a_high_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("scored").mkdir()
    fields = {"precipitation": ("x", [1.0, 2.0]), "score": ("x", [0.4, 0.6])}
    xr.Dataset(fields).to_netcdf("scored/NAME.nc", engine="h5netcdf")
    names: dict = {}
    exec(python("tutorial.md"), names)
    assert names["rain"].fillna(-1).values.tolist() == [-1.0, 2.0]
    names["scored"].close()
