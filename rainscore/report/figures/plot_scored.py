"""Figure of a map scored without radar."""

import json
from pathlib import Path
from textwrap import wrap
from typing import Literal, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from rainscore.errors import printable
from rainscore.grids import Grid
from rainscore.report.figures.graticule import pixel_edges
from rainscore.report.figures.mapaxes import LABELS, RAIN_CLASSES, Kind, aspect, colours, paint
from rainscore.report.figures.scorebanner import (
    BANNER_HEIGHT,
    BANNER_WIDTH,
    draw_banner,
    verdict,
)
from rainscore.report.figures.scoredtext import headline, notes
from rainscore.report.figures.style import save, styled

WIDTH = 13.0
"""Default width of the figure [inches]."""

NARROW = 9.0
"""Width below which the panels stand below each other [inches]."""

WIDE = 0.55
"""Ratio of height to width of a map below which the panels stand below each other."""

WIDE_PIXELS = 600
"""Number of columns of a map above which the panels stand below each other."""

SIDES, BELOW, ABOVE, TALLEST = 0.42, 0.85, 0.65, 8.0
"""Space beside, below and above a panel for labels, and the largest height of one [inches]."""

LINE = 0.165
"""Height of a line of text [inches]."""

CELLS_ACROSS = 1200
"""Number of columns above which a map is averaged before it is drawn."""


SCORE_LIMITS = (0.0, 0.9)
"""Ends of the colour scale of scores: predicted medians are rarely higher. It is the same for all
maps, so that they can be compared."""

BARS = {"score": "local score [1]", "width": "interval width [1]"}
BARS |= {"probability": "hidden rain [1]", "rain": LABELS["rain"]}
"""Labels of the colour bars."""


class Panel(NamedTuple):
    """Panel of the figure.

    Attributes:
        title: Title.
        layers: Fields and their kinds, drawn on top of each other; NaN is transparent.
        blank: Mask of the pixels that are white: dry, not missing.
    """

    title: str
    layers: list[tuple[np.ndarray, Kind]]
    blank: np.ndarray | None = None


def draw_scored(dataset: xr.Dataset, path: Path, *, width: float = WIDTH) -> None:
    """Draw a scored map as `plot_scored` does and save it; the suffix of `path` is the format."""
    save(plot_scored(dataset, width=width), path)


@styled
def plot_scored(dataset: xr.Dataset, *, width: float = WIDTH) -> Figure:
    """Draw the map score as a large number, and maps of rain, score and doubt.

    Args:
        dataset: One scored map of a window or of the globe (docs/prediction.md).
        width: Width of the figure [inches]; below 9 the panels stand below each other, as on a
            phone.

    Raises:
        KeyError: A variable or attribute is absent.
    """
    dataset, grid = _drawn(dataset)
    panels = _panels(dataset)
    stacked = width < NARROW or aspect(grid) < WIDE or grid.nx > WIDE_PIXELS
    columns = 1 if stacked else len(panels)
    map_width = width / columns - 2 * SIDES
    map_height = min(map_width * aspect(grid), TALLEST)
    title, remarks = headline(dataset)
    beside = width >= 2 * BANNER_WIDTH + 1
    text_width = width - 0.3 - (BANNER_WIDTH + 0.2 if beside else 0)
    lines = [line for remark in remarks for line in _wrapped(remark, text_width)]
    titles = wrap(title, int(text_width / 0.1))
    text_height = 0.15 + 0.2 * len(titles) + LINE * len(lines)
    head = 0.15 + (max(BANNER_HEIGHT, text_height) if beside else BANNER_HEIGHT + text_height)
    foot = [line for note in notes(dataset) for line in _wrapped(note, width - 0.3)]
    row = ABOVE + map_height + BELOW
    legend = 0.3 if width >= NARROW else 0.75
    height = head + row * len(panels) / columns + legend + 0.1 + LINE * len(foot)

    fig = Figure(figsize=(width, height), facecolor="white")
    draw_banner(fig, verdict(dataset), left=0.15, top=0.1)
    corner = (0.35 + BANNER_WIDTH, 0.12) if beside else (0.15, 0.1 + BANNER_HEIGHT)
    _write(fig, corner, titles, weight="bold", size=11)
    _write(fig, (corner[0], corner[1] + 0.06 + 0.2 * len(titles)), lines, color="#444444")
    for number, panel in enumerate(panels):
        across, down = (number, 0) if columns > 1 else (0, number)
        place = (across * width / columns + SIDES, head + down * row + ABOVE)
        _draw_panel(fig, panel, grid, place, (map_width, map_height))
    _draw_legend(fig, height - 0.05 - LINE * len(foot) - legend)
    _write(fig, (0.15, height - 0.05 - LINE * len(foot)), foot, color="#444444")
    return fig


