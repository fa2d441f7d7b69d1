"""Scores of new IMERG maps, computed without radar."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
import xarray as xr
from scipy.special import expit

from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.prediction.codefields import (
    code_variable,
    label_scores,
    predict_clusters,
    too_small_for_clusters,
)
from rainscore.prediction.fields import (
    FLAG,
    unavailable_inputs,
    window_dataset,
    withheld_share,
    withhold,
)
from rainscore.prediction.granulesets import GranuleSet
from rainscore.prediction.mapinputs import Fields, InputBuilder, NewMaps
from rainscore.prediction.margins import Crop, Margins
from rainscore.prediction.plausibility import check_rain
from rainscore.prediction.productcheck import product_difference
from rainscore.prediction.scoringmodels import ScoringModels, find_model_files, load_models
from rainscore.prediction.statements import which_score
from rainscore.prediction.withholding import (
    MAP_FLAG,
    interval_withheld,
    map_score_withheld,
    withhold_map_scores,
)
from rainscore.scores import distribution
from rainscore.training.inputstates import STATES, input_states
from rainscore.training.mapscore import map_features
from rainscore.training.timecontext import mask_channels, unavailable_channels
from rainscore.training.trained import TrainedUNet

MAP_SCORES = {
    "value": "map_score",
    "low": "map_score_low",
    "high": "map_score_high",
    "outside": "map_score_outside",
}
"""Columns of `mapscore.map_score` and the variables that they become."""

NO_MARGINS = Margins()
"""A window whose file ends at its edges."""

CLUSTER_SCORES = {
    "score_low": "cluster_score_low",
    "score": "cluster_score_median",
    "score_high": "cluster_score_high",
}
"""Keys of a cluster's label and the variables that they become."""


class Predicted(NamedTuple):
    """Predictions for n maps on the learning grid.

    Attributes:
        maps: Fields by name of the output variable, dims (n, y, x).
        table: One row per window and map, the first window first: `map_score`, `map_score_low`,
            `map_score_high`, `map_score_outside`, `cluster`, `novelty`; `valid`, whether the window
            has any estimate; with a guard also `map_score_flag`.
        ages_known: Whether the time since the last microwave pass is known everywhere.
        states: State of the inputs of each map (`inputstates.STATES`), dims (n,).
        codes: Codes of the windows (`codebook.NO_CODE` without rain), dims (n, y, x), uint8; None
            without a code book.
    """

    maps: Mapping[str, np.ndarray]
    table: pd.DataFrame
    ages_known: bool
    states: np.ndarray
    codes: np.ndarray | None = None


