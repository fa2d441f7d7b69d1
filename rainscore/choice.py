"""Which local score is the most adequate: candidates, what is asked of them, the decision."""

import json
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.grids import Grid
from rainscore.scoremaps import ScoreSettings
from rainscore.scores.fss import local_fss
from rainscore.scores.sums import ratio
from rainscore.scores.windows import window_pixels, window_sums

MAPS = 240
"""Maps, evenly over the period, on which the candidates are tried."""

SHIFTS_KM = (8, 16, 32, 64)
FACTORS = (1.5, 2.0, 4.0)
RULE = (
    "each criterion ranks the candidates; the one with the lowest mean rank over displacement, "
    "amplitude, defined and rain_fraction is recommended"
)
CRITERIA = {
    "displacement": "loss of score from a perfect estimate to one shifted by 64 km (more: better)",
    "displacement_monotone": "share of windows whose score never rises with the shift",
    "amplitude": "loss of score from a perfect estimate to one four times too strong",
    "defined": "share of the valid windows in which the score is defined",
    "rain_fraction": "rank correlation of the score with the radar's wet share (nearer 0: better)",
    "spread": "standard deviation of the score over windows",
}


class _Windows:
    """Sums over the windows of a pair of maps, from which every candidate follows."""

    def __init__(self, imerg: np.ndarray, radar: np.ndarray, settings: ScoreSettings, size: dict):
        valid = np.isfinite(imerg) & np.isfinite(radar)
        self.count = window_sums(valid, **size)
        pixels = window_pixels(imerg.shape[1:], **size)
        self.enough = self.count / pixels >= settings.min_valid

        def sums(field: np.ndarray) -> np.ndarray:
            return window_sums(np.where(valid, field, 0).astype(np.float32), **size)

        wet_i, wet_r = imerg >= settings.threshold, radar >= settings.threshold
        log_i, log_r = (np.log10(1 + np.maximum(r, 0) / 0.1) for r in (imerg, radar))
        self.wet_imerg, self.wet_radar = sums(wet_i), sums(wet_r)
        self.hits = sums(wet_i & wet_r)
        self.error, self.total = sums(abs(imerg - radar)), sums(imerg + radar)
        self.moments = [sums(x) for x in (log_i, log_r, log_i**2, log_r**2, log_i * log_r)]


def _fss(w: _Windows) -> np.ndarray:
    return local_fss(ratio(w.wet_imerg, w.count), ratio(w.wet_radar, w.count))


def _csi(w: _Windows) -> np.ndarray:
    return ratio(w.hits, w.wet_imerg + w.wet_radar - w.hits)


def _amount(w: _Windows) -> np.ndarray:
    """1 − Σ|IMERG − radar| / Σ(IMERG + radar): 1 is perfect, 0 shares nothing."""
    return 1 - ratio(w.error, np.where(w.total > 0.01 * w.count, w.total, np.nan))


def _correlation(w: _Windows) -> np.ndarray:
    a, b, aa, bb, ab = (ratio(m, w.count) for m in w.moments)
    spread = (aa - a**2) * (bb - b**2)
    return ratio(ab - a * b, np.sqrt(np.where(spread > 1e-8, spread, np.nan)))


CANDIDATES: dict[str, Callable[[_Windows], np.ndarray]] = {
    "fss": _fss,
    "csi": _csi,
    "amount": _amount,
    "correlation": _correlation,
}


def shifted(field: np.ndarray, pixels: int) -> np.ndarray:
    """A field (time, y, x) moved east; what comes in is missing."""
    out = np.full_like(field, np.nan)
    out[..., pixels:] = field[..., :-pixels]
    return out


def _responses(pair: xr.Dataset, settings: ScoreSettings) -> pd.DataFrame:
    """Score of each window and candidate for the real pair and for known faults of the radar."""
    grid = Grid(**json.loads(pair.attrs["grid"]))
    window, stride = settings.pixels(grid)
    size = {"window": window, "stride": stride}
    radar = pair["radar"].values
    cases = {"imerg": pair["imerg"].values}
    cases |= {f"shift {s}": shifted(radar, round(s * 1000 / grid.dx)) for s in SHIFTS_KM}
    cases |= {f"times {f:g}": radar * np.float32(f) for f in FACTORS}
    tables = {name: _Windows(field, radar, settings, size) for name, field in cases.items()}
    # Windows of one row and column in six do not overlap, so each counts as its own.
    pick = (slice(None), slice(None, None, 6), slice(None, None, 6))
    shape = tables["imerg"].enough[pick].shape
    day = np.broadcast_to(pair["time"].values.astype("datetime64[D]")[:, None, None], shape)
    columns = {
        "day": day.ravel(),
        "valid": tables["imerg"].enough[pick].ravel(),
        "wet_share": ratio(tables["imerg"].wet_radar, tables["imerg"].count)[pick].ravel(),
    }
    for name, case in tables.items():
        for score, function in CANDIDATES.items():
            value = np.where(case.enough, function(case), np.nan)
            columns[f"{score}/{name}"] = value[pick].ravel()
    return pd.DataFrame(columns)


