import numpy as np
import pytest

from rainscore.prediction.blending import HIDDEN, Blend, edge_weights


def test_the_weights_of_two_windows_add_to_one_where_they_overlap():
    # Windows of 30 pixels, the second begins 18 pixels later; 2 pixels at each edge are skipped.
    weights = edge_weights(30, skipped=2, width=8)
    total = np.zeros(48)
    total[:30] += weights
    total[18:] += weights
    assert weights[:2].tolist() == [0, 0] and weights[10] == 1
    assert total[10:-10] == pytest.approx(np.ones(28))


def test_a_cell_is_wet_dry_or_missing_as_most_of_its_weight_is():
    blend, nan = Blend((1, 4)), np.nan
    columns = np.arange(4)

    def add(score: list[float], hidden: list[float], weight: float) -> None:
        fields = {"score": np.array([score]), HIDDEN: np.array([hidden])}
        blend.add(fields, np.full((1, 4), weight), slice(0, 1), columns)

    add([0.5, nan, 0.5, nan], [nan, 0.2, nan, nan], 0.6)
    add([1.0, 0.5, nan, nan], [nan, nan, 0.3, 0.1], 0.4)
    fields = blend.fields()
    np.testing.assert_allclose(fields["score"], [[0.7, nan, 0.5, nan]], rtol=1e-6)
    np.testing.assert_allclose(fields[HIDDEN], [[nan, 0.2, nan, nan]], rtol=1e-6)


def test_a_window_may_cross_the_date_line():
    blend = Blend((2, 5))
    fields = {"score": np.ones((1, 3)), HIDDEN: np.full((1, 3), np.nan)}
    blend.add(fields, np.ones((1, 3)), slice(1, 2), np.array([4, 0, 1]))
    assert np.isfinite(blend.fields()["score"]).tolist() == [[False] * 5, [1, 1, 0, 0, 1]]
