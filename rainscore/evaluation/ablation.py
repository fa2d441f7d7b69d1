"""Comparison of the U-Net with its variants and with U-Nets of other runs on the same windows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.evaluation.daysums import DaySums, GroupSums, single_group
from rainscore.evaluation.externalmodels import check_external_model
from rainscore.evaluation.skill import STATISTICS, UNET, measures, score_statistics
from rainscore.times import season_of
from rainscore.training.cards import UNetCard
from rainscore.training.dataset import ScoreMaps
from rainscore.training.inference import predict
from rainscore.training.timecontext import SIDES
from rainscore.training.unet import UNet
from rainscore.training.variants import VARIANTS, Variant, variant_pixels

REDUCED_CONTEXT = {
    "map-without-previous": ("before",),
    "map-without-next": ("after",),
    "lone-map": ("before", "after"),
}
"""Neighbouring half-hours that are hidden from the run's own U-Net, by name of the comparison."""


ENSEMBLE = "ensemble"
"""Name of the mean distribution of the run's own U-Net and its repetitions from other seeds."""


@dataclass(frozen=True)
class Candidate:
    """A U-Net that is compared with the run's own.

    Attributes:
        model: The network.
        card: Card of its model file.
        removed_sides: Neighbouring half-hours that are removed from its maps, `before`, `after`
            or both.
        variant: Season and half of the domain that it is evaluated in.
    """

    model: UNet
    card: UNetCard
    removed_sides: tuple[str, ...] = ()
    variant: Variant = field(default_factory=Variant)


