"""Links, files, modules and configuration keys that the documentation names exist."""

import importlib
import re
from pathlib import Path

import pytest
import yaml

from rainscore.paths import CHECKOUT

PAGES = sorted(
    path
    for folder in ("", "docs", "docs/howto", "docs/study", "docs/study/run", "rainscore/data")
    for path in (CHECKOUT / folder).glob("*.md")
    if path.name != "CHANGELOG.md"  # names what earlier versions had
)
FOLDERS = "benchmarks|configs|docs|envs|profiles|rainscore|report|rules|scripts|tests|tools"
CONFIG = yaml.safe_load((CHECKOUT / "config.yaml").read_text())


def code_spans(page: Path) -> list[str]:
    """Text in single backticks outside code blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL))


def exists(name: str) -> bool:
    """Whether a dotted name is a module, or a member of one."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            if not hasattr(value, part):
                return False
            value = getattr(value, part)
        return True
    return False


@pytest.fixture(params=PAGES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def page(request) -> Path:
    return request.param


def test_relative_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_links_to_headings_lead_to_headings(page: Path) -> None:
    missing = []
    for link, anchor in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text()):
        if "://" in link:
            continue
        text = (page.parent / link if link else page).read_text()
        headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", head).lower().replace(" ", "-") for head in headings}
        if anchor not in anchors:
            missing.append(f"{link}#{anchor}")
    assert missing == []


def test_files_of_the_repository_exist(page: Path) -> None:
    named = [span for span in code_spans(page) if re.fullmatch(rf"({FOLDERS})/[\w./-]+", span)]
    assert [name for name in named if not (CHECKOUT / name).exists()] == []


def test_modules_and_functions_can_be_imported(page: Path) -> None:
    named = [span.partition("(")[0] for span in code_spans(page) if span.startswith("rainscore.")]
    assert [name for name in named if not exists(name)] == []


def test_configuration_keys_are_in_the_embedded_configuration(page: Path) -> None:
    named = re.findall(rf"`({'|'.join(CONFIG)})\.(\w+)(?::[^`]*)?`", page.read_text())
    files = ("md", "smk", "html", "parquet", "yaml", "rst", "json", "py", "nc", "csv", "png")
    keys = [f"{section}.{key}" for section, key in named if key not in (*files, *CONFIG[section])]
    assert [key for key in keys if not exists(f"rainscore.{key}")] == []
