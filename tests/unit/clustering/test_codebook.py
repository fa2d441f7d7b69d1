"""Code book of windows: codes, families, and the distribution of their scores."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rainscore.clustering.codebook import (
    NO_CODE,
    CodeBook,
    code_families,
    code_masses,
    feature_scale,
    fit_codebook,
)
from rainscore.clustering.codecurve import code_curve
from rainscore.clustering.codesamples import Sample
from rainscore.errors import DamagedFile
from rainscore.scores.distribution import MASSES, mean
from rainscore.training.unet import UNet, UNetSettings

GROUPS = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])


def sample(seed: int, days: int = 6) -> Sample:
    """Windows of four groups of features, each with a score of its own; 20 windows per day."""
    rng = np.random.default_rng(seed)
    group = np.tile(np.arange(4), 5 * days)
    features = GROUPS[group] + 0.1 * rng.standard_normal((len(group), 2))
    scores = 0.1 + 0.2 * group + 0.01 * rng.random(len(group))
    day = np.repeat(np.datetime64("2019-01-01") + np.arange(days), 20)
    return Sample(features.astype(np.float32), scores, group / 10, day)


SAMPLES = {name: sample(i) for i, name in enumerate(("train", "validation", "calibration"))}


@pytest.fixture(scope="module")
def book() -> CodeBook:
    scale = np.ones(2, np.float32)
    return fit_codebook(SAMPLES, scale, 4, families=2, seed=0, card={"unet_sha256": "a"})


def test_planted_groups_become_codes_with_their_own_scores(book: CodeBook) -> None:
    codes = book.assign(GROUPS.astype(np.float32))
    assert sorted(codes) == [0, 1, 2, 3]
    means = mean(book.masses)[codes]
    assert np.all(np.diff(means) > 0.1)
    np.testing.assert_allclose(book.masses.sum(axis=1), 1)
    # Most of the mass is in the bin of the group's score, the rest in those of the others.
    assert book.masses[codes[0]][3] > 0.8


def test_codes_with_similar_scores_form_a_family_and_families_rise_with_the_score(book) -> None:
    codes = book.assign(GROUPS.astype(np.float32))
    assert book.family[codes].tolist() == [0, 0, 1, 1]
    assert mean(book.family_masses)[0] < mean(book.family_masses)[1]
    masses = np.zeros((4, MASSES))
    masses[[0, 1, 2, 3], [20, 1, 19, 2]] = 1
    families = code_families(masses, np.array([5, 1, 1, 5]), 2, seed=0)
    assert families.tolist() == [1, 0, 1, 0]


def test_the_distribution_of_a_code_is_shrunk_twice() -> None:
    def windows(scores: list[float], days: int) -> Sample:
        day = np.datetime64("2019-01-01") + np.arange(len(scores)) % days
        return Sample(np.zeros((len(scores), 1)), np.array(scores), np.zeros(len(scores)), day)

    samples = {"train": windows([0.0, 0.0, 1.0, 1.0], 2), "calibration": windows([0.0] * 4, 4)}
    labels = {"train": np.array([0, 0, 1, 1]), "calibration": np.zeros(4, int)}
    masses = code_masses(labels, samples, 3)
    # Pooled: 6 of 8 are 0. Training, two days of prior two: (1 + 3/4) / 2; calibration, four days
    # of prior four: (1 + 7/8) / 2.
    assert masses[0, 0] == pytest.approx((1 + 7 / 8) / 2)
    # Code 1 has no calibration day, code 2 no window at all.
    assert masses[1, 0] == pytest.approx(0.5 * 0 + 0.5 * 3 / 4)
    assert masses[2, [0, -1]].tolist() == [0.75, 0.25]


def test_windows_without_rain_get_no_code(book: CodeBook) -> None:
    features = np.zeros((1, 2, 2, 2), np.float32)
    features[0, :, 0, 1] = 10
    wet = np.array([[[True, True], [False, False]]])
    codes = book.assign_maps(features, wet)
    zero, ten = book.assign(np.array([[0.0, 0.0], [10.0, 10.0]]))
    assert codes.tolist() == [[[zero, ten], [NO_CODE, NO_CODE]]]


def test_a_code_book_is_read_as_it_was_written_and_a_wrong_one_is_refused(book, tmp_path) -> None:
    book.save(tmp_path / "codebook")
    read = CodeBook.load(tmp_path / "codebook")
    for name in ("centres", "scale", "family", "masses", "family_masses", "rain_masses"):
        np.testing.assert_array_equal(getattr(read, name), getattr(book, name))
    assert read.card["unet_sha256"] == "a"
    replace(book, family=book.family[:3]).save(tmp_path / "wrong")
    with pytest.raises(DamagedFile, match="code book"):
        CodeBook.load(Path(tmp_path / "wrong"))


def test_features_are_scaled_by_the_weights_with_which_the_head_reads_them() -> None:
    model = UNet(UNetSettings(in_channels=2, width=4, depth=1))
    weight = model.head.weight.detach().numpy()[:, :, 0, 0]
    expected = np.sqrt((weight**2).sum(axis=0))
    np.testing.assert_allclose(feature_scale(model), expected, rtol=1e-5)


def test_the_skill_rises_with_the_number_of_codes_up_to_that_of_the_groups() -> None:
    curve = code_curve(
        SAMPLES, np.ones(2), seeds=[0], resamples=50, seed=0, candidates=(2, 4, 8, 10_000)
    )
    skill = curve.set_index("k")["crps_skill"]
    assert skill.index.tolist() == [2, 4, 8]
    assert skill[2] < 0.8 < skill[4] and abs(skill[8] - skill[4]) < 0.05
