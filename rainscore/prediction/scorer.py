"""Scores of new IMERG maps, anywhere, without radar."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
import xarray as xr
from scipy.special import expit

from rainscore.clustering.algorithms.methods import load_clusterer
from rainscore.clustering.scorecounts import DRY
from rainscore.errors import RainscoreError
from rainscore.grids import Grid, imerg_cells
from rainscore.imerg.passes import pass_ages
from rainscore.io import read_json
from rainscore.prediction.fields import on_grid, unknown, words
from rainscore.prediction.productcheck import compare_product
from rainscore.regridding.conservative import Weights, overlap_weights
from rainscore.scores.fss import window_fractions
from rainscore.times import HALF_HOUR
from rainscore.training.calibration import calibrated, read_calibration
from rainscore.training.channels import CHANNELS, build_inputs, scale_rain, wet_share
from rainscore.training.dataset import hide, stack_context, unknown_channels
from rainscore.training.features import coarsen_rain
from rainscore.training.mapscore import map_features, map_score
from rainscore.training.models import load_unet

CONTEXT = 12
"""Half-hours before and after a map that can tell the age of a microwave pass."""


class Scorer:
    """The models of a folder, loaded once.

    Args:
        folder: `results/models` of a run: the U-Net, one clusterer, its labels.
        method: Name of the clusterer; by default the only one that the folder holds.
        any_product: Whether granules of another IMERG run or version than that of the training are
            scored too.

    Raises:
        RainscoreError: A model is missing or damaged.
    """

    def __init__(
        self, folder: Path, method: str | None = None, *, any_product: bool = False
    ) -> None:
        self.unet, self.card = load_unet(folder / "unet")
        self.calibration = read_calibration(folder / "unet", self.card)
        self.any_product = any_product
        method = method or _only_method(folder)
        self.clusterer = load_clusterer(folder / method)
        self.cluster_card = self.clusterer.card_
        labels = folder / f"{method}_labels.json"
        if not labels.is_file():
            raise RainscoreError(f"{labels}: no such file; label the clusters (label_clusters)")
        self.labels = {row["cluster"]: row for row in read_json(labels)}
        self.learning_grid = Grid(**self.card["grid"])
        self._weights: dict[Grid, tuple[Weights, ...]] = {}

    def fine_grid(self, learning: Grid) -> Grid:
        """The grid of pixels in which a window's wet share is counted, as in the training."""
        factor = self._factor()
        return replace(
            learning,
            dx=learning.dx / factor,
            dy=learning.dy / factor,
            nx=learning.nx * factor,
            ny=learning.ny * factor,
        )

    def _factor(self) -> int:
        return round(self.card["score"]["learning_step_km"] / self.card["domain"]["step_km"])

    def score(
        self, granules: Mapping[np.datetime64, xr.Dataset], time: np.datetime64, learning: Grid
    ) -> xr.Dataset:
        """Score one half-hour.

        Args:
            granules: Datasets of `imerg.read_granule` on `imerg_cells(learning)`, by half-hour:
                the map, and what is at hand of the hours around it.
            time: The half-hour to score.
            learning: Where to score it; pixels as large as in the training.

        Returns:
            Dims (y, x): `precipitation` [mm/h], `score`, `score_low`, `score_high` [1] where IMERG
            has rain in the window, `hidden_rain_probability` [1] where it has none; scalars
            `map_score` with its interval and whether it is `map_score_outside` of what was
            calibrated, `cluster` with the score that it tells, `novelty`; NaN is missing.
            `attrs["cluster_name"]` says what the cluster is, `attrs["unknown"]` what could not be
            known of this map.

        Raises:
            RainscoreError: The granule is of another product than the models were trained on.
        """
        self.differs(granules[time])
        around = {
            step: {str(name): field.values[None] for name, field in granules[at].data_vars.items()}
            for step in range(-CONTEXT, CONTEXT + 1)
            if (at := time + step * HALF_HOUR) in granules
        }
        found = self.predict(around, learning, run=granules[time].attrs["run"])
        maps = {
            name: (values[0], "mm h-1" if name == "precipitation" else "1", words(name))
            for name, values in found.maps.items()
        }
        dataset = on_grid(maps, learning)
        label = self.labels.get(found.table["cluster"].iloc[0], {})
        scalars: dict[str, float | None] = {
            **{str(name): value for name, value in found.table.iloc[0].items()},
            **{name: label.get(key) for name, key in CLUSTER_SCORES.items()},
        }
        for name, value in scalars.items():
            number = np.float32(np.nan if value is None else value)
            dataset[name] = ((), number, {"units": "1", "long_name": words(name)})
        dataset["novelty"].attrs["false_alarm_rate"] = self.cluster_card["false_alarm_rate"]
        dataset.attrs["cluster_name"] = label.get("name", "")
        dataset = dataset.assign_coords(time=((), time, {"long_name": "start of the half-hour"}))
        seen = np.isfinite(found.maps["precipitation"]).mean()
        run = granules[time].attrs["run"]
        dataset.attrs["unknown"] = unknown(
            granules, time, self.hidden(run), ages_known=found.ages_known, seen=float(seen)
        )
        return dataset

    def differs(self, granule: xr.Dataset) -> str:
        """How a granule differs from what the models were trained on, as `compare_product`."""
        product = granule.attrs["run"], granule.attrs["version"]
        return compare_product(*product, self.card, any_product=self.any_product)

    def hidden(self, run: str) -> list[str]:
        """Channels that the models never see, or that a run cannot know."""
        return sorted({*self.card["hidden"], *unknown_channels(run)})

    def predict(
        self, around: Mapping[int, Mapping[str, np.ndarray]], learning: Grid, *, run: str
    ) -> "Predicted":
        """Predict the scores of maps that lie alike on their own cells.

        Args:
            around: Fields of `imerg.FIELDS`, dims (map, lat, lon), on `imerg_cells(learning)`, of
                the half-hours at hand: 0 are the maps themselves, −1 those half an hour before, up
                to CONTEXT; all fields of 0, `precipitation` of −1 and 1, `mw_source` of all.
            learning: Grid of the maps.
            run: IMERG run of the maps.
        """
        inputs, rain, wet, valid = self._inputs(around, learning)
        for map_inputs in inputs:
            hide(map_inputs, self.card["channels"], self.hidden(run))
        with torch.inference_mode():
            quantiles, logit = (x.numpy() for x in self.unet(torch.from_numpy(inputs)))
        bounded, hidden = calibrated(quantiles, inputs, self.calibration), expit(logit)
        middle = bounded.shape[1] // 2
        maps = {
            "precipitation": rain,
            "score": np.where(wet, bounded[:, middle], np.nan),
            "score_low": np.where(wet, bounded[:, 0], np.nan),
            "score_high": np.where(wet, bounded[:, -1], np.nan),
            "hidden_rain_probability": np.where(valid & ~wet, hidden, np.nan),
        }
        features = map_features(quantiles, hidden, wet, valid, inputs)
        table = map_score(features, self.calibration["map"]).rename(columns=MAP_SCORES)
        cluster, novelty = self._clusters(inputs)
        table = table[list(MAP_SCORES.values())].assign(cluster=cluster, novelty=novelty)
        return Predicted(inputs, maps, table)

    def _inputs(
        self, around: Mapping[int, Mapping[str, np.ndarray]], learning: Grid
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Channels with context (map, C, y, x); rain; whether the window is wet; is valid."""
        if learning not in self._weights:
            cells = imerg_cells(learning)
            targets = self.fine_grid(learning), learning
            self._weights[learning] = tuple(overlap_weights(cells, t) for t in targets)
        fine, coarse = self._weights[learning]
        here = around[0]
        source = np.zeros((2 * CONTEXT + 1, *here["mw_source"].shape), np.float32)
        for step, fields in around.items():
            source[CONTEXT + step] = fields["mw_source"]
        present = np.isin(np.arange(-CONTEXT, CONTEXT + 1), list(around))
        ages = pass_ages(source, present, np.arange(len(source)) * HALF_HOUR)[:, CONTEXT]

        def rain_at(step: int) -> np.ndarray:
            return fine.apply(around[step]["precipitation"])[0]

        def known_rain(step: int) -> np.ndarray | None:
            if step not in around:
                return None
            return scale_rain(coarsen_rain(rain_at(step), self._factor())).astype(np.float16)

        rain = rain_at(0)
        learnt = coarsen_rain(rain, self._factor())
        channels = build_inputs(dict(here), ages, rain=learnt, to_learning=coarse)
        score = self.card["score"]
        fraction, _, _ = window_fractions(
            rain,
            rain,
            threshold=score["wet_threshold_mm_h"],
            window=round(score["window_km"] / self.card["domain"]["step_km"]),
            stride=self._factor(),
            min_valid=score["min_valid_share"],
        )
        # The training files keep half precision; what the network sees here must be the same.
        halved, before, after = channels.astype(np.float16), known_rain(-1), known_rain(1)
        inputs = np.stack(
            [
                stack_context(
                    halved[i],
                    None if before is None else before[i],
                    None if after is None else after[i],
                )
                for i in range(len(halved))
            ]
        )
        return inputs, learnt, fraction > 0, np.isfinite(fraction)

    def _clusters(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cluster of each map's middle and its novelty flag; NaN: too small, or no estimate."""
        size, (ny, nx) = self.cluster_card["size"], inputs.shape[-2:]
        cluster, novelty = np.full((2, len(inputs)), np.nan)
        if min(ny, nx) < size:
            return cluster, novelty
        top, left = (ny - size) // 2, (nx - size) // 2
        crop = inputs[:, : len(CHANNELS), top : top + size, left : left + size]
        share = wet_share(crop, self.card["score"]["wet_threshold_mm_h"])
        known = np.isfinite(share)
        cluster[known], novelty[known] = DRY, 0
        rainy = share >= self.cluster_card["min_wet_share"]
        if rainy.any():
            rain = crop[rainy][:, [CHANNELS.index("rain")]]
            cluster[rainy] = self.clusterer.predict(rain)
            distance = self.clusterer.novelty(rain)
            novelty[rainy] = distance > self.cluster_card["novelty_threshold"]
        return cluster, novelty


class Predicted(NamedTuple):
    """What is predicted of n maps on the learning grid.

    Attributes:
        inputs: Channels, dims (n, C, y, x).
        maps: Fields of the output by name, dims (n, y, x).
        table: A row a map: the map score with its interval, `cluster`, `novelty`.
    """

    inputs: np.ndarray
    maps: dict[str, np.ndarray]
    table: pd.DataFrame

    @property
    def ages_known(self) -> bool:
        """Whether the time since the last microwave pass is known everywhere."""
        return bool(self.inputs[:, CHANNELS.index("age_known")].all())


MAP_SCORES = {
    "value": "map_score",
    "low": "map_score_low",
    "high": "map_score_high",
    "outside": "map_score_outside",
}


CLUSTER_SCORES = {
    "cluster_score_low": "score_low",
    "cluster_score_median": "score",
    "cluster_score_high": "score_high",
}


def _only_method(folder: Path) -> str:
    """The labelled clusterer of a folder, where it holds one only."""
    found = sorted(p.name.removesuffix("_labels.json") for p in folder.glob("*_labels.json"))
    if not found:
        raise RainscoreError(f"{folder}: holds no labelled clusterer; run the workflow first")
    if len(found) > 1:
        raise RainscoreError(
            f"{folder}: holds several labelled clusterers; say which by --clusters: "
            f"{', '.join(found)} (clustering.methods of the run begins with the one it used)"
        )
    return found[0]
