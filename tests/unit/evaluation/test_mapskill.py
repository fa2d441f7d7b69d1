import numpy as np
import pandas as pd

from rainscore.evaluation.mapskill import evaluate_maps
from rainscore.scores.distribution import MASSES


class Nearest:
    """Predicts a constant."""

    def predict_maps(self, times, scores) -> np.ndarray:
        return np.tile(np.eye(MASSES)[10], (len(times), 1))


def test_methods_learn_only_from_maps_with_rain_in_imerg() -> None:
    """Training: ten maps at 0.625 and ten that IMERG leaves dry (score 0); test: two at 0.625."""
    times = pd.date_range("2019-05-01", periods=22, freq="12h")
    dry = (np.arange(22) % 2 == 0) & (np.arange(22) < 20)
    table = pd.DataFrame({
        "time": times, "map_score": np.where(dry, 0.0, 0.625),
        "imerg_wet_windows": np.where(dry, 0, 9), "regime": None,
    })  # fmt: skip
    quality = np.where(dry, np.nan, np.linspace(0.4, 0.8, 22))
    features = {"wet_share": 0.1, "mean_rain": 1.0}
    training = pd.DataFrame({"time": times[:20], "quality": quality[:20], **features})
    test = pd.DataFrame({"time": times[20:], "quality": 0.9, **features})
    test[["value", "low", "high"]] = 0.6, 0.5, 0.7
    skill = evaluate_maps(
        test, training, table, {}, Nearest(), {}, resamples=10, seed=0  # type: ignore[arg-type]  # a stand-in
    ).skill  # fmt: skip
    crps = skill[(skill["measure"] == "crps") & (skill["split"] == "map")].set_index("method")
    assert crps.loc[["climatology", "quality index"], "value"].max() < 0.01