def _drawn(dataset: xr.Dataset) -> tuple[xr.Dataset, Grid]:
    """Dataset and grid as they are drawn: a globe of 3600 columns is averaged over 4 × 4 cells."""
    if "window_lat" not in dataset:
        return dataset, Grid.from_json(dataset.attrs["grid"])
    ny, nx = dataset["score"].shape
    factor = -(-nx // CELLS_ACROSS)
    fields = [name for name, field in dataset.data_vars.items() if field.ndim == 2]
    coarse = dataset[fields].coarsen(lat=factor, lon=factor, boundary="trim").mean()
    others = dataset.drop_vars([*fields, "lat", "lon"])
    step = 0.1 * factor
    grid = Grid("EPSG:4326", -180.0, -90.0, step, step, nx // factor, ny // factor)
    return xr.merge([coarse, others]).assign_attrs(dataset.attrs), grid


def _panels(dataset: xr.Dataset) -> list[Panel]:
    threshold = json.loads(dataset.attrs["score"])["wet_threshold_mm_h"]
    width = (dataset["score_high"] - dataset["score_low"]).to_numpy()
    score, hidden = (dataset[name].to_numpy() for name in ("score", "hidden_rain_probability"))
    doubt: list[tuple[np.ndarray, Kind]] = [(width, "width"), (hidden, "probability")]
    panels = [
        Panel("Predicted local score (median)", [(score, "score")], np.isfinite(hidden)),
        Panel("Doubt: width of the 90 % interval, hidden rain", doubt),
    ]
    if "precipitation" in dataset:
        rain: tuple[np.ndarray, Kind] = (dataset["precipitation"].to_numpy(), "rain")
        panels.insert(0, Panel(f"IMERG rain (wet from {threshold:g} mm/h)", [rain]))
    return panels


def _draw_panel(
    fig: Figure,
    panel: Panel,
    grid: Grid,
    place: tuple[float, float],
    size: tuple[float, float],
) -> None:
    """Draw a panel and the colour bars of its layers below it.

    Args:
        fig: Figure.
        panel: Panel.
        grid: Grid of its fields.
        place: Upper left corner [inches from the left and from the top of the figure].
        size: Width and height [inches].
    """
    ax = _axes(fig, place, size)
    (values, kind), *others = panel.layers
    limits = SCORE_LIMITS if kind == "score" else (0.0, 1.0)
    mesh = paint(ax, values, grid, kind=kind, blank=panel.blank, limits=limits, every_side=True)
    meshes = [(mesh, kind)]
    for layer, other in others:
        cmap, norm = colours(other)
        edges = pixel_edges(grid)
        added = ax.pcolormesh(*edges, layer, cmap=cmap, norm=norm, rasterized=True)
        meshes.append((added, other))
    ax.set_label(panel.title)
    ax.spines[:].set_visible(True)
    title = wrap(panel.title, int((size[0] + SIDES) / 0.079))
    corner = (place[0] - SIDES / 2, place[1] - 0.22 - LINE * len(title))
    _write(fig, corner, title, weight="bold", size=9)
    length = size[0] / len(meshes)
    for number, (drawn, name) in enumerate(meshes):
        corner = (place[0] + number * length + 0.1, place[1] + size[1] + 0.3)
        _draw_bar(_axes(fig, corner, (length - 0.2, 0.11)), drawn, name)


def _draw_bar(ax: Axes, mesh: QuadMesh, kind: Kind) -> None:
    """Draw the colour bar of a layer."""
    ticks = RAIN_CLASSES if kind == "rain" else None
    extend: Literal["max"] | None = "max" if kind == "score" else None
    bar = Colorbar(ax, mesh, orientation="horizontal", ticks=ticks, extend=extend)
    if kind == "rain":
        bar.ax.set_xticklabels([f"{rate:g}" for rate in RAIN_CLASSES])
    bar.set_label(BARS[kind], size=8, labelpad=2)
    bar.ax.tick_params(labelsize=7, length=2)
    bar.outline.set_linewidth(0.5)
    if bar.solids is not None:
        bar.solids.set_rasterized(True)


def _axes(fig: Figure, place: tuple[float, float], size: tuple[float, float]) -> Axes:
    """Axes at an upper left corner [inches from the left and from the top], of a size [inches]."""
    width, height = fig.get_size_inches()
    return fig.add_axes(
        (
            place[0] / width,
            1 - (place[1] + size[1]) / height,
            size[0] / width,
            size[1] / height,
        )
    )


def _draw_legend(fig: Figure, top: float) -> None:
    """Explain white and hatched areas, from `top` [inches from the top of the figure]."""
    dry = Patch(facecolor="white", edgecolor="#888888", label="white: dry, so there is no score")
    missing = Patch(facecolor="#e9e9e9", edgecolor="#bdbdbd", hatch="////")
    missing.set_label("hatched: no estimate of IMERG, or score withheld")
    entries = [dry, missing]
    width, height = fig.get_size_inches()
    fig.legend(
        handles=entries, loc="upper left", ncols=1 if width < NARROW else len(entries),
        bbox_to_anchor=(0.05 / width, 1 - top / height), borderaxespad=0.2, fontsize=8.5,
    )  # fmt: skip


def _wrapped(text: str, width: float) -> list[str]:
    """Lines of a text that fit into a width [inches] at 8.5 points."""
    return wrap(text, max(int(width / 0.069), 20))


def _write(
    fig: Figure, corner: tuple[float, float], lines: list[str], *, size: float = 8.5, **options
) -> None:
    """Write lines below each other from a corner [inches from the left and from the top]."""
    width, height = fig.get_size_inches()
    for number, line in enumerate(lines):
        y = 1 - (corner[1] + number * LINE) / height
        plain = printable(line).replace("$", r"\$")  # names of files and clusters are no formulas
        fig.text(corner[0] / width, y, plain, va="top", size=size, **options)
