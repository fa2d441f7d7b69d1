"""The plain self-organising map and its grid."""

import minisom
import numpy as np
import pytest

from rainscore.clustering.algorithms.som import (
    SelfOrganisingMap,
    grid_distances,
    temperature,
    topographic_error,
)


def test_grid_distances_count_rows_and_columns():
    result = grid_distances(8, 8)
    places = [(row, column) for row in range(8) for column in range(8)]
    expected = [[abs(a - c) + abs(b - d) for c, d in places] for a, b in places]
    assert result.tolist() == expected


def test_the_reference_codes_way_of_counting_rows_is_another():
    """|a − b| ÷ w differs from |a ÷ w − b ÷ w| wherever the columns make it carry."""
    a = np.arange(64)
    wrong = abs(a[:, None] - a) // 8 + abs(a[:, None] % 8 - a % 8)
    assert np.mean(wrong != grid_distances(8, 8)) == pytest.approx(0.38, abs=0.01)


def test_the_grid_may_be_oblong():
    assert grid_distances(2, 3)[0].tolist() == [0, 1, 2, 1, 2, 3]


def test_the_temperature_falls_exponentially_and_reaches_its_end():
    result = [temperature(step, 3, 10.0, 0.1) for step in range(3)]
    np.testing.assert_allclose(result, [10.0, 1.0, 0.1])


def test_the_topographic_error_is_the_share_whose_second_unit_is_no_neighbour():
    # Units 0 1 / 2 3: 0 and 3 are not neighbours, 0 and 1 are.
    distances = np.array([[0.0, 1.0, 2.0, 3.0], [0.0, 3.0, 2.0, 1.0]])
    assert topographic_error(distances, 2, 2) == 0.5


def square(n=2000):
    return np.random.default_rng(0).random((n, 2))


def test_a_map_of_a_square_unfolds():
    x = square()
    fitted = SelfOrganisingMap(5, 5, seed=1).fit(x)
    assert topographic_error(fitted.transform(x), 5, 5) < 0.1
    units = fitted.units_.reshape(5, 5, 2)
    spacing = np.linalg.norm(units[1:] - units[:-1], axis=2)
    assert spacing.min() > 0.1 and spacing.max() < 0.3


def test_quantisation_is_as_good_as_that_of_an_independent_map():
    x = square()
    oracle = minisom.MiniSom(5, 5, 2, sigma=2.5, learning_rate=0.5, random_seed=0)
    oracle.random_weights_init(x)
    oracle.train(x, 20_000, random_order=True)
    own = SelfOrganisingMap(5, 5).fit(x).transform(x).min(axis=1).mean()
    assert own < 1.1 * oracle.quantization_error(x)


def test_the_same_seed_gives_the_same_map_and_arrays_bring_it_back():
    x = square(300)
    first, second = (SelfOrganisingMap(3, 4, seed=7).fit(x) for _ in range(2))
    assert first.units_.tobytes() == second.units_.tobytes()
    again = SelfOrganisingMap.from_arrays(first.arrays())
    np.testing.assert_array_equal(again.predict(x), first.labels_)


def test_fewer_members_than_units_are_refused():
    with pytest.raises(ValueError, match="fewer than the 64 units"):
        SelfOrganisingMap().fit(square(10))
