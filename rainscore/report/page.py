"""Page of the report: one HTML file that needs no network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import pandas as pd

from rainscore.io import write_text
from rainscore.report.numbers import cell
from rainscore.report.pictures import data_uri
from rainscore.report.tables import merge_intervals

TEMPLATE = Path(__file__).parent / "templates" / "report.html.j2"

FOLDS = {"narrow": 26, "medium": 38, "large": 46, "broad": 55, "huge": 9999}
"""Width of the page [rem] below which a table of each class becomes one block per row.

A table has the smallest class that is as wide as its columns need. 55 rem are what a screen of 1200
pixels leaves next to the contents.
"""

_CHARACTER = 0.53
"""Width of a character of a table [rem]."""

_MARGINS = 1.4
"""Width of the empty space at the sides of a cell [rem]."""

MANY_CELLS = 120
"""A table with more cells is closed until the reader opens it."""


@dataclass(frozen=True)
class Picture:
    """A picture of the report.

    Attributes:
        path: SVG or PNG file; its content is embedded in the page.
        caption: Caption: quantities, units, and the kind of interval.
        alt: Text alternative for readers who cannot see the picture.
        sample: Sample size, such as '2 304 maps, 48 days'; the page appends the period.
        period: Period of the data; empty: that of the page.
    """

    path: Path
    caption: str
    alt: str
    sample: str
    period: str = ""


@dataclass(frozen=True)
class Table:
    """A table of the report.

    Attributes:
        frame: Content. Columns X, X_low, X_high, or value, low, high, become one column
            '0.31 [0.27, 0.36]'.
        caption: Caption: quantities, units, and the kind of interval.
        sample: Sample size; the page appends the period.
        period: Period of the data; empty: that of the page.
    """

    frame: pd.DataFrame
    caption: str
    sample: str
    period: str = ""


@dataclass(frozen=True)
class Number:
    """A number of the first screen.

    Attributes:
        label: Quantity.
        value: Value with its unit.
        note: Interval, sample, or what the value is compared with.
    """

    label: str
    value: str
    note: str


@dataclass(frozen=True)
class Section:
    """A section of the report.

    Attributes:
        title: Heading.
        text: Plain text; an empty line starts a new paragraph.
        pictures: Pictures, shown below the tables.
        tables: Tables.
        numbers: Main numbers, shown above the text.
        slides: Pictures in time order of which one is shown at a time; all of them on paper.
    """

    title: str
    text: str
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()
    numbers: Sequence[Number] = ()
    slides: Sequence[Picture] = ()


def write_report(
    path: Path | str,
    *,
    title: str,
    world: str,
    period: str,
    sections: Sequence[Section],
    provenance: Mapping[str, str],
) -> None:
    """Write the report: one HTML file with its pictures embedded, for phones and wide screens.

    Args:
        path: File to write.
        title: Title of the page.
        world: 'simulated' or 'real'; a simulated world is marked in the heading and the title.
        period: Period of the data, stated under each figure and table.
        sections: Sections in order; the first fills the first screen.
        provenance: Names and values that identify the run, such as version, code digest, seed.

    Raises:
        RainscoreError: A picture is missing or is neither SVG nor PNG.
    """
    template = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    ).from_string(TEMPLATE.read_text("utf-8"))
    page = template.render(
        title=title,
        simulated=world == "simulated",
        period=period,
        first=_section(sections[0]),
        sections=[_section(section) for section in sections[1:]],
        provenance=provenance,
        folds=FOLDS.items(),
    )
    write_text(page, path)


def _section(section: Section) -> dict:
    """Return the values of a section that the template uses."""
    return {
        "title": section.title,
        "paragraphs": [p.strip() for p in section.text.split("\n\n") if p.strip()],
        "numbers": section.numbers,
        "pictures": _embedded(section.pictures),
        "slides": _embedded(section.slides),
        "tables": [{**vars(table), **_content(table.frame)} for table in section.tables],
    }


def _embedded(pictures: Sequence[Picture]) -> list[dict]:
    """Return the values of pictures that the template uses, with their content."""
    return [{**vars(picture), "data": data_uri(picture.path)} for picture in pictures]


def _content(frame: pd.DataFrame) -> dict:
    """Return the headings and text rows of a table, and which columns hold numbers."""
    merged = merge_intervals(frame)
    # A line may break before the bracket of an interval, not inside it.
    rows = [
        [cell(value).replace(", ", ",\u00a0") for value in row]
        for row in merged.itertuples(index=False)
    ]
    starts = [{row[i][:1] for row in rows} for i in range(len(merged.columns))]
    heads = [str(name).replace("_", " ") for name in merged]
    numeric = [characters <= set("0123456789−–") for characters in starts]
    needed = sum(
        _width([heads[i], *(row[i] for row in rows)], 5.5 if is_number else 6.5)
        for i, is_number in enumerate(numeric)
    )
    return {
        "heads": heads,
        "rows": rows,
        "fold": next(name for name, width in FOLDS.items() if needed <= width),
        "long": len(rows) * len(heads) > MANY_CELLS,
        "numeric": numeric,
    }


def _width(texts: list[str], least: float) -> float:
    """Width of a column whose lines break at spaces, as in the template [rem]."""
    longest = max((len(word) for text in texts for word in text.split(" ")), default=0)
    return max(longest * _CHARACTER + _MARGINS, least)
