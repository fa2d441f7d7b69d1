"""Tables of the documentation page, generated from the table of results."""

from pathlib import Path

import pandas as pd

from benchmarks.clustering.protocols import DATA, JOINT, PUBLISHED
from benchmarks.clustering.rows import read_rows
from rainscore.io import write_text

BEGIN, END = "<!-- papers: begin -->\n", "<!-- papers: end -->\n"
NAMES = {
    "usps": "USPS",
    "mnist-test": "MNIST-test",
    "mnist": "MNIST",
    "fashion-mnist": "Fashion-MNIST",
    "dcec": "DCEC",
    "idec": "IDEC",
    "dkm": "Deep k-Means",
    "dkm_annealed": "Deep k-Means, annealed",
    "desom": "DESOM (8 × 8)",
    "depict": "DEPICT",
}
METHODS = (*JOINT[:3], "dkm_annealed", *JOINT[3:])


def write_page(table: Path, page: Path) -> None:
    """Replace the text between the two marks of a page by the tables."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    write_text(before + BEGIN + markdown(read_rows(table)) + END + after, page)


def markdown(rows: pd.DataFrame) -> str:
    """Table of the methods of the papers, one line per image set and method."""
    head = (
        "| images | method | seeds | ACC | ACC at start | NMI | NMI at start | purity | published "
        "| difference |\n|---|---|---|---|---|---|---|---|---|---|\n"
    )
    lines = [
        _line(data, method, part)
        for data in DATA
        for method in METHODS
        if len(part := rows[(rows["data"] == data) & (rows["method"] == method)])
    ]
    return head + "".join(lines)


def _line(data: str, method: str, part: pd.DataFrame) -> str:
    published = PUBLISHED.get((method, data), {})
    names = {"acc": "ACC", "nmi": "NMI", "purity": "purity"}
    is_map = method == "desom"
    cells = [
        NAMES[data],
        NAMES[method],
        str(len(part)),
        "" if is_map else _spread(part["acc"]),
        _spread(part["acc_start"]),
        _spread(part["nmi"]),
        _spread(part["nmi_start"]),
        _spread(part["purity"]),
        ", ".join(f"{names[name]} {_number(value)}" for name, value in published.items()),
        ", ".join(f"{part[name].mean() - value:+.3f}" for name, value in published.items()),
    ]
    return "| " + " | ".join(cells) + " |\n"


def _spread(values: pd.Series) -> str:
    """Mean of the seeds and, where there are several, their standard deviation."""
    values = values.dropna().astype(float)
    if values.empty:
        return ""
    mean = _number(values.mean())
    return mean if len(values) == 1 else f"{mean} ± {_number(values.std())}"


def _number(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")
