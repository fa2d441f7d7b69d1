import struct
from pathlib import Path

import matplotlib
import numpy as np
import pyproj
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from rainscore.grids import Grid, study_grid, window_grid
from rainscore.report.figures.graticule import OUTLINES, line_scale, outlines
from rainscore.report.figures.mapaxes import RAIN_COLOURS, aspect, colours, draw_map, paint
from tests.data import shared

FRANCE = study_grid(centre=(2.5, 46.6), size_km=800, step_km=8)
OCEAN = Grid("EPSG:4326", -40.0, 30.0, 1.0, 1.0, 3, 3)


def test_outlines_reach_the_box_that_was_asked() -> None:
    lines = outlines(-5.2, 47.8, -4.0, 48.8)
    assert lines
    for line in lines:
        assert line.shape[1] == 2
        west, south = line.min(axis=0)
        east, north = line.max(axis=0)
        assert west <= -4.0 and east >= -5.2 and south <= 48.8 and north >= 47.8


def test_there_are_no_outlines_in_the_middle_of_an_ocean() -> None:
    assert outlines(-40.0, 30.0, -37.0, 33.0) == []


def test_outlines_are_one_small_file_without_pickled_objects() -> None:
    assert OUTLINES.stat().st_size < 400_000
    with np.load(OUTLINES, allow_pickle=False) as file:
        assert {file[name].dtype.kind for name in file.files} <= {"i", "f"}


def test_no_step_of_an_outline_is_so_long_that_a_projection_would_bend_it() -> None:
    longest = max(np.abs(np.diff(line, axis=0)).max() for line in outlines(-180, -90, 180, 90))
    assert longest <= 0.501


def shapefile_lines(path: Path) -> list[np.ndarray]:
    content, lines, at = path.read_bytes(), [], 100
    while at < len(content):
        length = 2 * struct.unpack(">i", content[at + 4 : at + 8])[0]
        record = content[at + 8 : at + 8 + length]
        parts, points = struct.unpack("<2i", record[36:44])
        starts = struct.unpack(f"<{parts}i", record[44 : 44 + 4 * parts])
        xy = np.frombuffer(record, "<f8", 2 * points, 44 + 4 * parts).reshape(-1, 2)
        lines += np.split(xy, starts[1:])
        at += 8 + length
    return lines


def distance(points: np.ndarray, lines: list[np.ndarray]) -> np.ndarray:
    starts = np.concatenate([line[:-1] for line in lines])
    steps = np.concatenate([np.diff(line, axis=0) for line in lines])
    gaps = points[:, None] - starts
    along = np.clip((gaps * steps).sum(-1) / (steps**2).sum(-1), 0, 1)
    return np.hypot(*np.moveaxis(gaps - along[..., None] * steps, -1, 0)).min(axis=1)


@pytest.mark.parametrize(
    ("box", "tolerance"), [((-5.0, 43.0, 8.0, 50.0), 0.007), ((119.0, 33.0, 126.0, 40.0), 0.023)]
)
def test_outlines_stay_near_the_coast_of_natural_earth(box, tolerance) -> None:
    west, south, east, north = box
    coast = [x for x in shapefile_lines(shared("outline/ne_10m_coastline.shp")) if len(x) > 300]
    points = np.concatenate(coast)
    inside = (points > [west, south]).all(axis=1) & (points < [east, north]).all(axis=1)
    assert distance(points[inside][::10], outlines(*box)).max() < tolerance


def drawn(grid: Grid, values: np.ndarray, **options) -> tuple[Figure, np.ndarray]:
    fig = Figure(figsize=(3, 3), dpi=100)
    ax = fig.add_axes((0, 0, 1, 1))
    paint(ax, values, grid, **options)
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    return fig, np.asarray(canvas.buffer_rgba())[..., :3] / 255


def patch(image: np.ndarray, row: int, column: int) -> np.ndarray:
    """Pixels around the centre of a cell of the 3 × 3 ocean grid; row 0 is south."""
    y, x = round(300 - (row + 0.5) * 100), round((column + 0.5) * 100)
    return image[y - 8 : y + 8, x - 8 : x + 8].reshape(-1, 3)


def test_missing_is_hatched_grey_dry_is_white_and_rain_has_its_class() -> None:
    values = np.array([[np.nan, 0.0, 0.05], [0.1, 3.0, 400.0], [0.2, 0.19, 5.0]])
    _, image = drawn(OCEAN, values, kind="rain")
    missing = patch(image, 0, 0)
    assert np.ptp(missing, axis=1).max() < 0.02 and missing.max() < 0.95 and missing.std() > 0.01
    for row, column, colour in (
        (0, 1, "white"),
        (0, 2, "white"),
        (1, 0, RAIN_COLOURS[0]),
        (1, 1, RAIN_COLOURS[4]),
        (1, 2, RAIN_COLOURS[-1]),
        (2, 0, RAIN_COLOURS[1]),
        (2, 1, RAIN_COLOURS[0]),
        (2, 2, RAIN_COLOURS[5]),
    ):
        near = np.abs(patch(image, row, column) - to_rgb(colour)).max(axis=1) < 0.02
        assert near.mean() > 0.6, (row, column)