def _criteria(rows: pd.DataFrame, score: str) -> dict[str, float]:
    """Value of each criterion for one candidate."""
    found = rows[f"{score}/imerg"]
    shift = rows[[f"{score}/shift {s}" for s in SHIFTS_KM]].dropna()
    strong = rows[f"{score}/times {FACTORS[-1]:g}"].dropna()
    defined = rows["valid"] & found.notna()
    both = rows.loc[defined & (rows["wet_share"] > 0)]
    steps = np.diff(np.column_stack([np.ones(len(shift)), shift.to_numpy()]), axis=1)
    rank = (
        both[f"{score}/imerg"].corr(both["wet_share"], method="spearman")
        if len(both) > 2
        else np.nan
    )
    return {
        "displacement": 1 - shift.iloc[:, -1].mean(),
        "displacement_monotone": float((steps <= 1e-6).all(axis=1).mean())
        if len(shift)
        else np.nan,
        "amplitude": 1 - strong.mean(),
        "defined": defined.sum() / max(rows["valid"].sum(), 1),
        "rain_fraction": rank,
        "spread": found.std(),
    }


def describe_choice(
    pairs: Sequence[xr.Dataset], settings: ScoreSettings, *, resamples: int, seed: int
) -> tuple[pd.DataFrame, dict]:
    """Try the candidates on the real pairs and on known faults, and decide.

    Args:
        pairs: The months' pair datasets.
        settings: Threshold, window and learning grid that all candidates share.
        resamples: Bootstrap samples of days, at most 200 are drawn.
        seed: Of the samples.

    Returns:
        The evidence (score, criterion, value, low, high, windows, days), with 95 % intervals over
        days; and the decision: recommended, used, rule, criteria, ranks.
    """
    total = sum(pair.sizes["time"] for pair in pairs)
    every = max(total // MAPS, 1)
    parts = [
        _responses(pair[["imerg", "radar"]].isel(time=slice(i, i + 48 * every, every)), settings)
        for pair in pairs
        for i in range(0, pair.sizes["time"], 48 * every)
    ]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["valid"]]
    days = rows["day"].unique()
    by_day = dict(list(rows.groupby("day")))
    rng = np.random.default_rng(seed)
    samples = []
    if len(days) > 1:
        for _ in range(min(resamples, 200)):
            drawn = pd.concat([by_day[day] for day in rng.choice(days, len(days))])
            samples.append({score: _criteria(drawn, score) for score in CANDIDATES})
    evidence = []
    for score in CANDIDATES:
        for criterion, value in _criteria(rows, score).items():
            spread = np.array([sample[score][criterion] for sample in samples])
            spread = spread[np.isfinite(spread)]
            low, high = np.percentile(spread, [2.5, 97.5]) if spread.size else (np.nan, np.nan)
            evidence.append((score, criterion, value, low, high, len(rows), len(days)))
    names = ["score", "criterion", "value", "low", "high", "windows", "days"]
    table = pd.DataFrame(evidence, columns=names)
    return table, decide(table)


def decide(evidence: pd.DataFrame) -> dict:
    """The decision by `RULE`, as plain values."""
    wide = evidence.pivot(index="score", columns="criterion", values="value")
    ranks = pd.DataFrame(
        {
            "displacement": wide["displacement"].rank(ascending=False),
            "amplitude": wide["amplitude"].rank(ascending=False),
            "defined": wide["defined"].rank(ascending=False),
            "rain_fraction": wide["rain_fraction"].abs().rank(),
        }
    ).mean(axis=1)
    return {
        "recommended": str(ranks.idxmin()),
        "used": "fss",
        "rule": RULE,
        "criteria": CRITERIA,
        "mean_rank": {str(name): float(value) for name, value in ranks.items()},
    }
