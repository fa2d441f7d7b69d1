import html
import html.parser
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rainscore.errors import RainscoreError
from rainscore.report.page import (
    Picture,
    Section,
    Table,
    write_report,
)

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path id="a" d="M0 0"/></svg>'


NAME = """map"><script>alert(1)<"""
"""Name of the files of the pictures: any that a file system allows."""


class Page(html.parser.HTMLParser):
    """Elements of a page with their attributes; checks that each is closed in order."""

    VOID = ("meta", "img", "link", "br", "input")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag


def written(tmp_path: Path, world: str = "simulated", title: str = "A study") -> str:
    picture = tmp_path / f"{NAME}.svg"
    picture.write_text(SVG)
    pictures = [Picture(picture, "A <map> & more", 'alt "text"', "96 maps, 2 days")] * 2
    frame = pd.DataFrame({"mean_rain": [0.123, np.nan], "name": ["a", "<b>"]})
    sections = [
        Section(
            "Result", "First paragraph.\n\nSecond one.", pictures, [Table(frame, "Rain", "2 maps")]
        ),
        Section("Skill", "", pictures),
    ]
    path = tmp_path / "report.html"
    kwargs = {"title": title, "period": "2019-01", "provenance": {"commit": "abc <def>"}}
    write_report(path, world=world, sections=sections, **kwargs)  # type: ignore[arg-type]  # mixed
    return path.read_text()


def test_the_report_is_one_page_without_links_to_other_files(tmp_path: Path) -> None:
    page = Page(written(tmp_path))
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"link", "iframe", "object"}
    for _, attributes in page.elements:
        for name in ("src", "href", "srcset"):
            assert attributes.get(name, "#").startswith(("#", "data:image/"))
    assert "url(" not in written(tmp_path) and "@import" not in written(tmp_path)


def test_ids_within_pictures_are_not_ids_of_the_page(tmp_path: Path) -> None:
    ids = [
        attributes["id"] for _, attributes in Page(written(tmp_path)).elements if "id" in attributes
    ]
    assert ids == ["s0", "s1", "provenance"]


def test_each_entry_of_the_contents_links_to_a_section(tmp_path: Path) -> None:
    page = Page(written(tmp_path))
    links = [a["href"].removeprefix("#") for tag, a in page.elements if tag == "a"]
    assert links == ["s0", "s1", "provenance"]


def test_text_is_escaped_and_pictures_have_a_text_alternative(tmp_path: Path) -> None:
    text = written(tmp_path)
    assert "A &lt;map&gt; &amp; more" in text and "&lt;b&gt;" in text and "abc &lt;def&gt;" in text
    pictures = [attributes for tag, attributes in Page(text).elements if tag == "img"]
    assert len(pictures) == 4 and all(a["alt"] == 'alt "text"' for a in pictures)
    assert "<p>First paragraph.</p>" in text and "<p>Second one.</p>" in text


@pytest.mark.parametrize(
    "title",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</title><b>", "{{ 7 }}"],
)
def test_html_in_the_title_of_a_run_is_text(title: str, tmp_path: Path) -> None:
    def tags(text: str) -> list[str]:
        return [tag for tag, _ in Page(text).elements]

    text = written(tmp_path, title=title)
    assert tags(text) == tags(written(tmp_path))
    assert html.unescape(text).count(f"<h1>{title}</h1>") == 1


def test_each_picture_and_table_states_its_sample_and_period(tmp_path: Path) -> None:
    samples = re.findall(r'class="sample">([^<]*)<', written(tmp_path))
    assert samples == ["2 maps · 2019-01"] + ["96 maps, 2 days · 2019-01"] * 4


def table_page(tmp_path: Path, frame: pd.DataFrame) -> str:
    """A page with one table."""
    section = Section("Result", "", (), [Table(frame, "Rain", "2 maps")])
    path = tmp_path / "report.html"
    write_report(
        path, title="A", world="real", period="2019", sections=[section], provenance={}
    )  # fmt: skip
    return path.read_text()


def test_a_table_folds_where_its_columns_need_more_than_the_page(tmp_path: Path) -> None:
    short = {f"n{i}": [0.5, 0.25] for i in range(6)}
    assert '<table class="large">' in table_page(
        tmp_path, pd.DataFrame({"name": ["radar", "final"]} | short)
    )
    intervals = {f"m{i}{end}": [0.5, 0.25] for i in range(6) for end in ("", "_low", "_high")}
    # Seven columns, too, but the brackets of an interval do not break.
    assert '<table class="broad">' in table_page(
        tmp_path, pd.DataFrame({"name": ["radar", "final"]} | intervals)
    )
    assert '<table class="narrow">' in table_page(tmp_path, pd.DataFrame({"a": [1], "b": [2]}))


def test_a_table_of_many_cells_is_closed_until_it_is_opened(tmp_path: Path) -> None:
    many = table_page(tmp_path, pd.DataFrame({f"n{i}": range(31) for i in range(4)}))
    assert "<summary>Table of 31 rows</summary>" in many and '<details class="long">' in many
    assert "Table of" not in table_page(tmp_path, pd.DataFrame({f"n{i}": [1] for i in range(4)}))


def test_a_simulated_world_is_marked_in_title_and_heading(tmp_path: Path) -> None:
    assert "<title>A study (simulated world)</title>" in written(tmp_path)
    assert 'class="badge"' in written(tmp_path)
    assert "simulated" not in written(tmp_path, "real")


def test_a_missing_picture_is_an_error_and_the_old_report_is_kept(tmp_path: Path) -> None:
    written(tmp_path)
    path = tmp_path / "report.html"
    before = path.read_bytes()
    kwargs = {"title": "", "world": "real", "period": "", "provenance": {}}
    for name, message in (("none.svg", "missing"), ("x.pdf", "SVG and PNG")):
        bad = Section("", "", [Picture(tmp_path / name, "", "", "")])
        with pytest.raises(RainscoreError, match=message):
            write_report(path, sections=[bad], **kwargs)  # type: ignore[arg-type]  # mixed
    assert path.read_bytes() == before