def test_a_blank_pixel_is_white_and_not_missing() -> None:
    values = np.full((3, 3), np.nan)
    blank = np.zeros((3, 3), bool)
    blank[2, 0] = True
    _, image = drawn(OCEAN, values, kind="score", blank=blank)
    assert patch(image, 2, 0).min() > 0.8
    assert np.median(patch(image, 0, 2)) < 0.95


def test_lightness_of_the_rain_classes_falls_by_equal_steps() -> None:
    rgb = np.array([to_rgb(colour) for colour in RAIN_COLOURS])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    lightness = 116 * np.cbrt(linear @ [0.2126, 0.7152, 0.0722]) - 16
    assert np.diff(lightness) == pytest.approx(np.full(8, -10), abs=0.5)


@pytest.mark.parametrize(
    "grid",
    [FRANCE, window_grid(centre=(122, 37), size_km=(900, 700), step_km=10)],
)
def test_the_ticks_stand_where_meridians_and_parallels_leave_a_projected_map(grid) -> None:
    fig, _ = drawn(grid, np.zeros(grid.shape), kind="score")
    ax = fig.axes[0]
    back = pyproj.Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform
    south = grid.y0 + min(0, grid.ny * grid.dy)
    assert len(ax.get_xticks()) >= 2 and len(ax.get_yticks()) >= 2
    for x, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True):
        text = label.get_text()
        expected = float(text.rstrip("EW°")) * (-1 if text.endswith("W") else 1)
        assert back(x, south)[0] == pytest.approx(expected, abs=0.01)
    for y, label in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True):
        expected = float(label.get_text().rstrip("N°"))
        assert back(grid.x0, y)[1] == pytest.approx(expected, abs=0.01)


def test_the_coast_lies_where_pyproj_puts_it() -> None:
    fig, _ = drawn(FRANCE, np.zeros(FRANCE.shape), kind="score")
    x, y = fig.axes[0].lines[1].get_data()
    to_lonlat = pyproj.Transformer.from_crs(FRANCE.crs, "EPSG:4326", always_xy=True)
    lon, lat = to_lonlat.transform(x, y)
    # The tip of the Pointe de Grave, at the mouth of the Gironde.
    assert np.nanmin(np.hypot(lon + 1.062, lat - 45.571)) < 0.02


def test_degrees_are_stretched_to_their_true_ratio() -> None:
    assert aspect(Grid("EPSG:4326", 0, 59, 0.1, 0.1, 20, 20)) == pytest.approx(2, rel=1e-3)
    assert aspect(FRANCE) == 1


def test_a_map_has_a_colour_bar_with_its_unit() -> None:
    fig = Figure()
    draw_map(fig.subplots(), np.zeros(FRANCE.shape), FRANCE, kind="rain")
    assert fig.axes[1].get_xlabel() == "rain [mm/h]"


def test_a_field_of_another_shape_or_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 2\), its grid \(3, 3\)"):
        paint(Figure().subplots(), np.zeros((2, 2)), OCEAN, kind="rain")
    with pytest.raises(ValueError, match="unknown kind of map 'snow'"):
        colours("snow")  # type: ignore[arg-type]  # no kind, on purpose


def test_drawing_leaves_matplotlibs_settings_alone() -> None:
    before = dict(matplotlib.rcParams)
    drawn(OCEAN, np.zeros((3, 3)), kind="rain")
    assert dict(matplotlib.rcParams) == before


def test_a_map_across_the_date_line_has_its_coasts_and_labels() -> None:
    grid = window_grid(centre=(179.0, -17.5), size_km=(800, 800), step_km=8)
    fig, _ = drawn(grid, np.zeros(grid.shape), kind="score")
    ax = fig.axes[0]
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert labels == ["176°E", "178°E", "180°", "178°W"]
    x, y = map(np.asarray, ax.lines[1].get_data())
    inside = (np.abs(x) < 4e5) & (np.abs(y) < 4e5)
    lon, _ = pyproj.Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(
        x[inside], y[inside]
    )
    assert lon.max() > 179 and lon.min() < -179  # Vanua Levu and Taveuni


def test_all_four_sides_are_labelled_where_lines_leave_the_map() -> None:
    grid = window_grid(centre=(10, 65), size_km=(800, 800), step_km=8)
    fig, _ = drawn(grid, np.zeros(grid.shape), kind="score", every_side=True)
    top, right = fig.axes[0].child_axes
    back = pyproj.Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform
    for x, label in zip(top.get_xticks(), top.get_xticklabels(), strict=True):
        assert back(x, 4e5)[0] == pytest.approx(float(label.get_text().rstrip("E°")), abs=0.01)
    for y, label in zip(right.get_yticks(), right.get_yticklabels(), strict=True):
        assert back(4e5, y)[1] == pytest.approx(float(label.get_text().rstrip("N°")), abs=0.01)
    assert len(top.get_xticks()) >= 2 and len(right.get_yticks()) >= 2


def test_coastlines_of_wide_maps_are_thinner() -> None:
    assert line_scale(FRANCE) == 1
    wide = window_grid(centre=(0, 0), size_km=(4800, 4800), step_km=8)
    assert line_scale(wide) == pytest.approx(0.5)
    assert line_scale(Grid("EPSG:4326", -180, -90, 0.1, 0.1, 3600, 1800)) == 0.25
