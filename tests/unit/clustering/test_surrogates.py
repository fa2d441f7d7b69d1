"""Surrogate maps without clusters have the other properties of the real maps."""

import numpy as np
import pytest

from rainscore.clustering.surrogates import draw_surrogates, spectrum
from rainscore.times import HALF_HOUR

START = np.datetime64("2019-01-01T00:00", "ns")


@pytest.fixture(scope="module")
def world() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two kinds of map, stripes and speckles, that drift east by a pixel in a half-hour."""
    rng = np.random.default_rng(0)
    x = np.arange(32)
    stripes = np.broadcast_to(np.sin(2 * np.pi * x / 16), (32, 32))
    speckles = rng.standard_normal((32, 32))
    kinds = np.repeat(np.arange(20) % 2, 12)
    steps = np.tile(np.arange(12), 20)
    phase = np.repeat(rng.integers(0, 32, 20), 12)
    level = np.repeat(rng.uniform(-0.3, 0.6, 20), 12)
    maps = [
        np.roll(speckles if kind else stripes, shift + step, axis=1) + strength
        for kind, step, shift, strength in zip(kinds, steps, phase, level, strict=True)
    ]
    rain = np.maximum(np.stack(maps), 0).astype(np.float16) * np.float16(0.3)
    days = np.repeat(np.arange(20), 12) * np.timedelta64(1, "D")
    times = START + days + steps * HALF_HOUR
    split = np.where(np.arange(240) < 180, "train", "test")
    return rain, times, (rain > 0).mean(axis=(1, 2)), split


@pytest.fixture(scope="module")
def drawn(world) -> tuple[np.ndarray, np.ndarray]:
    return draw_surrogates(*world, seed=0)


def test_surrogates_have_the_wet_shares_of_their_splits(world, drawn) -> None:
    _, _, share, split = world
    rain, matched = drawn
    assert sorted(matched) == list(range(240))
    assert (split[matched] == split).all()
    wet_share = (rain > 0).mean(axis=(1, 2))
    assert np.abs(wet_share - share[matched]).mean() < 0.03


def test_surrogates_have_the_pooled_spectrum_and_amount(world, drawn) -> None:
    rain, times, _, _ = world
    assert drawn[0].mean(dtype=float) == pytest.approx(rain.mean(dtype=float), rel=0.01)
    expected, _ = spectrum(rain, times)
    power, _ = spectrum(drawn[0], times)
    wavenumber = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.rfftfreq(64)) * 64
    for low, high in ((1, 3), (3, 6), (6, 12), (12, 24)):
        band = (wavenumber >= low) & (wavenumber < high)
        assert power[band].sum() == pytest.approx(expected[band].sum(), rel=0.3)


def test_rain_persists_and_drifts_as_in_the_real_maps(world, drawn) -> None:
    """A map resembles the previous one most after a shift of that by one pixel to the east."""
    rain = drawn[0].astype(float)
    _, times, _, _ = world
    after = np.flatnonzero(np.diff(times) == HALF_HOUR)
    fits = {
        shift: np.mean(
            [
                np.corrcoef(np.roll(rain[i], shift, 1).ravel(), rain[i + 1].ravel())[0, 1]
                for i in after
            ]
        )
        for shift in (-1, 0, 1, 2)
    }
    assert max(fits, key=fits.__getitem__) == 1
    far = [np.corrcoef(rain[i].ravel(), rain[i + 12].ravel())[0, 1] for i in range(0, 220, 12)]
    assert fits[1] > np.mean(far) + 0.3


def test_surrogates_do_not_fall_into_the_two_kinds_of_the_real_maps(world, drawn) -> None:
    """Correlation of neighbouring columns: 0.9 in stripes, 0 in speckles, and between them here."""

    def roughness(rain: np.ndarray) -> np.ndarray:
        rain = rain.astype(float)
        return np.array([np.corrcoef(m[:, :-1].ravel(), m[:, 1:].ravel())[0, 1] for m in rain])

    real, surrogate = roughness(world[0]), roughness(drawn[0])
    assert not ((real > 0.25) & (real < 0.75)).any()
    assert ((surrogate > 0.25) & (surrogate < 0.75)).mean() > 0.4


def test_the_same_seed_gives_the_same_maps(world, drawn) -> None:
    repeated = draw_surrogates(*world, seed=0)
    assert repeated[0].tobytes() == drawn[0].tobytes()
    assert draw_surrogates(*world, seed=1)[0].tobytes() != drawn[0].tobytes()
