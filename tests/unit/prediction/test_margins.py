import numpy as np
import pytest
import torch
from scipy.special import expit

from rainscore.grids import Grid, imerg_cells, window_grid
from rainscore.prediction.granulesets import GranuleSet
from rainscore.prediction.margins import MARGIN, Margins, margins_within
from rainscore.prediction.scorer import run_unet
from rainscore.prediction.scoringmodels import SHIPPED, find_model_files, load_models
from rainscore.prediction.withholding import interval_withheld
from rainscore.training.channels import CHANNELS
from rainscore.training.unet import UNet, UNetSettings

GLOBE = Grid("EPSG:4326", -180.0, -90.0, 0.1, 0.1, 3600, 1800)


def window(lon: float, lat: float, km: float = 800) -> Grid:
    return window_grid(centre=(lon, lat), size_km=(km, km), step_km=8)


def box(west: float, south: float, east: float, north: float) -> Grid:
    return Grid(
        "EPSG:4326", west, south, 0.1, 0.1, round((east - west) * 10), round((north - south) * 10)
    )


@pytest.mark.parametrize("centre", [(2.5, 46.6), (-53.0, -28.0), (0.0, 0.0), (20.0, 80.0)])
def test_a_whole_globe_has_the_full_margin(centre):
    margins = margins_within(window(*centre), GLOBE)
    assert margins == Margins(32, 32, 32, 32)
    assert margins.text(8) == ""


def test_a_window_near_the_date_line_or_a_pole_has_less_margin_there():
    near_date_line = margins_within(window(174.0, 0.0), GLOBE)
    assert (near_date_line.left, near_date_line.right) == (32, 32)
    east = margins_within(window(175.6, 0.0), GLOBE)
    assert (east.left, east.right, east.top, east.bottom) == (32, 8, 32, 32)
    assert margins_within(window(0.0, 85.0), GLOBE).top < MARGIN


def test_the_edge_of_a_file_is_named():
    grid = window(2.5, 46.6)
    margins = margins_within(grid, box(-4.5, 30.0, 30.0, 60.0))
    assert margins.left == 8 and margins[1:] == (32, 32, 32)
    assert margins.text(8) == "64 km in the west, instead of 256 km"
    own = margins_within(grid, imerg_cells(grid))
    assert own == Margins()
    assert own.text(8) == (
        "0 km in the west, 0 km in the east, 0 km in the north, 0 km in the south, "
        "instead of 256 km"
    )


@pytest.mark.parametrize("lon", [2.5, 100.0])
def test_the_cells_of_the_extended_window_are_in_the_file(lon):
    grid, file = window(lon, 50.0), box(lon - 7.3, 44.2, lon + 8.1, 56.0)
    cells = imerg_cells(margins_within(grid, file).extend(grid), margin=0)
    assert cells.x0 >= file.x0 - 1e-6 and cells.y0 >= file.y0 - 1e-6
    assert cells.x0 + cells.nx / 10 <= file.x0 + file.nx / 10 + 1e-6
    assert cells.y0 + cells.ny / 10 <= file.y0 + file.ny / 10 + 1e-6


def test_the_window_is_where_it_was_in_the_extended_grid():
    grid, margins = window(2.5, 46.6, 240), Margins(8, 16, 24, 0)
    larger = margins.extend(grid)
    assert larger.shape == (54, 54)
    for small, large in zip(grid.lonlat, larger.lonlat, strict=True):
        np.testing.assert_allclose(margins.window(grid).of(large), small, atol=1e-9)


def test_the_same_place_in_a_small_and_in_a_large_window_agrees():
    """The margin removes the effect of the edge; without it there is one."""
    torch.manual_seed(1)
    network = UNet(UNetSettings(in_channels=1, width=4)).eval()
    rain = torch.rand(1, 1, 200, 200, generator=torch.Generator().manual_seed(1))
    margins = Margins(*[MARGIN] * 4)
    grid = window(0, 0, 320)  # 40 pixels

    def hidden(top: int, size: int) -> np.ndarray:
        with torch.inference_mode():
            _, logit = network(rain[..., top : top + size, top : top + size])
        return torch.sigmoid(logit).numpy()[0]

    reference = hidden(0, 200)[80:120, 80:120]
    with_margin = margins.window(grid).of(hidden(80 - MARGIN, 40 + 2 * MARGIN))
    difference = np.abs(with_margin - reference)
    without = np.abs(hidden(80, 40) - reference)
    assert difference.max() < 0.01 and difference.max() < 0.1 * without.max()


def test_a_uniform_map_has_the_same_prediction_everywhere():
    """The network must not recognise, by the distance to the edges, where it was trained: the
    radars of the training have false echoes at fixed places."""
    unet = load_models(find_model_files(SHIPPED)).unet
    for rain in (0.0, 0.3):
        inputs = np.zeros((1, unet.model.settings.in_channels, 96, 96), np.float32)
        inputs[:, CHANNELS.index("rain")] = rain
        inputs[:, CHANNELS.index("valid")] = 1
        masses, logit, _ = run_unet(unet, inputs)
        assert np.ptp(expit(logit)) < 0.01
        assert np.ptp(masses, axis=(-2, -1)).max() < 0.01


def test_the_margin_of_a_granule_is_cut_from_what_was_read(tmp_path):
    import xarray as xr

    read, wanted = box(0, 40, 10, 50), box(2, 41, 9, 45)
    time = np.datetime64("2019-01-01", "ns")
    field = np.add.outer(read.y, 100 * read.x)
    granule = xr.Dataset({"precipitation": (("lat", "lon"), field)}, {"lat": read.y, "lon": read.x})
    part = GranuleSet(time, {time: granule}).crop(wanted).fields()[0]["precipitation"]
    np.testing.assert_allclose(part, np.add.outer(wanted.y, 100 * wanted.x))


@pytest.mark.parametrize(
    ("km", "withheld"), [(800, False), (744, False), (600, True), (1200, True)]
)
def test_the_interval_of_the_map_score_is_for_windows_as_large_as_those_of_its_calibration(
    km, withheld
):
    reason = interval_withheld(window(0, 0, km).shape, window(2.5, 46.6))
    assert bool(reason) == withheld
    if withheld:
        assert reason == (
            f"it is calibrated for windows of 800 km × 800 km, this one is {km} km × {km} km"
        )
