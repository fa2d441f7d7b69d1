from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rainscore.grids import Grid, study_grid, window_grid
from rainscore.report.figures.plot_scored import draw_scored, plot_scored
from rainscore.report.figures.scorebanner import verdict
from rainscore.report.figures.scoredtext import headline
from tests.unit.report.figuredata import colour_values

GRIDS = {
    "polar stereographic": study_grid(centre=(2.5, 46.6), size_km=240, step_km=8),
    "wide window": window_grid(centre=(122, 37), size_km=(400, 200), step_km=10),
    "degrees": Grid("EPSG:4326", -10.0, 40.0, 0.1, 0.1, 40, 30),
}


def scored(grid: Grid = GRIDS["degrees"], **scalars: float) -> xr.Dataset:
    rng = np.random.default_rng(0)
    rain = rng.gamma(0.2, 2, grid.shape)
    rain[:5, :5] = np.nan
    wet = rain > 0.1
    score = np.where(wet, rng.uniform(0.2, 0.8, grid.shape), np.nan)
    fields = {
        "precipitation": rain,
        "score": score,
        "score_low": score - 0.1,
        "score_high": score + 0.1,
        "hidden_rain_probability": np.where(rain <= 0.1, 0.2, np.nan),
    }
    names = ("map_score", "map_score_low", "map_score_high")
    clusters = ("cluster_score_median", "cluster_score_low", "cluster_score_high")
    values = dict.fromkeys((*names, *clusters), 0.5) | {"cluster": 3.0, "novelty": 0.0}
    values |= {"map_score_outside": 0.0} | scalars
    return xr.Dataset(
        {name: (("y", "x"), field) for name, field in fields.items()} | values,
        {"time": np.datetime64("2019-01-04T12:30", "ns")},
        {
            "grid": grid.to_json(),
            "cluster_name": "broad light showers",
            "source": "3B-HHR.HDF5",
            "version": "Final V07B",
            "world": "simulated",
            "trained_on": "a simulated world",
            "unavailable_inputs": "",
            "product_difference": "",
            "map_interval_withheld": "",
            "score": '{"wet_threshold_mm_h": 0.1}',
            "learned_from": "24 simulated worlds",
            "verified_on": "",
        },
    )


def maps(fig: Figure) -> list[Axes]:
    """Axes of the maps, without scale and colour bars."""
    return [ax for ax in fig.axes if " " in str(ax.get_label())]


@pytest.mark.parametrize("name", GRIDS)
def test_a_scored_map_is_drawn_on_any_grid(name: str) -> None:
    dataset = scored(GRIDS[name])
    rain, score, doubt = maps(plot_scored(dataset))
    width = dataset["score_high"] - dataset["score_low"]
    np.testing.assert_allclose(colour_values(rain.collections[-1]), dataset["precipitation"])
    np.testing.assert_allclose(colour_values(score.collections[-1]), dataset["score"])
    drawn = [colour_values(mesh) for mesh in doubt.collections]
    np.testing.assert_allclose(drawn[0], width)
    np.testing.assert_allclose(drawn[1], dataset["hidden_rain_probability"])


def test_dry_pixels_are_blank_and_pixels_without_estimate_are_not() -> None:
    dataset = scored()
    blank = colour_values(maps(plot_scored(dataset))[1].collections[0])
    rain = dataset["precipitation"].to_numpy()
    np.testing.assert_array_equal(blank == 0, rain <= 0.1)
    labels = [text.get_text() for text in plot_scored(dataset).legends[0].get_texts()]
    assert labels == [
        "white: dry, so there is no score",
        "hatched: no estimate of IMERG, or score withheld",
    ]


def test_a_map_that_is_missing_everywhere_is_drawn_too(tmp_path: Path) -> None:
    empty = scored(map_score=np.nan, cluster=np.nan, novelty=np.nan)
    empty = empty.assign({name: empty[name] * np.nan for name in empty if empty[name].ndim == 2})
    assert "no score: IMERG is missing in the whole window" in headline(empty)[1]
    assert verdict(empty).words == "IMERG is missing in the window"
    draw_scored(empty, tmp_path / "map.svg")
    assert (tmp_path / "map.svg").stat().st_size < 1_500_000


def test_the_score_is_the_largest_text_with_its_interval_and_its_word() -> None:
    fig = plot_scored(scored(map_score=0.617, map_score_low=0.5, map_score_high=0.71))
    sizes = sorted((float(text.get_fontsize()), text.get_text()) for text in fig.texts)
    assert [text for _, text in sizes[-2:]] == ["good", "0.62"]
    assert sizes[-1][0] > 2 * sizes[-2][0]
    words = [text.get_text() for text in fig.texts]
    assert "90 % interval 0.50 to 0.71" in words
    assert any("poor below 0.4, fair below 0.6, good from 0.6" in line for line in words)


def test_the_origin_of_the_model_is_on_the_picture() -> None:
    words = " ".join(text.get_text() for text in plot_scored(scored()).texts)
    assert "The model learned from 24 simulated worlds; verified on no real data." in words


