"""The drawn map."""

import numpy as np
from PIL import Image

from rainscore.report.figures.plot_desom import draw_map


def test_the_map_is_drawn_unit_by_unit_and_grey_where_it_has_no_value(tmp_path):
    members = np.random.default_rng(0).random((2, 3, 1, 8, 8))
    values = np.array([[0.1, 0.5, np.nan], [0.2, 0.9, 0.4]])
    file = tmp_path / "map.png"
    words = {"label": "score", "title": "Map", "subtitle": "100 maps"}
    draw_map(members, values, file, **words)
    pixels = np.asarray(Image.open(file).convert("RGB")).reshape(-1, 3).astype(int)
    for frame in ((211, 211, 211), (68, 1, 84), (253, 231, 36)):
        assert abs(pixels - frame).max(axis=1).min() <= 2
    first = file.read_bytes()
    draw_map(members, values, file, **words)
    assert file.read_bytes() == first
