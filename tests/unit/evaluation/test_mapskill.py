import numpy as np
import pandas as pd
import pytest

from rainscore.evaluation.mapskill import evaluate_maps

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


class Nearest:
    """Predicts a constant."""

    def predict_maps(self, times, scores, levels) -> np.ndarray:
        return np.full((len(times), len(levels)), 0.5)


def test_methods_learn_only_from_maps_with_rain_in_imerg() -> None:
    """Training: ten maps at 0.6 and ten that IMERG leaves dry (score 0); test: two maps at 0.6."""
    times = pd.date_range("2019-05-01", periods=22, freq="12h")
    dry = (np.arange(22) % 2 == 0) & (np.arange(22) < 20)
    table = pd.DataFrame({
        "time": times, "map_score": np.where(dry, 0.0, 0.6),
        "imerg_wet_windows": np.where(dry, 0, 9), "regime": None,
    })  # fmt: skip
    quality = np.where(dry, np.nan, np.linspace(0.4, 0.8, 22))
    training = pd.DataFrame({"time": times[:20], "quality": quality[:20]})
    test = pd.DataFrame({"time": times[20:], "quality": 0.9})
    test[["value", "low", "high"]] = 0.6, 0.5, 0.7
    skill = evaluate_maps(
        test, training, table, {}, Nearest(), LEVELS, resamples=10, seed=0  # type: ignore[arg-type]  # a stand-in
    ).skill  # fmt: skip
    crps = skill[(skill["measure"] == "crps") & (skill["split"] == "map")].set_index("method")
    assert crps.loc[["climatology", "quality index"], "value"].tolist() == pytest.approx([0, 0])
