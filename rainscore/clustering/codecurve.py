"""Skill of the codes by their number, on validation days."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rainscore.clustering.codebook import MAX_CODES, code_masses, fit_centres, nearest_centre
from rainscore.clustering.codesamples import Sample
from rainscore.clustering.comparison import DaySamples
from rainscore.scores.bootstrap import interval
from rainscore.scores.distribution import crps, masses_of

CANDIDATES = (2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, MAX_CODES)
"""Numbers of codes that are compared."""


def code_curve(
    samples: Mapping[str, Sample],
    scale: np.ndarray,
    *,
    seeds: Sequence[int],
    resamples: int,
    seed: int,
    candidates: Sequence[int] = CANDIDATES,
) -> pd.DataFrame:
    """CRPS skill of code books on the validation days, for each number of codes.

    Args:
        samples: Samples of the splits train, calibration and validation.
        scale: Factor of each feature (`codebook.feature_scale`).
        seeds: Random seeds of k-means; the skill is the mean over them.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the bootstrap.
        candidates: Numbers of codes; those above the number of windows are left out.

    Returns:
        One row per number: k; crps_skill against the distribution of all training windows, with
        low and high (95 % interval over resampled days); spread, the range over the seeds; days;
        n, the number of windows.
    """
    labelled = {name: samples[name] for name in ("train", "calibration")}
    validation = samples["validation"]
    days = DaySamples.drawn(pd.Series(validation.days), resamples=resamples, seed=seed)
    reference = crps(masses_of(samples["train"].scores), validation.scores)
    scaled = {name: sample.features * scale for name, sample in samples.items()}
    rows = []
    for k in (k for k in candidates if k <= len(scaled["train"])):
        skills = []
        for fit_seed in seeds:
            centres, code = fit_centres(scaled["train"], k, seed=fit_seed)
            codes = {"train": code, "calibration": nearest_centre(scaled["calibration"], centres)}
            masses = code_masses(codes, labelled, k)
            loss = crps(masses[nearest_centre(scaled["validation"], centres)], validation.scores)
            skills.append(days.skill(loss, reference))
        mean = np.mean(skills, axis=0)
        ends = interval(mean[1:], days.weights.shape[1])
        observed = [skill[0] for skill in skills]
        rows.append((k, mean[0], *ends, max(observed) - min(observed)))
    table = pd.DataFrame(rows, columns=["k", "crps_skill", "low", "high", "spread"])
    return table.assign(days=days.weights.shape[1], n=len(validation.scores))
