from collections.abc import Sequence

import numpy as np
import pytest
import scipy.sparse

from rainscore.scores.cellwindows import CellWindows
from rainscore.scores.localscore import (
    FORMULAS,
    LOCAL_SCORES,
    ScoreParts,
    amount_factor,
    local_score,
    place_factor,
    score_parts,
    score_sums,
    total_score,
    window_means,
)

RNG = np.random.default_rng(4)


def one_window(cells: int) -> CellWindows:
    """A window that holds all cells with the same weight."""
    return CellWindows(scipy.sparse.csr_array(np.full((1, cells), 1 / cells)), (1, 1))


def means(imerg: Sequence[float], radar: Sequence[float], threshold: float = 0.1):
    first, second = (np.array(x, np.float32).reshape(1, 1, -1) for x in (imerg, radar))
    return window_means(first, second, one_window(len(imerg)), wet_threshold=threshold)


def score(
    name: str, imerg: Sequence[float], radar: Sequence[float], threshold: float = 0.1
) -> float:
    return float(local_score(score_parts(name, means(imerg, radar, threshold)))[0, 0, 0])


@pytest.mark.parametrize("name", LOCAL_SCORES)
def test_an_estimate_without_error_scores_one(name: str) -> None:
    rain = [0, 0.5, 3, 0, 8]
    assert score(name, rain, rain) == pytest.approx(1)


@pytest.mark.parametrize("name", LOCAL_SCORES)
def test_rain_in_one_product_alone_scores_zero(name: str) -> None:
    assert score(name, [2, 1, 0, 0], [0, 0, 0, 0]) == score(name, [0, 0], [1, 2]) == 0


@pytest.mark.parametrize("name", LOCAL_SCORES)
def test_a_window_dry_in_both_products_has_no_score(name: str) -> None:
    assert np.isnan(score(name, [0, 0.05], [0.09, 0]))


def test_scores_of_two_cells_by_hand() -> None:
    imerg, radar = [4, 1], [1, 0]
    assert score("affinity", imerg, radar) == pytest.approx(2 * 2 / 6)
    assert score("amount", imerg, radar) == pytest.approx(1 - 4 / 6)
    assert score("csi", imerg, radar) == pytest.approx(1 / 2)
    assert score("fss", imerg, radar) == pytest.approx(1 - 0.25 / 1.25)


def test_hit_missed_and_false_rain_by_hand() -> None:
    found = means([4, 0, 1], [1, 2, 0])
    assert [float(x[0, 0, 0]) for x in (found.hit, found.missed, found.false)] == pytest.approx(
        [1 / 3, 2 / 3, 4 / 3]
    )


def test_the_affinity_is_the_product_of_amount_and_place() -> None:
    rates = RNG.gamma(0.5, 2, (2, 40))
    found = means(*rates.tolist())
    product = amount_factor(found) * place_factor(found)
    assert product == pytest.approx(
        1 - score_parts("affinity", found).numerator / score_parts("affinity", found).denominator
    )


def test_the_amount_factor_is_094_for_twice_the_rain_and_place_is_right() -> None:
    found = means([2, 4, 8], [1, 2, 4])
    assert amount_factor(found)[0, 0, 0] == pytest.approx(2 * np.sqrt(2) / 3)
    assert place_factor(found)[0, 0, 0] == pytest.approx(1)


def test_the_affinity_of_an_estimate_without_bias_is_highest_without_inflation() -> None:
    truth = RNG.gamma(0.5, 2, 4000)
    estimate = 0.7 * np.roll(truth, 1) + 0.3 * truth
    estimate *= truth.sum() / estimate.sum()
    factors = np.exp(np.linspace(-0.5, 0.5, 21))
    rates = [((k * estimate).tolist(), truth.tolist()) for k in factors]
    affinities = [score("affinity", *rate) for rate in rates]
    assert factors[int(np.argmax(affinities))] == pytest.approx(1)
    amounts = [score("amount", *rate) for rate in rates]
    assert factors[int(np.argmax(amounts))] > 1.2


def test_a_missing_cell_takes_no_part_and_lowers_the_weight() -> None:
    found = means([np.nan, 4], [9, 1])
    assert found.valid[0, 0, 0] == 0.5
    assert found.missed[0, 0, 0] == 0
    assert score("affinity", [np.nan, 4], [9, 1]) == score("affinity", [4], [1])


def test_the_score_of_a_total_is_that_of_the_sums() -> None:
    parts = ScoreParts(np.array([[[1.0, np.nan, 0.0]]]), np.array([[[4.0, np.nan, 0.0]]]))
    sums = score_sums(parts)
    assert total_score(sums)[0] == pytest.approx(0.75)
    assert (sums.windows[0], sums.defined[0]) == (2, 1)


def test_an_unknown_score_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ValueError, match="no local score is called 'best'; there are affinity"):
        score_parts("best", means([1], [1]))
    assert set(FORMULAS) == set(LOCAL_SCORES)