def compare_variants(
    paths: Sequence[Path],
    splits: pd.DataFrame,
    full: tuple[UNet, UNetCard],
    variants: Mapping[str, tuple[UNet, UNetCard]],
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Compare each variant with the run's own U-Net, before any calibration of the interval.

    Variants of `VARIANTS` are evaluated in the season or half of the domain that they were not
    trained on, a U-Net of another run on all held-out windows. Channels that the run's own U-Net
    does not use are hidden from all. The run's own U-Net is also evaluated with neighbouring
    half-hours hidden (`REDUCED_CONTEXT`), as for the first or newest granule of a record or for a
    lone one, and as the `ENSEMBLE` with its repetitions from other seeds.

    Args:
        paths: Training files.
        splits: Split of each half-hour (`splits.split_blocks`); the test half-hours are used.
        full: U-Net of the run and its card.
        variants: U-Net and card by name, of a variant in `VARIANTS` or of another run.
        resamples: Number of bootstrap samples of days.
        seed: Random seed of the samples.

    Returns:
        Table of `variant_table`.

    Raises:
        RainscoreError: A U-Net of another run cannot be compared (`check_external_model`).
    """
    for name in variants.keys() - VARIANTS.keys():
        check_external_model(name, variants[name][1], full[1])
    candidates = {UNET: Candidate(*full)} | _candidates(full, variants)
    times = splits.loc[splits["split"] == "test", "time"].to_numpy()
    data = {
        name: ScoreMaps(
            paths,
            times,
            hidden=sorted({*candidate.card.hidden, *full[1].hidden}),
            removed_sides=candidate.removed_sides,
        )
        for name, candidate in candidates.items()
    }
    pixels = {
        name: variant_pixels(candidate.variant, paths[0], evaluation=True)
        for name, candidate in candidates.items()
    }
    predictions = (predict(candidate.model, data[name]) for name, candidate in candidates.items())
    members = [UNET, *(name for name, candidate in candidates.items() if candidate.variant.seed)]
    seasons = {name: c.variant.season for name, c in candidates.items() if name != UNET}
    if len(members) > 1:
        seasons[ENSEMBLE], pixels[ENSEMBLE] = "", None
    sums, starts = DaySums(len(STATISTICS)), iter(data[UNET].times)
    for batches in zip(*predictions, strict=True):
        (_, target, wet, _), _ = batches[0]
        evaluated = wet & np.isfinite(target)
        for i, window in enumerate(evaluated):
            scores = target[i][window].astype(np.float64)
            rows = {
                name: masses[i][:, window].T
                for name, (_, (masses, _)) in zip(candidates, batches, strict=True)
            }
            rows[ENSEMBLE] = np.mean([rows[name] for name in members], axis=0)
            statistics = {name: score_statistics(values, scores) for name, values in rows.items()}
            _add_map(sums, next(starts), window, statistics, seasons, pixels)
    return variant_table(sums, resamples=resamples, seed=seed)


def _candidates(
    full: tuple[UNet, UNetCard], variants: Mapping[str, tuple[UNet, UNetCard]]
) -> dict[str, Candidate]:
    """The U-Nets to compare with the run's own, by name."""
    available = {side for side, channel in SIDES.items() if channel not in full[1].hidden}
    reduced = {
        name: Candidate(*full, removed_sides=sides)
        for name, sides in REDUCED_CONTEXT.items()
        if available.issuperset(sides)
    }
    trained = {
        name: Candidate(*unet, variant=VARIANTS.get(name, Variant()))
        for name, unet in variants.items()
    }
    return reduced | trained


def _add_map(
    sums: DaySums,
    start: np.datetime64,
    window: np.ndarray,
    statistics: Mapping[str, np.ndarray],
    seasons: Mapping[str, str],
    pixels: Mapping[str, np.ndarray | None],
) -> None:
    """Add one map: each candidate and the run's own U-Net on the windows of the candidate.

    Args:
        sums: Sums to add to; the grouping and the group are named by the candidate.
        start: Start of the half-hour.
        window: Evaluated windows, dims (y, x).
        statistics: Statistics of the evaluated windows by candidate, dims (n, statistic).
        seasons: Season that each candidate is evaluated in; empty for all.
        pixels: Pixels (y, x) that each candidate is evaluated on; None for all.
    """
    day, season = start.astype("datetime64[D]"), season_of(pd.Timestamp(start).month)
    for name, evaluated_in in seasons.items():
        if evaluated_in not in ("", season):
            continue
        chosen = pixels[name]
        rows = slice(None) if chosen is None else chosen[window]
        for method in (UNET, name):
            part = statistics[method][rows]
            groupings = {name: single_group(len(part), name)}
            sums.add(method, np.full(len(part), day), groupings, part)


def variant_table(sums: DaySums, *, resamples: int, seed: int) -> pd.DataFrame:
    """Measures of each variant and their differences to the full U-Net on the same windows.

    Args:
        sums: Sums of `score_statistics`; each group is named by a variant and holds the methods
            UNET and the variant.
        resamples: Number of bootstrap samples of days, which are the same for both.
        seed: Random seed of the samples.

    Returns:
        Columns variant, measure, value, low, high, difference (variant − full U-Net),
        difference_low, difference_high (95 % intervals, NaN with a single block of weather),
        days, n.
    """
    rows: list[dict] = []
    for group in sums.groups():
        rows += _variant_rows(group, group.resampled(resamples=resamples, seed=seed))
    return pd.DataFrame(rows)


def _variant_rows(group: GroupSums, drawn: np.ndarray) -> list[dict]:
    """Rows of `variant_table` of one variant; `drawn` has dims (resample, method, statistic)."""
    variant, full = (group.methods.index(name) for name in (group.group, UNET))
    days, values, samples = len(group.days), measures(group.total()), measures(drawn)
    rows = []
    for measure, value in values.items():
        drawn_values = samples[measure][:, variant]
        low, high = group.interval(drawn_values)
        difference_low, difference_high = group.interval(drawn_values - samples[measure][:, full])
        rows.append(
            {
                "variant": group.group,
                "measure": measure,
                "value": value[variant],
                "low": low,
                "high": high,
                "difference": value[variant] - value[full],
                "difference_low": difference_low,
                "difference_high": difference_high,
                "days": days,
                "n": int(group.sums[variant, :, 0].sum()),
            }
        )
    return rows