@pytest.mark.parametrize("width", [4.2, 7.0, 13.0])
@pytest.mark.parametrize(
    "size_km", [(800, 800), (4000, 400), (300, 2400)], ids=["square", "wide", "tall"]
)
def test_no_text_runs_off_the_page_at_any_shape(width: float, size_km: tuple[int, int]) -> None:
    dataset = scored(window_grid(centre=(10, 62), size_km=size_km, step_km=20))
    dataset.attrs["unavailable_inputs"] = ", ".join(["quality index"] * 30)
    dataset.attrs["source"] = "3B-HHR-E.MS.MRG.3IMERG.20231112-S000000-E002959.0000.V06E.HDF5.nc4"
    fig = plot_scored(dataset, width=width)
    renderer = FigureCanvasAgg(fig).get_renderer()
    page = fig.bbox
    assert page.width == pytest.approx(width * fig.dpi)
    for artist in [*fig.texts, *fig.legends, *fig.axes]:
        box = artist.get_tightbbox(renderer)
        assert box is not None
        if getattr(artist, "get_text", lambda: "x")():
            assert box.x0 >= -1 and box.x1 <= page.x1 + 1, artist
            assert box.y0 >= -1 and box.y1 <= page.y1 + 1, artist


def test_the_panels_of_a_narrow_figure_stand_below_each_other() -> None:
    tops = [ax.get_position().y1 for ax in maps(plot_scored(scored(), width=4.2))]
    assert tops[0] > tops[1] > tops[2]
    assert len({ax.get_position().y1 for ax in maps(plot_scored(scored()))}) == 1


def test_the_globe_is_drawn_from_means_of_cells_with_the_median_of_its_windows() -> None:
    fields = {
        name: (("lat", "lon"), np.full((1800, 3600), value, np.float32))
        for name, value in {
            "precipitation": 1.0, "score": 0.5, "score_low": 0.3, "score_high": 0.7,
            "hidden_rain_probability": np.nan,
        }.items()
    }  # fmt: skip
    windows = {
        "map_score": ("window", [0.2, 0.5, np.nan, 0.6]),
        "window_lat": ("window", [0.0] * 4),
    }
    coords = {"lat": np.arange(1800.0), "lon": np.arange(3600.0), "time": scored()["time"]}
    attrs = {**scored().attrs}
    del attrs["grid"]
    globe = xr.Dataset({**fields, **windows}, coords, attrs)
    fig = plot_scored(globe, width=6)
    assert verdict(globe).words == "median of 3 windows; 8 of 10: 0.26 to 0.58"
    assert colour_values(maps(fig)[1].collections[-1]).shape == (600, 1200)


def test_the_headline_states_product_time_and_cluster() -> None:
    title, remarks = headline(scored(map_score_outside=1.0, novelty=1.0))
    assert title == "IMERG Final V07B, 2019-01-04 12:30 UTC (simulated world)"
    text = "\n".join(remarks)
    assert "cluster 3, broad light showers: such maps score 0.50 [0.50, 0.50]" in text
    assert "unlike the training maps" in text
    # The flag misses many unusual maps: its absence is not reported.
    assert "training maps" not in "".join(headline(scored(novelty=0.0))[1])
    assert "not available" not in text and "warning" not in text
    assert "wet share outside the calibrated range" in text


def test_names_with_html_formulas_or_control_characters_are_drawn_as_text(tmp_path: Path) -> None:
    dataset = scored()
    dataset.attrs["cluster_name"] = "<b>$\\frac{$ \x1b[2J"
    draw_scored(dataset, tmp_path / "map<$1$>.svg")
    picture = (tmp_path / "map<$1$>.svg").read_text("utf-8")
    ElementTree.fromstring(picture)  # valid XML
    assert "&lt;b&gt;$\\frac{$ \\x1b[2J" in picture


def test_the_headline_states_missing_inputs_and_why_there_is_no_cluster() -> None:
    result = scored(cluster=-1.0, map_score=np.nan)
    result.attrs["unavailable_inputs"] = "quality index"
    result.attrs["product_difference"] = "it is Final V07A, the model was trained on Final V07B"
    result.attrs["calibration_state"] = "alone"
    text = "\n".join(headline(result)[1])
    assert "warning: it is Final V07A" in text
    assert "not available for this map: quality index" in text
    assert "(intervals calibrated for a single half-hour)" in text
    result.attrs["which_score"] = "believe the map score"
    assert "believe the map score" in headline(result)[1]
    assert "too little rain" in text and verdict(result).words == "no rain"
    alone = scored(cluster=np.nan)
    assert "cluster" not in "".join(headline(alone)[1])  # the model has no clusters
    alone.attrs["model_clusters_sha256"] = "1f"
    assert "not clustered: the window is too small" in "".join(headline(alone)[1])


def test_there_is_no_interval_where_it_is_withheld() -> None:
    result = scored()
    result["map_score_low"] = result["map_score_high"] = ((), np.nan)
    assert verdict(result).words == "no interval for this size of window"
    assert not any("nan" in text.get_text() for text in plot_scored(result).texts)
