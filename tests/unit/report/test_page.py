import html.parser
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rainscore.errors import RainscoreError
from rainscore.report.page import (
    Figure,
    Section,
    Table,
    cell,
    interval,
    merge_intervals,
    number,
    pivot,
    write_report,
)

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path id="a" d="M0 0"/></svg>'


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        ((0.3141, 0.268, 0.359), "0.31 [0.27, 0.36]"),
        ((0.3, 0.1, 0.5), "0.30 [0.10, 0.50]"),
        ((0.91234, 0.912, 0.913), "0.9123 [0.9120, 0.9130]"),
        ((12.3, 8.0, 17.0), "12 [8, 17]"),
        ((-0.001, -0.2, 0.1), "0.00 [−0.20, 0.10]"),
        ((0.0, 0.0, 0.0), "0.00 [0.00, 0.00]"),
        ((0.25, np.nan, np.nan), "0.250"),
        ((np.nan, 0.1, 0.2), "–"),
    ],
)
def test_an_interval_has_the_digits_it_bears(bounds, text) -> None:
    assert interval(*bounds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (35088, "35\u202f088"),
        (0.031416, "0.0314"),
        (-2.5, "−2.50"),
        (1234.5, "1\u202f234"),
        (0, "0"),
    ],
)
def test_a_number_has_three_significant_digits(value, text) -> None:
    assert number(value) == text


def test_cells_are_written_for_people() -> None:
    values = [True, np.int64(5), None, pd.NA, pd.Timestamp("2019-01-04 12:30"), "fss", np.nan]
    assert [cell(v) for v in values] == ["yes", "5", "–", "–", "2019-01-04 12:30", "fss", "–"]
    assert cell(pd.Timestamp("2019-01-04")) == "2019-01-04"


def test_values_and_their_bounds_become_one_column() -> None:
    frame = pd.DataFrame({"a": ["x"], "crps": [0.3141], "crps_low": [0.268], "crps_high": [0.359]})
    assert merge_intervals(frame).to_dict("list") == {"a": ["x"], "crps": ["0.31 [0.27, 0.36]"]}


def test_a_long_table_is_spread_in_its_own_order() -> None:
    long = pd.DataFrame(
        {
            "method": ["U-Net", "U-Net", "climatology"],
            "measure": ["skill", "mae", "mae"],
            "value": [0.3141, 0.2, 0.25],
            "low": [0.268, 0.18, 0.22],
            "high": [0.359, 0.22, 0.28],
        }
    )
    wide = pivot(long, index="method", columns="measure")
    assert list(wide.columns) == ["method", "skill", "mae"]
    assert wide["method"].tolist() == ["U-Net", "climatology"]
    assert wide["skill"].tolist() == ["0.31 [0.27, 0.36]", "–"]


class Page(html.parser.HTMLParser):
    """Elements with their attributes, and that each is closed in order."""

    VOID = ("meta", "img", "link", "br")

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


def written(tmp_path: Path, world: str = "simulated") -> str:
    picture = tmp_path / "map.svg"
    picture.write_text(SVG)
    figures = [Figure(picture, "A <map> & more", 'alt "text"', "96 maps, 2 days")] * 2
    frame = pd.DataFrame({"mean_rain": [0.123, np.nan], "name": ["a", "<b>"]})
    sections = [
        Section(
            "Result", "First paragraph.\n\nSecond one.", figures, [Table(frame, "Rain", "2 maps")]
        ),
        Section("Skill", "", figures),
    ]
    path = tmp_path / "report.html"
    kwargs = {"title": "A study", "period": "2019-01", "provenance": {"commit": "abc <def>"}}
    write_report(path, world=world, sections=sections, **kwargs)  # type: ignore[arg-type]  # mixed
    return path.read_text()


def test_the_report_is_one_page_that_fetches_nothing(tmp_path: Path) -> None:
    page = Page(written(tmp_path))
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "iframe", "object"}
    for _, attributes in page.elements:
        for name in ("src", "href", "srcset"):
            assert attributes.get(name, "#").startswith(("#", "data:image/"))
    assert "url(" not in written(tmp_path) and "@import" not in written(tmp_path)


def test_ids_of_several_pictures_cannot_clash(tmp_path: Path) -> None:
    ids = [
        attributes["id"] for _, attributes in Page(written(tmp_path)).elements if "id" in attributes
    ]
    assert ids == ["s0", "s1", "provenance"]


def test_each_entry_of_the_contents_leads_to_a_section(tmp_path: Path) -> None:
    page = Page(written(tmp_path))
    links = [a["href"].removeprefix("#") for tag, a in page.elements if tag == "a"]
    assert links == ["s0", "s1", "provenance"]


def test_text_is_escaped_and_pictures_have_words(tmp_path: Path) -> None:
    text = written(tmp_path)
    assert "A &lt;map&gt; &amp; more" in text and "&lt;b&gt;" in text and "abc &lt;def&gt;" in text
    pictures = [attributes for tag, attributes in Page(text).elements if tag == "img"]
    assert len(pictures) == 4 and all(a["alt"] == 'alt "text"' for a in pictures)
    assert "<p>First paragraph.</p>" in text and "<p>Second one.</p>" in text


def test_each_figure_and_table_carries_sample_and_period(tmp_path: Path) -> None:
    samples = re.findall(r'class="sample">([^<]*)<', written(tmp_path))
    assert samples == ["2 maps · 2019-01"] + ["96 maps, 2 days · 2019-01"] * 4


def test_a_simulated_world_is_called_so(tmp_path: Path) -> None:
    assert "<title>A study (simulated world)</title>" in written(tmp_path)
    assert 'class="badge"' in written(tmp_path)
    assert "simulated" not in written(tmp_path, "real")


def test_a_missing_picture_is_an_error_that_leaves_the_old_report(tmp_path: Path) -> None:
    written(tmp_path)
    path = tmp_path / "report.html"
    before = path.read_bytes()
    kwargs = {"title": "", "world": "real", "period": "", "provenance": {}}
    for name, message in (("none.svg", "missing"), ("x.pdf", "SVG and PNG")):
        bad = Section("", "", [Figure(tmp_path / name, "", "", "")])
        with pytest.raises(RainscoreError, match=message):
            write_report(path, sections=[bad], **kwargs)  # type: ignore[arg-type]  # mixed
    assert path.read_bytes() == before
