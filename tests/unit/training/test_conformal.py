import numpy as np
import pytest

from rainscore.training.conformal import apply_margin, conformal_margin, conformal_margins


def test_margin_of_nine_values_by_hand():
    # Truth − high = 0.05, 0.15, … 0.85; the rank is ⌈(9 + 1) · 0.8⌉ = 8, the eighth error 0.75.
    truth = np.arange(9) * 0.1 + 0.1
    margin = conformal_margin(np.zeros(9), np.full(9, 0.05), truth, coverage=0.8)
    assert margin == pytest.approx(0.75, abs=1.1e-3)
    low, high = apply_margin(np.zeros(9), np.full(9, 0.05), margin)
    assert ((low <= truth) & (truth <= high)).sum() == 8


def test_margin_is_negative_where_the_interval_is_too_wide():
    truth = np.random.default_rng(0).uniform(0.45, 0.55, 2000)
    margin = conformal_margin(np.full(2000, 0.2), np.full(2000, 0.8), truth)
    assert margin == pytest.approx(-0.255, abs=3e-3)


def test_margin_is_the_order_statistic_of_numpy_when_values_are_independent():
    rng = np.random.default_rng(1)
    low, high = np.sort(rng.uniform(0.02, 0.98, (2, 999)), axis=0)
    truth = rng.random(999)
    errors = np.sort(np.maximum(low - truth, truth - high))
    assert conformal_margin(low, high, truth) == pytest.approx(errors[899], abs=1e-3)
    assert conformal_margin(low, high, truth) >= errors[899]


def test_missing_values_are_left_out():
    truth = np.array([0.1, 0.2, np.nan, 0.3])
    low, high = np.array([0.0, 0.0, 0.0, np.nan]), np.zeros(4)
    assert conformal_margin(low, high, truth, coverage=0.5) == pytest.approx(0.2, abs=1.1e-3)
    with pytest.raises(ValueError, match="no defined score"):
        conformal_margin(low, high, np.full(4, np.nan))


def days(rng: np.random.Generator, count: int, pixels: int, spread: float) -> np.ndarray:
    """Truth whose days each have a shift of their own, around an interval of [0.45, 0.55]."""
    shift = rng.normal(0, spread, (count, 1))
    return np.clip(0.5 + shift + rng.normal(0, 0.05, (count, pixels)), 0, 1)


def test_new_days_are_covered_though_the_pixels_of_a_day_depend_on_each_other():
    rng = np.random.default_rng(2)
    covered: dict[str, list[float]] = {"days": [], "pixels": []}
    for _ in range(150):
        truth, new = days(rng, 8, 60, 0.1), days(rng, 40, 60, 0.1)
        low, high = np.full_like(truth, 0.45), np.full_like(truth, 0.55)
        label = np.repeat(np.arange(8), 60).reshape(truth.shape)
        for name, groups in (("days", label), ("pixels", None)):
            margin = conformal_margin(low, high, truth, days=groups)
            covered[name].append(float(((new >= 0.45 - margin) & (new <= 0.55 + margin)).mean()))
    assert np.mean(covered["days"]) == pytest.approx(0.9, abs=0.02)
    assert np.mean(covered["pixels"]) < np.mean(covered["days"]) - 0.01


def test_many_like_days_need_no_more_than_independent_pixels():
    truth = days(np.random.default_rng(3), 60, 100, 0.0)
    low, high = np.full_like(truth, 0.45), np.full_like(truth, 0.55)
    label = np.repeat(np.arange(60), 100).reshape(truth.shape)
    by_day = conformal_margin(low, high, truth, days=label)
    assert by_day == pytest.approx(conformal_margin(low, high, truth), abs=2e-3)


def test_applied_margin_stays_in_the_range_of_the_score_and_in_order():
    low, high = apply_margin(np.array([0.1, 0.4, np.nan]), np.array([0.9, 0.5, np.nan]), 0.2)
    assert low[:2] == pytest.approx([0, 0.2]) and high[:2] == pytest.approx([1, 0.7])
    assert np.isnan(low[2]) and np.isnan(high[2])
    low, high = apply_margin(np.array([0.4]), np.array([0.5]), -0.2)
    assert low == pytest.approx([0.45]) and high == pytest.approx([0.45])


def groups_world(seed: int, count: int, pixels: int = 900) -> tuple[np.ndarray, ...]:
    """Truth, day and group of values around 0.5: three groups of different spread.

    The third group is rare, and on most days absent, as infrared rain is.
    """
    rng = np.random.default_rng(seed)
    group = rng.choice(3, (count, pixels), p=[0.6, 0.38, 0.02])
    group[rng.random(count) < 0.7] %= 2
    spread = np.array([0.02, 0.1, 0.2])[group] * rng.lognormal(0, 0.15, (count, 1))
    truth = np.clip(0.5 + rng.normal(0, 1, group.shape) * spread, 0, 1)
    return truth, np.broadcast_to(np.arange(count)[:, None], truth.shape), group


def test_every_group_is_covered_where_one_margin_covers_only_the_whole() -> None:
    shares: dict[str, list] = {"groups": [], "one": []}
    for seed in range(20):
        truth, day, group = groups_world(seed, 16)
        new, _, of = groups_world(1000 + seed, 200)
        half = np.full_like(truth, 0.5)
        by_group = conformal_margins(half, half, truth, days=day, groups=group, count=3)
        one = conformal_margin(half, half, truth, days=day)
        for name, margin in (("groups", by_group[of]), ("one", one)):
            inside = np.abs(new - 0.5) <= margin
            shares[name].append([inside.mean(), *(inside[of == g].mean() for g in range(3))])
    result = {name: np.mean(rows, axis=0) for name, rows in shares.items()}
    assert result["groups"][0] == pytest.approx(0.9, abs=0.02)
    assert result["groups"][1:] == pytest.approx([0.9] * 3, abs=0.05)
    assert result["one"][0] == pytest.approx(0.9, abs=0.02)
    assert result["one"][1] > 0.98 and result["one"][3] < 0.7


def test_a_group_without_values_takes_the_margin_of_all() -> None:
    truth, day, group = groups_world(0, 8)
    half = np.full_like(truth, 0.5)
    margins = conformal_margins(half, half, truth, days=day, groups=group % 2, count=4)
    assert margins[2] == margins[3]
    assert margins[0] < margins[2] < margins[1]


def test_a_pile_of_scores_at_zero_is_not_lost_when_the_other_bound_moves_inward():
    """Two in five scores are 0, and the interval begins at nearly 0 and ends too high."""
    rng = np.random.default_rng(4)
    truth = np.where(rng.random(5000) < 0.4, 0.0, rng.uniform(0, 0.5, 5000))
    low, high = np.full(5000, 0.002), np.full(5000, 0.7)
    margin = conformal_margin(low, high, truth)
    result = apply_margin(low, high, margin)
    assert result[0] == pytest.approx(0)
    assert result[1] == pytest.approx(np.quantile(truth, 0.9), abs=2e-3)
    assert ((result[0] <= truth) & (truth <= result[1])).mean() == pytest.approx(0.9, abs=0.01)
