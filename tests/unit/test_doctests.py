"""The examples in docstrings and in the documentation give what they show."""

import doctest
import importlib
from pathlib import Path

import numpy as np
import pytest

from rainscore.paths import CHECKOUT

MODULES = sorted(
    ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__")
    for path in (CHECKOUT / "rainscore").rglob("*.py")
    if ">>> " in path.read_text("utf-8")
)
PAGES = sorted(
    path for path in (CHECKOUT / "docs").rglob("*.md") if ">>> " in path.read_text("utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_right(name: str) -> None:
    module = importlib.import_module(name)
    result = doctest.testmod(module, extraglobs={"np": np})
    assert result.attempted > 0 and result.failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_examples_of_a_page_are_right(page: Path) -> None:
    result = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert result.attempted > 0 and result.failed == 0
