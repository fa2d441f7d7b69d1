"""Why a map scores as it does, in words, from its scored file."""

from pathlib import Path

import numpy as np
import xarray as xr

from rainscore.errors import DamagedFile
from rainscore.netcdffiles import open_netcdf
from rainscore.prediction.explain import code_sentences
from rainscore.scores.grades import grade, grade_key, percent

UNREADABLE = (OSError, KeyError, ValueError, TypeError, RuntimeError)
"""What xarray and h5netcdf raise for a file that is not a scored map."""


def read_reasons(path: Path) -> list[str]:
    """Sentences of `reasons` for a NetCDF file of `rainscore score`.

    Raises:
        DamagedFile: The file is not a scored map.
    """
    try:
        with open_netcdf(path) as dataset:
            return reasons(dataset.load())
    except (DamagedFile, *UNREADABLE) as error:
        reason = error.reason if isinstance(error, DamagedFile) else error
        raise DamagedFile(
            path, f"it is not a scored map ({reason})", "make it with `rainscore score`"
        ) from error


def reasons(dataset: xr.Dataset) -> list[str]:
    """Sentences about the score of a map: result, rain, doubt, inputs, and the model.

    Args:
        dataset: Scored map of a window or of the globe (docs/prediction.md).
    """
    attrs = dataset.attrs
    globe = "window_lat" in dataset
    sentences = [_globe_result(dataset) if globe else _result(dataset)]
    if "precipitation" in dataset:
        sentences.append(_rain(dataset))
    sentences += code_sentences(dataset)
    sentences += _doubts(dataset)
    if not globe:
        sentences += _window_remarks(dataset)
    if attrs.get("unavailable_inputs"):
        sentences.append(f"Not available to the model: {attrs['unavailable_inputs']}.")
    if attrs.get("product_difference"):
        sentences.append(f"Another product: {attrs['product_difference']}.")
    verified = attrs.get("verified_on") or "no real data"
    sentences.append(f"The model learned from {attrs['learned_from']}; verified on {verified}.")
    return sentences


def _result(dataset: xr.Dataset) -> str:
    value, low, high = (float(dataset[f"map_score{end}"]) for end in ("", "_low", "_high"))
    if np.isnan(value):
        dry = np.isfinite(dataset["precipitation"]).any()
        cause = "it has no rain" if dry else "IMERG is missing in the whole window"
        cause = dataset.attrs.get("map_score_withheld") or cause
        return f"The map has no score: {cause}."
    text = f"Map score {value:.2f}, {grade(value)} ({grade_key()})"
    if np.isfinite(low):
        return f"{text}; 9 of 10 such maps score between {low:.2f} and {high:.2f}."
    return f"{text}; no interval: {dataset.attrs['map_interval_withheld']}."


def _globe_result(dataset: xr.Dataset) -> str:
    scores = dataset["map_score"].values
    known = scores[np.isfinite(scores)]
    text = f"{scores.size} windows, {known.size} with rain"
    if not known.size:
        return f"{text}."
    low, middle, high = np.quantile(known, [0.1, 0.5, 0.9])
    return f"{text}: median map score {middle:.2f}, 8 of 10 between {low:.2f} and {high:.2f}."


def _rain(dataset: xr.Dataset) -> str:
    rain = dataset["precipitation"].values
    known = rain[np.isfinite(rain)]
    if not known.size:
        return "IMERG has no estimate in the window."
    wet = 100 * (known >= 0.1).mean()
    text = (
        f"IMERG has 0.1 mm/h or more in {wet:.0f} % of the window, at most {known.max():.1f} mm/h"
    )
    if wet < 2 and np.isfinite(dataset["map_score"]).any():
        text += "; with so little rain a shift by a few cells changes the score of the map"
    return f"{text}."


def _doubts(dataset: xr.Dataset) -> list[str]:
    """Sentences about the local scores, their intervals and hidden rain."""
    score = dataset["score"].values
    wet = np.isfinite(score)
    sentences = []
    if wet.any():
        width = (dataset["score_high"] - dataset["score_low"]).values[wet]
        low, high = np.quantile(score[wet], [0.1, 0.9])
        sentences.append(
            f"Where it rains the local score is {low:.2f} to {high:.2f} (8 of 10 places); its 90 % "
            f"interval is {np.median(width):.2f} wide in half of the places or more."
        )
    if share := dataset.attrs.get("withheld_share", 0.0):
        sentences.append(
            f"The local score is withheld in {percent(share)} of the places with rain: they are "
            "outside what the model has learnt."
        )
    hidden = dataset["hidden_rain_probability"].values
    dry = np.isfinite(hidden)
    if dry.any():
        share = 100 * (hidden[dry] > 0.5).mean()
        sentences.append(
            f"Where IMERG is dry, rain is hidden with a mean probability of "
            f"{hidden[dry].mean():.2f}; it is more likely than not in {share:.0f} % of that area."
        )
    return sentences


def _window_remarks(dataset: xr.Dataset) -> list[str]:
    sentences = []
    cluster, name = float(dataset["cluster"]), dataset.attrs.get("cluster_name", "")
    if cluster >= 0:
        middle = float(dataset["cluster_score_median"])
        sentences.append(
            f"It looks like cluster {cluster:.0f} ({name}), whose maps score {middle:.2f} in the "
            "middle."
        )
    if statement := dataset.attrs.get("which_score"):
        sentences.append(f"{statement[:1].upper()}{statement[1:]}.")
    if float(dataset["novelty"]) == 1:
        sentences.append("It differs from the training maps: trust its score less.")
    if float(dataset["map_score_outside"]) == 1:
        sentences.append("Its wet share is outside the range of the calibration maps.")
    if margin := dataset.attrs.get("short_margin"):
        sentences.append(f"The file ends near the window ({margin}): its edge is less certain.")
    return sentences