class Scorer:
    """Scores new maps with the models of a run.

    Args:
        models: The models.
        any_product: Whether granules of another IMERG run or version than that of the training are
            accepted.
        by_codes: Whether scores come from the labels of the codes and of the cluster of the map
            instead of the U-Net's own prediction.

    Raises:
        RainscoreError: `by_codes`, and the models hold no code book or other clusters.
    """

    def __init__(
        self, models: ScoringModels, *, any_product: bool = False, by_codes: bool = False
    ) -> None:
        if by_codes and not models.scores_by_codes:
            raise RainscoreError(
                "scores by codes need the code book and the clusters of compositions, which these "
                "models do not hold: give those of a run with codes as the first of "
                "clustering.methods, such as --model results/models"
            )
        self.models, self.by_codes = models, by_codes
        self.any_product = any_product
        self.learning_grid = models.unet.card.grid
        self._inputs = InputBuilder(models.unet.card)

    def product_difference(self, granule: xr.Dataset) -> str:
        """Difference of a granule's product to that of the training (`productcheck`).

        Raises:
            RainscoreError: The product is not accepted.
        """
        return product_difference(
            granule.attrs["run"],
            granule.attrs["version"],
            self.models.unet.card,
            any_product=self.any_product,
        )

    def hidden_channels(self, run: str) -> list[str]:
        """Channels that the models do not use, or that an IMERG run cannot provide."""
        return sorted({*self.models.unet.card.hidden, *unavailable_channels(run)})

    def predict(
        self, fields: Fields, learning: Grid, *, run: str, windows: Sequence[Crop]
    ) -> Predicted:
        """Predict the scores of maps whose grids differ only in longitude.

        Args:
            fields: Fields of the half-hours, as in `InputBuilder.build`.
            learning: Learning grid of the maps.
            run: IMERG run of the maps.
            windows: Parts of the maps that get a map score and a cluster.
        """
        maps, unet = self._inputs.build(fields, learning), self.models.unet
        for inputs in maps.inputs:
            mask_channels(inputs, unet.card.channels, self.hidden_channels(run))
        masses, logit, features = run_unet(unet, maps.inputs)
        book = self.models.book
        codes = None if book is None else book.assign_maps(features, maps.wet)
        flags = unet.guard.flags(maps.inputs, maps.wet) if unet.guard else None
        tables = []
        for window in windows:
            part = maps.crop(window)
            scores = predict_map_scores(
                unet, part, window.of(masses), window.of(logit), self.learning_grid
            )
            cluster, novelty = predict_clusters(
                self.models.clusterer,
                part.inputs,
                None if codes is None else window.of(codes),
                book,
                wet_threshold=unet.card.score.wet_threshold_mm_h,
            )
            if self.by_codes:
                scores = label_scores(scores, cluster, self.models.labels)
            if flags is not None:
                scores = withhold_map_scores(scores, window.of(flags), part.wet)
            valid = np.asarray(part.valid.any(axis=(1, 2)))
            tables.append(scores.assign(cluster=cluster, novelty=novelty, valid=valid))
        if self.by_codes and book is not None and codes is not None:
            rows = book.masses[codes[maps.wet]]
        else:
            rows = unet.calibration.local(masses, maps.inputs, maps.wet)
        scored = local_fields(unet, maps, rows, logit)
        if flags is not None:
            scored[FLAG] = np.where(maps.wet, flags.astype(np.float32), np.nan)
        table, states = pd.concat(tables, ignore_index=True), np.array(STATES)
        return Predicted(scored, table, maps.ages_known, states[input_states(maps.inputs)], codes)

    def score(
        self, granules: GranuleSet, learning: Grid, margins: Margins = NO_MARGINS
    ) -> xr.Dataset:
        """Score one half-hour in one window.

        Args:
            granules: The granule of the half-hour and those of the hours around it, on
                `imerg_cells(margins.extend(learning))`.
            learning: Learning grid of the window, with the pixel size of the training.
            margins: Margins around the window, which the networks read.

        Returns:
            Dims (y, x), NaN where missing: `precipitation` [mm/h]; `score` (median), `score_mean`,
            `score_low`, `score_high`, `score_zero_probability` [1] where IMERG has rain in the
            window; `hidden_rain_probability` [1] where it has none. Scalars: `map_score` with its
            interval, `map_score_outside`, `cluster` with the map score of its label, `novelty`.
            `code` (y, x): code of the window, with a code book. Attributes: `scored_by`,
            `cluster_name`, `calibration_state`, `unavailable_inputs`, `short_margin`,
            `withheld_share`, `map_score_withheld`, `map_interval_withheld`, `which_score`. With a
            guard also `score_flag` (y, x) and the scalar `map_score_flag`.

        Raises:
            RainscoreError: The granule's product is not accepted, or its rain cannot be real.
        """
        self.product_difference(granules.granule)
        run = granules.granule.attrs["run"]
        fields = {
            step: {name: values[None] for name, values in by_name.items()}
            for step, by_name in granules.fields().items()
        }
        check_rain(fields[0]["precipitation"])
        window, trained = margins.window(learning), self.learning_grid
        predicted = self.predict(fields, margins.extend(learning), run=run, windows=[window])
        first = predicted.table.drop(columns="valid").iloc[0]
        row = {str(name): value for name, value in first.items()}
        label = self.models.labels.get(row["cluster"], {})
        scalars = row | {name: label.get(key) for key, name in CLUSTER_SCORES.items()}
        maps = withhold({name: window.of(values)[0] for name, values in predicted.maps.items()})
        dataset = window_dataset(maps, scalars, learning, granules.time)
        if self.models.clusterer:
            rate = self.models.clusterer.card_["false_alarm_rate"]
            dataset["novelty"].attrs["false_alarm_rate"] = rate
        if predicted.codes is not None:
            dataset["code"] = code_variable(window.of(predicted.codes)[0], self.models.atlas)
        dataset.attrs["scored_by"] = "codes" if self.by_codes else "U-Net"
        dataset.attrs["cluster_name"] = label.get("name", "")
        dataset.attrs["calibration_state"] = predicted.states[0]
        share = dataset.attrs["withheld_share"] = withheld_share(maps)
        reason = map_score_withheld(scalars.get(MAP_FLAG), share)
        if self.by_codes and self.models.clusterer and np.isfinite(maps["score"]).any():
            reason = reason or too_small_for_clusters(self.models.clusterer, learning)
        dataset.attrs["map_score_withheld"] = reason
        dataset.attrs["short_margin"] = margins.text(learning.dx / 1000)
        dataset.attrs["map_interval_withheld"] = interval_withheld(learning.shape, trained)
        dataset.attrs["which_score"] = which_score(
            {name: float(dataset[name]) for name in scalars},
            withheld=dataset.attrs["map_interval_withheld"],
            by_codes=self.by_codes,
        )
        dataset.attrs["unavailable_inputs"] = unavailable_inputs(
            granules,
            self.hidden_channels(run),
            ages_known=predicted.ages_known,
            rain_share=float(np.isfinite(maps["precipitation"]).mean()),
        )
        return dataset


