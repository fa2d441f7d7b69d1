"""The documentation site builds without a warning and without a network."""

import html.parser
from pathlib import Path

import pytest
from sphinx.cmd.build import build_main

from rainscore.paths import CHECKOUT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built with warnings as errors."""
    folder = tmp_path_factory.mktemp("site")
    trees = folder / "trees"
    arguments = ["-q", "-W", "-b", "html", "-d", str(trees), str(CHECKOUT / "docs")]
    assert build_main([*arguments, str(folder / "html")]) == 0
    return folder / "html"


class Requests(html.parser.HTMLParser):
    """Addresses that a browser asks for when it opens a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        attributes = dict(attrs)
        if tag in ("script", "img", "iframe"):
            self.addresses.append(attributes.get("src") or "")
        elif tag == "link":
            self.addresses.append(attributes.get("href") or "")


def test_each_page_of_the_documentation_is_a_page_of_the_site(site: Path) -> None:
    pages = {path.relative_to(CHECKOUT / "docs").with_suffix(".html") for path in pages_of_docs()}
    assert {page for page in pages if not (site / page).is_file()} == set()


def test_a_page_of_the_site_asks_for_nothing_from_the_network(site: Path) -> None:
    for page in site.rglob("*.html"):
        addresses = Requests(page.read_text("utf-8")).addresses
        assert [a for a in addresses if a.startswith(("http:", "https:", "//"))] == [], page.name


def pages_of_docs() -> list[Path]:
    """Markdown files of the documentation."""
    return list((CHECKOUT / "docs").rglob("*.md"))
