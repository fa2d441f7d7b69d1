"""The report: one HTML file that needs no network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10
from pathlib import Path

import jinja2
import numpy as np
import pandas as pd

from rainscore.io import write_text
from rainscore.report.pictures import data_uri

TEMPLATE = Path(__file__).parent / "templates" / "report.html.j2"


MISSING = "–"


@dataclass(frozen=True)
class Figure:
    """A picture of the report.

    Attributes:
        path: SVG or PNG file; its content goes into the report.
        caption: What it shows, what to see in it.
        alt: The same in a sentence for who cannot see it.
        sample: Sample size, such as '2 304 maps, 48 days'; the period is added.
    """

    path: Path
    caption: str
    alt: str
    sample: str


@dataclass(frozen=True)
class Table:
    """A table of the report.

    Attributes:
        frame: Its content. Columns X, X_low, X_high, or value, low, high, become one column
            '0.31 [0.27, 0.36]'.
        caption: What it holds, with units and what the intervals are.
        sample: Sample size; the period is added.
    """

    frame: pd.DataFrame
    caption: str
    sample: str


@dataclass(frozen=True)
class Section:
    """A section of the report.

    Attributes:
        title: Its heading.
        text: Plain text; an empty line starts a new paragraph.
        figures: Pictures, below the tables.
        tables: Tables.
    """

    title: str
    text: str
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()


def write_report(
    path: Path | str,
    *,
    title: str,
    world: str,
    period: str,
    sections: Sequence[Section],
    provenance: Mapping[str, str],
) -> None:
    """Write the report: one HTML file with its pictures inside, for phone and wide screen.

    Args:
        path: File to write.
        title: Its heading.
        world: 'simulated' or 'real'; the first is said beside the heading and in the page's title.
        period: Of the data, in words; stands under each figure and table.
        sections: In order; the first is the first screen: what was run, the key table, one map.
        provenance: What made it (name to value), such as version, code digest, configuration.

    Raises:
        RainscoreError: A picture is missing or is neither SVG nor PNG.
    """
    template = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    ).from_string(TEMPLATE.read_text())
    page = template.render(
        title=title,
        simulated=world == "simulated",
        period=period,
        first=_section(sections[0]),
        sections=[_section(section) for section in sections[1:]],
        provenance=provenance,
    )
    write_text(page, path)


def pivot(table: pd.DataFrame, *, index: str, columns: str) -> pd.DataFrame:
    """Spread a long table (columns value, low, high) so that each cell is '0.31 [0.27, 0.36]'.

    Rows and columns keep the order in which they first appear; an absent cell is a dash.
    """
    cells = table.assign(cell=merge_intervals(table)["value"])
    wide = cells.pivot(index=index, columns=columns, values="cell")
    wide = wide.reindex(index=table[index].unique(), columns=table[columns].unique())
    return wide.fillna(MISSING).rename_axis(columns=None).reset_index()


def merge_intervals(frame: pd.DataFrame) -> pd.DataFrame:
    """Join each value and its interval into one text column: X, X_low, X_high; value, low, high."""
    frame = frame.copy()
    for name in list(frame.columns):
        low, high = ("low", "high") if name == "value" else (f"{name}_low", f"{name}_high")
        if low in frame and high in frame:
            rows = zip(frame[name], frame[low], frame[high], strict=True)
            frame[name] = [interval(*row) for row in rows]
            frame = frame.drop(columns=[low, high])
    return frame


def interval(value: float, low: float, high: float) -> str:
    """A number and its interval with as many decimals as the interval bears.

    >>> interval(0.3141, 0.268, 0.359)
    '0.31 [0.27, 0.36]'
    """
    if not isfinite(value):
        return MISSING
    if not (isfinite(low) and isfinite(high)):
        return number(value)
    width = high - low
    decimals = min(max(0, -floor(log10(width / 5))), 4) if width > 0 else 2
    return " ".join(
        [_fixed(value, decimals), f"[{_fixed(low, decimals)}, {_fixed(high, decimals)}]"]
    )


def number(value: float) -> str:
    """A number with three significant digits; whole ones in full, their thousands apart.

    >>> number(0.031416), number(35088), number(float("nan"))
    ('0.0314', '35\u202f088', '–')
    """
    if not isfinite(value):
        return MISSING
    if value == round(value):
        return _fixed(value, 0)
    return _fixed(value, min(max(0, 2 - floor(log10(abs(value)))), 6))


def _fixed(value: float, decimals: int) -> str:
    """A number with fixed decimals, a true minus, and its thousands apart."""
    text = f"{round(value, decimals) + 0.0:,.{decimals}f}"
    return text.replace(",", "\u202f").replace("-", "−")


def cell(value: object) -> str:
    """The text of a table's cell."""
    if value is None or value is pd.NA or value is pd.NaT:
        return MISSING
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, float, np.number)):
        return number(float(value))
    if isinstance(value, (pd.Timestamp, np.datetime64)):
        return pd.Timestamp(value).strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")
    return str(value)


def _section(section: Section) -> dict:
    """What the template needs of a section."""
    return {
        "title": section.title,
        "paragraphs": [p.strip() for p in section.text.split("\n\n") if p.strip()],
        "figures": [{**vars(figure), "data": data_uri(figure.path)} for figure in section.figures],
        "tables": [{**vars(table), **_content(table.frame)} for table in section.tables],
    }


def _content(frame: pd.DataFrame) -> dict:
    """Heads, rows of text, and which columns hold numbers."""
    merged = merge_intervals(frame)
    rows = [[cell(value) for value in row] for row in merged.itertuples(index=False)]
    starts = [{row[i][:1] for row in rows} for i in range(len(merged.columns))]
    return {
        "heads": [str(name).replace("_", " ") for name in merged],
        "rows": rows,
        "numeric": [characters <= set("0123456789−–") for characters in starts],
    }