def load_scorer(
    folder: Path, method: str | None = None, *, any_product: bool = False, by_codes: bool = False
) -> Scorer:
    """Load the models of a run and make a scorer.

    Args:
        folder: Folder of the models (`find_model_files`).
        method: Clustering method; None takes the only one with labels in the folder.
        any_product: Whether granules of another IMERG run or version than that of the training are
            accepted.
        by_codes: See `Scorer`.

    Raises:
        RainscoreError: A model is missing, or the clustering method is not unique.
        DamagedFile: A model file is damaged.
    """
    models = load_models(find_model_files(folder, method))
    return Scorer(models, any_product=any_product, by_codes=by_codes)


def run_unet(unet: TrainedUNet, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Uncalibrated output of the U-Net, float32.

    Args:
        unet: The U-Net.
        inputs: Channels, dims (map, channel, y, x).

    Returns:
        Distribution of the score, dims (map, mass, y, x); logit of hidden rain, dims (map, y, x);
        features, dims (map, feature, y, x).
    """
    with torch.inference_mode():
        outputs = unet.model.with_features(torch.from_numpy(inputs))
    masses, logit, features = (x.numpy() for x in outputs)
    return masses, logit, features


def local_fields(
    unet: TrainedUNet, maps: NewMaps, rows: np.ndarray, logit: np.ndarray
) -> dict[str, np.ndarray]:
    """Calibrated fields by name of the output variable, dims (map, y, x).

    Args:
        unet: The U-Net.
        maps: The maps.
        rows: Distribution of the score in each window with rain, dims (n, mass).
        logit: Result of `run_unet`.
    """
    low, high = distribution.interval(rows)
    by_name = {
        "score": distribution.quantiles(rows, (0.5,))[:, 0],
        "score_mean": distribution.mean(rows),
        "score_low": low,
        "score_high": high,
        "score_zero_probability": rows[:, 0],
    }
    fields = {name: np.full(maps.wet.shape, np.nan, np.float32) for name in by_name}
    for name, values in by_name.items():
        fields[name][maps.wet] = values
    probability = unet.calibration.hidden_rain(logit, maps.inputs)
    return {
        "precipitation": maps.rain,
        **fields,
        "hidden_rain_probability": np.where(maps.valid & ~maps.wet, probability, np.nan),
    }


def predict_map_scores(
    unet: TrainedUNet,
    maps: NewMaps,
    masses: np.ndarray,
    logit: np.ndarray,
    trained: Grid,
) -> pd.DataFrame:
    """Map scores, one row per map: `MAP_SCORES`; without interval if `interval_withheld`.

    Args:
        unet: The U-Net.
        maps: The maps.
        masses, logit: Results of `run_unet`.
        trained: Learning grid of the training.
    """
    features = map_features(masses, expit(logit), maps.wet, maps.valid, maps.inputs)
    table = unet.calibration.map_score(features, maps.inputs).rename(columns=MAP_SCORES)
    if interval_withheld(maps.rain.shape[-2:], trained):
        table[["map_score_low", "map_score_high"]] = np.nan
    return table[list(MAP_SCORES.values())]
