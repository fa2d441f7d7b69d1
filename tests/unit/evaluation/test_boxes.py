import numpy as np
import pytest

from rainscore.errors import RainscoreError
from rainscore.evaluation.boxes import Boxes, cells_within
from rainscore.grids import Grid
from rainscore.scores.localscore import local_score, score_parts


def test_boxes_have_their_edges_at_multiples_of_their_side() -> None:
    boxes = Boxes(Grid("EPSG:4326", -4.2, 41.3, 0.1, 0.1, 60, 40), 2.5)
    assert (boxes.grid.x0, boxes.grid.y0, boxes.grid.shape) == (-5.0, 40.0, (3, 3))
    assert boxes.index[0, 0] == 0
    assert boxes.index[11, 16] == 0  # centre 2.55° W, 42.45° N
    assert boxes.index[12, 16] == 3
    assert boxes.index[11, 17] == 1


def test_places_outside_the_boxes_have_the_number_minus_one() -> None:
    boxes = Boxes(Grid("EPSG:4326", 0.0, 40.0, 0.1, 0.1, 50, 50), 2.5)
    places = boxes.of(np.array([-0.1, 2.6, 5.1]), np.array([41.0, 42.6, 41.0]))
    np.testing.assert_array_equal(places, [-1, 3, -1])


def test_the_weights_of_a_box_inside_the_cells_add_to_one_and_of_half_a_box_to_half() -> None:
    boxes = Boxes(Grid("EPSG:4326", 0.0, 40.0, 0.1, 0.1, 15, 10), 1.0)
    np.testing.assert_allclose(boxes.weights.sum(axis=1), [1.0, 0.5], rtol=1e-4)


def test_each_box_has_the_affinity_of_its_own_cells() -> None:
    boxes = Boxes(Grid("EPSG:4326", 0.0, 0.0, 0.1, 0.1, 20, 10), 1.0)
    estimate = np.ones((10, 20), np.float32)
    observed = np.repeat([4.0, 1.0], 10).astype(np.float32) * np.ones((10, 1), np.float32)
    means = boxes.means(estimate, observed, wet_threshold=0.1)
    np.testing.assert_allclose(local_score(score_parts("affinity", means)), [[0.8, 1.0]])


def test_an_area_becomes_the_cells_that_overlap_it() -> None:
    cells = cells_within((-1.05, 40.0, 1.0, 40.31))
    assert (cells.x0, cells.y0, cells.shape) == (-1.1, 40.0, (4, 21))


@pytest.mark.parametrize("bbox", [(10, 0, 5, 1), (0, 5, 1, 5), (170, 0, 190, 5), (0, 80, 1, 91)])
def test_an_area_that_is_empty_or_not_on_the_map_is_refused(bbox: tuple) -> None:
    with pytest.raises(RainscoreError, match="is not west, south, east, north"):
        cells_within(bbox)
