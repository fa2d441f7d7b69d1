"""Scores of new IMERG maps, anywhere, without radar."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import xarray as xr

from rainscore.calibration import calibrated, read_calibration
from rainscore.clustering.methods import DRY, load_clusterer
from rainscore.dataset import hide, stack_context
from rainscore.errors import RainscoreError
from rainscore.featurefiles import coarsen_rain
from rainscore.features import CHANNELS, NORMALISATION, build_inputs, pass_ages, wet_share
from rainscore.files import read_json
from rainscore.grids import Grid, imerg_cells
from rainscore.imerg import FIELDS, read_granule
from rainscore.mapscore import map_features, map_score
from rainscore.modelfiles import load_model
from rainscore.networks.unet import UNet, UNetSettings
from rainscore.period import HALF_HOUR
from rainscore.regrid import overlap_weights
from rainscore.scores.fss import window_fractions

CONTEXT = 12
"""Half-hours before and after a map that can tell the age of a microwave pass."""


def load_unet(stem: Path) -> tuple[UNet, dict]:
    """The U-Net of a model file, and its card.

    Raises:
        RainscoreError: A file is missing, or the network was trained on otherwise scaled channels.
        DamagedFile: As `load_model`.
    """
    weights, card = load_model(stem)
    if card.get("normalisation") != NORMALISATION:
        raise RainscoreError(
            f"{stem}.json: trained on channels that were scaled otherwise than this version scales "
            "them; train it again, or score with the version that trained it"
        )
    model = UNet(UNetSettings(**card["settings"]))
    model.load_state_dict(weights)
    return model.eval(), card


class Scorer:
    """The models of a folder, loaded once.

    Args:
        folder: `results/models` of a run: the U-Net, one clusterer, its labels.
        method: Name of the clusterer; by default the only one that the folder holds.

    Raises:
        RainscoreError: A model is missing or damaged.
    """

    def __init__(self, folder: Path, method: str | None = None) -> None:
        self.unet, self.card = load_unet(folder / "unet")
        self.calibration = read_calibration(folder / "unet", self.card)
        self.method = method or _only_method(folder)
        self.clusterer = load_clusterer(folder / self.method)
        self.cluster_card = self.clusterer.card_
        labels = read_json(folder / f"{self.method}_labels.json")
        self.labels = {row["cluster"]: row for row in labels}
        self.learning_grid = Grid(**self.card["grid"])

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
        """
        inputs, rain, wet, valid = self._inputs(granules, time, learning)
        with torch.inference_mode():
            quantiles, hidden = self.unet(torch.from_numpy(inputs)[None])
        bounded = calibrated(quantiles.numpy(), inputs[None], self.calibration)[0]
        low, middle, high = (bounded[i] for i in (0, len(bounded) // 2, -1))
        probability = torch.sigmoid(hidden[0]).numpy()
        features = map_features(quantiles.numpy(), probability[None], wet[None], inputs[None])
        maps = {
            "precipitation": (rain, "mm h-1", "IMERG precipitation"),
            "score": (np.where(wet, middle, np.nan), "1", "local score, median"),
            "score_low": (np.where(wet, low, np.nan), "1", "lower bound of its 90 % interval"),
            "score_high": (np.where(wet, high, np.nan), "1", "upper bound of its 90 % interval"),
            "hidden_rain_probability": (
                np.where(valid & ~wet, probability, np.nan),
                "1",
                "probability that rain is hidden where IMERG has none",
            ),
        }
        whole = map_score(features, self.calibration["map"]).iloc[0]
        dataset = _dataset(maps, learning)
        columns = {"": "value", "_low": "low", "_high": "high", "_outside": "outside"}
        for ending, column in columns.items():
            name = f"map_score{ending}"
            number = np.float32(whole[column])
            dataset[name] = ((), number, {"units": "1", "long_name": _words(name)})
        self._add_cluster(dataset, inputs)
        dataset = dataset.assign_coords(time=((), time, {"long_name": "start of the half-hour"}))
        unknown = _unknown(granules, time, inputs, self.card["hidden"])
        dataset.attrs["unknown"] = ", ".join(unknown)
        return dataset

    def _inputs(
        self, granules: Mapping[np.datetime64, xr.Dataset], time: np.datetime64, learning: Grid
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Channels with context (C, y, x); rain (y, x); whether the window is wet; is valid."""
        steps = [time + i * HALF_HOUR for i in range(-CONTEXT, CONTEXT + 1)]
        present = np.array([step in granules for step in steps])
        cells = imerg_cells(learning)
        source = np.stack(
            [
                granules[step]["mw_source"].values if step in granules else np.zeros(cells.shape)
                for step in steps
            ]
        )
        ages = pass_ages(source, present, np.array(steps))
        fine = overlap_weights(cells, self.fine_grid(learning))
        coarse = overlap_weights(cells, learning)

        def rain_at(step: np.datetime64) -> np.ndarray | None:
            if step not in granules:
                return None
            return fine.apply(granules[step]["precipitation"].values[None])[0]

        def channels(index: int) -> np.ndarray | None:
            rain = rain_at(steps[index])
            if rain is None:
                return None
            granule = granules[steps[index]]
            fields = {name: granule[name].values[None] for name in FIELDS}
            learnt = coarsen_rain(rain, self._factor())
            at = ages[:, index : index + 1]
            return build_inputs(fields, at, rain=learnt, to_learning=coarse)[0]

        here = channels(CONTEXT)
        rain = rain_at(time)
        if here is None or rain is None:
            raise RainscoreError(f"{time}: its granule is not among those given")
        around = [channels(CONTEXT + step) for step in (-1, 1)]
        score = self.card["score"]
        window = round(score["window_km"] / self.card["domain"]["step_km"])
        fraction, _, _ = window_fractions(
            rain,
            rain,
            threshold=score["threshold"],
            window=window,
            stride=self._factor(),
            min_valid=score["min_valid"],
        )
        # The training files keep half precision; what the network sees here must be the same.
        stacked = stack_context(here.astype(np.float16), *map(_known_rain, around)).astype(
            np.float32
        )
        hide(stacked, self.card["channels"], self.card["hidden"])
        return (
            stacked,
            coarsen_rain(rain, self._factor())[0],
            fraction[0] > 0,
            np.isfinite(fraction[0]),
        )

    def _add_cluster(self, dataset: xr.Dataset, inputs: np.ndarray) -> None:
        """Put the cluster, its scores and the novelty flag into the dataset."""
        size = self.cluster_card["size"]
        ny, nx = inputs.shape[-2:]
        cluster, novel, label = np.nan, np.nan, {}
        if min(ny, nx) >= size:
            top, left = (ny - size) // 2, (nx - size) // 2
            crop = inputs[None, : len(CHANNELS), top : top + size, left : left + size]
            share = wet_share(crop, self.card["score"]["threshold"])[0]
            cluster, novel = DRY, 0
            if share >= self.cluster_card["min_wet"]:
                rain = crop[:, [CHANNELS.index("rain")]]
                cluster = int(self.clusterer.predict(rain)[0])
                distance = self.clusterer.novelty(rain)[0]
                novel = int(distance > self.cluster_card["novelty_threshold"])
            label = self.labels.get(cluster, {})
        dataset["cluster"] = ((), np.float32(cluster), {"long_name": _words("cluster")})
        alarms = {"false_alarm_rate": self.cluster_card["novelty"]}
        dataset["novelty"] = ((), np.float32(novel), {"long_name": _words("novelty"), **alarms})
        dataset.attrs["cluster_name"] = label.get("name", "")
        for name, key in (("low", "score_low"), ("median", "score"), ("high", "score_high")):
            value = label.get(key)
            full = f"cluster_score_{name}"
            number = np.float32(np.nan if value is None else value)
            dataset[full] = ((), number, {"units": "1", "long_name": _words(full)})


_WORDS = {
    "map_score": "map score, predicted",
    "map_score_low": "lower bound of its 90 % interval",
    "map_score_high": "upper bound of its 90 % interval",
    "map_score_outside": "1: its wet share is beyond those of the maps it was calibrated with",
    "cluster": "cluster of the central window; -1: too little rain; missing: too small a window",
    "novelty": "1: unlike the maps of the training, 0: like them",
    "cluster_score_low": "lower bound of its 90 % interval",
    "cluster_score_median": "map score told by the cluster alone, median",
    "cluster_score_high": "upper bound of its 90 % interval",
}


def _words(name: str) -> str:
    return _WORDS[name]


def _known_rain(inputs: np.ndarray | None) -> np.ndarray | None:
    """Rain channel of a neighbour in half precision, NaN where it is missing."""
    if inputs is None:
        return None
    rain, valid = (inputs[CHANNELS.index(name)] for name in ("rain", "valid"))
    return np.where(valid > 0, rain, np.nan).astype(np.float16)


def _only_method(folder: Path) -> str:
    found = sorted(p.name.removesuffix("_labels.json") for p in folder.glob("*_labels.json"))
    if not found:
        raise RainscoreError(f"{folder}: holds no labelled clusterer; run the workflow first")
    return found[0]


def _unknown(
    granules: Mapping[np.datetime64, xr.Dataset],
    time: np.datetime64,
    inputs: np.ndarray,
    hidden: Sequence[str],
) -> list[str]:
    """What the model would have used but could not know of a map, in words."""
    unknown = [name.replace("_", " ") for name in granules[time].attrs.get("absent", "").split()]
    if time - HALF_HOUR not in granules and "rain_previous" not in hidden:
        unknown.append("the half-hour before")
    if time + HALF_HOUR not in granules and "rain_next" not in hidden:
        unknown.append("the half-hour after")
    if not inputs[CHANNELS.index("age_known")].all() and "age_known" not in hidden:
        unknown.append("in places the time since the last microwave pass")
    return unknown


def _dataset(maps: dict[str, tuple[np.ndarray, str, str]], grid: Grid) -> xr.Dataset:
    """Maps on a grid as a CF dataset."""
    lon, lat = grid.lonlat
    coords = {
        "lat": (("y", "x"), lat, {"units": "degrees_north", "standard_name": "latitude"}),
        "lon": (("y", "x"), lon, {"units": "degrees_east", "standard_name": "longitude"}),
    }
    variables: dict = {
        name: (
            ("y", "x"),
            np.float32(values),
            {"units": unit, "long_name": text, "grid_mapping": "crs"},
        )
        for name, (values, unit, text) in maps.items()
    }
    attrs = {"Conventions": "CF-1.11", "grid": json.dumps(grid.as_dict())}
    return xr.Dataset(variables | grid.cf, coords, attrs)


def score_files(
    files: Sequence[Path], scorer: Scorer, learning: Grid, *, context: Sequence[Path] = ()
):
    """Score granule after granule; files near in time tell each other what they can.

    Args:
        files: Granules to score.
        scorer: The models.
        learning: Where.
        context: Further granules of the hours around, which are not scored.

    Yields:
        (file, dataset), or (file, error) where a file cannot be used.
    """
    cells = imerg_cells(learning)
    granules: dict[np.datetime64, xr.Dataset] = {}
    outcome: dict[Path, np.datetime64 | RainscoreError] = {}
    for file in [*context, *files]:
        try:
            granule = read_granule(file, cells)
        except (RainscoreError, OSError) as error:
            outcome[file] = RainscoreError(str(error))
            continue
        start = np.datetime64(granule["time"].item(), "ns")
        outcome[file] = start
        granules[start] = granule
    for file in files:
        found = outcome[file]
        if isinstance(found, RainscoreError):
            yield file, found
            continue
        dataset = scorer.score(granules, found, learning)
        granule = granules[found]
        dataset.attrs |= {
            "title": "Predicted score of an IMERG map, without radar",
            "source": Path(file).name,
            "source_sha256": hashlib.sha256(Path(file).read_bytes()).hexdigest(),
            "version": f"{granule.attrs['run']} {granule.attrs['version']}",
            "model_unet_sha256": scorer.card["weights_sha256"],
            "model_clusters_sha256": scorer.cluster_card["weights_sha256"],
            "score": json.dumps(scorer.card["score"]),
            "world": granule.attrs["world"],
            "trained_on": "a simulated world" if scorer.card["simulated"] else "real radar",
        }
        yield file, dataset
