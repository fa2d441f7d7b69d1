"""The U-Net told less, its variants, and U-Nets of other runs, beside it on the same windows."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.evaluation.skill import STATISTICS, DaySums, measures, pixel_statistics
from rainscore.evaluation.transfer import check_elsewhere
from rainscore.scores.bootstrap import day_weights, interval
from rainscore.times import season_of
from rainscore.training.dataset import FORGOTTEN, SIDES, ScoreMaps
from rainscore.training.inference import predict
from rainscore.training.unet import UNet
from rainscore.training.variants import VARIANTS, Variant, variant_pixels

FULL = "U-Net"


LESS = {
    "map-without-previous": FORGOTTEN[1],
    "map-without-next": FORGOTTEN[2],
    "lone-map": FORGOTTEN[3],
}
"""The run's own U-Net, which has learnt to do with less, on maps that are told less."""


def compare_variants(
    paths: Sequence[Path],
    splits: pd.DataFrame,
    full: tuple[UNet, dict],
    variants: Mapping[str, tuple[UNet, dict]],
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Judge each variant beside the run's own U-Net, before any calibration of the interval.

    A U-Net of another run is judged on all held-out windows. It is told what the run's own is: of
    an Early granule never what comes after. So is the run's own where it is told still less
    (`LESS`), as of the first or newest granule of a record, or of a lone one.

    Args:
        paths: Training files.
        splits: Of `period.split_blocks`; the test half-hours are judged.
        full: The U-Net of the run and its card.
        variants: U-Net and card by name: of `variants.VARIANTS`, any other is of another run.
        resamples: Bootstrap samples of days.
        seed: Of the samples.

    Returns:
        Of `paired_table`.

    Raises:
        RainscoreError: As `check_elsewhere`.
    """
    for name in variants.keys() - VARIANTS.keys():
        check_elsewhere(name, variants[name][1], full[1])
    test = splits.loc[splits["split"] == "test", "time"].to_numpy()
    known = {side for side, channel in SIDES.items() if channel not in full[1]["hidden"]}
    told = [name for name, forgotten in LESS.items() if known.issuperset(forgotten)]
    models = {FULL: full, **dict.fromkeys(told, full), **variants}
    data = {
        name: ScoreMaps(
            paths,
            test,
            hidden=sorted({*card["hidden"], *full[1]["hidden"]}),
            forgotten=LESS.get(name, ()),
        )
        for name, (_, card) in models.items()
    }
    given = (predict(model, data[name]) for name, (model, _) in models.items())
    asked = {name: VARIANTS.get(name, Variant()) for name in models if name != FULL}
    judged = {name: variant_pixels(v, paths[0], judged=True) for name, v in asked.items()}
    levels, days, place = full[0].settings.levels, DaySums(), 0
    for batches in zip(*given, strict=True):
        (_, target, wet, _), _ = batches[0]
        for i, time in enumerate(data[FULL].times[place : place + len(target)]):
            defined = wet[i] & np.isfinite(target[i])
            truth = target[i][defined].astype(np.float64)
            found = {
                name: pixel_statistics(quantiles[i][:, defined].T, truth, levels)
                for name, (_, (quantiles, _)) in zip(models, batches, strict=True)
            }
            season = season_of(pd.Timestamp(time).month)
            for name, pixels in judged.items():
                if asked[name].season not in ("", season):
                    continue
                here = slice(None) if pixels is None else pixels[defined]
                for method in (FULL, name):
                    rows = found[method][here]
                    groups = np.zeros(len(rows), int)
                    days.add(method, str(time.astype("datetime64[D]")), name, [name], groups, rows)
        place += len(target)
    return paired_table(days.table(), resamples=resamples, seed=seed)


def paired_table(days: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """Measures of each variant, and their difference to the full U-Net on the same windows.

    Args:
        days: Of `DaySums.table`, the method being FULL or the variant that `group` names.
        resamples: Bootstrap samples of days; the same for both, so that differences are paired.
        seed: Of the samples.

    Returns:
        Columns variant, measure, value, low, high, difference (variant less full),
        difference_low, difference_high (95 % intervals, NaN with a single day), days, n.
    """
    rows = []
    for variant, part in days.groupby("group", sort=True):
        names = np.sort(part["day"].unique())
        index = pd.MultiIndex.from_product([[variant, FULL], names], names=["method", "day"])
        cube = part.set_index(["method", "day"])[list(STATISTICS)].reindex(index, fill_value=0.0)
        sums = cube.to_numpy().reshape(2, names.size, -1)
        weights = day_weights(names.size, resamples=resamples, seed=seed)
        point = measures(sums.sum(axis=1))
        drawn = measures(np.einsum("rd,mds->mrs", weights, sums))
        for measure, (own, whole) in point.items():
            samples = drawn[measure]
            low, high = interval(samples[0], names.size)
            less, more = interval(samples[0] - samples[1], names.size)
            rows.append(
                {
                    "variant": variant,
                    "measure": measure,
                    "value": own,
                    "low": low,
                    "high": high,
                    "difference": own - whole,
                    "difference_low": less,
                    "difference_high": more,
                    "days": names.size,
                    "n": int(sums[0, :, 0].sum()),
                }
            )
    return pd.DataFrame(rows)
