import pytest

from rainscore.errors import RainscoreError
from rainscore.grids import study_grid
from rainscore.prediction.scoringgrids import scoring_grid

TRAINED = study_grid(centre=(2.5, 46.6), size_km=320, step_km=16)


def test_the_default_window_is_that_of_the_training() -> None:
    assert scoring_grid(TRAINED) is TRAINED


def test_a_window_elsewhere_has_pixels_of_the_same_size() -> None:
    grid = scoring_grid(TRAINED, centre=[122, 37])
    assert (grid.dx, grid.shape) == (TRAINED.dx, TRAINED.shape)
    assert scoring_grid(TRAINED, bbox=[0, 40, 10, 45]).shape == (35, 54)


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ({"bbox": [10, 40, 0, 45]}, "350° around the Earth"),
        ({"bbox": [0, 45, 10, 40]}, "WEST SOUTH EAST NORTH"),
        ({"bbox": [0, 40, 1, 41]}, "longer than 256 km"),
        ({"centre": [0, 89]}, "pole"),
        ({"centre": [46.6, 122]}, "longitude, then latitude"),
    ],
)
def test_a_window_that_cannot_be_scored_is_refused(window: dict, message: str) -> None:
    with pytest.raises(RainscoreError, match=message):
        scoring_grid(TRAINED, **window)
