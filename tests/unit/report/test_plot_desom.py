from pathlib import Path

import numpy as np
from PIL import Image

from rainscore.report.figures.plot_desom import plot_units
from rainscore.report.figures.style import save


def test_units_are_framed_by_their_value_and_grey_where_it_is_missing(tmp_path: Path) -> None:
    members = np.random.default_rng(0).random((2, 3, 1, 8, 8))
    values = np.array([[0.1, 0.5, np.nan], [0.2, 0.9, 0.4]])
    file = tmp_path / "map.png"
    fig = plot_units(members, values, label="score", title="Map", subtitle="100 maps")
    for ax, member in zip(fig.axes, members.reshape(6, 8, 8), strict=False):
        np.testing.assert_array_equal(ax.images[0].get_array(), member)
    save(fig, file)
    pixels = np.asarray(Image.open(file).convert("RGB")).reshape(-1, 3).astype(int)
    for frame in ((211, 211, 211), (68, 1, 84), (253, 231, 36)):
        assert abs(pixels - frame).max(axis=1).min() <= 2
