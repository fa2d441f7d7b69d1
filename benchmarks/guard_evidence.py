"""Which altered maps the guard of a model of many worlds detects, and what it withholds of others.

    python -m benchmarks.guard_evidence FOLDER --out TABLE.csv

FOLDER is that of `python -m tools.train_many_worlds`. The validation days are altered; a map is
detected if more of its windows are withheld than in 95 or 90 % of the same maps without alteration.
The unseen worlds and real radar sequences of FOLDER are not altered; `--coverage TABLE.csv` counts
how many of their scores lie inside the 90 % interval, where it is withheld and where it is not.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from rainscore.config import load_config
from rainscore.evaluation.blocks import read_blocks
from rainscore.evaluation.transferskill import Case
from rainscore.io import read_table
from rainscore.runtime import use_threads
from rainscore.scores.distribution import interval
from rainscore.times import times_of
from rainscore.training.channels import scale_rain, unscale_rain
from rainscore.training.dataset import ScoreMaps
from rainscore.training.guard import CHANNEL_NAMES, Guard, fit_guard
from rainscore.training.inference import forward
from rainscore.training.inputstates import STATES, Removal, removals
from rainscore.training.splits import split_blocks
from rainscore.training.timecontext import mask_channels
from rainscore.training.trained import load_trained_unet
from rainscore.training.unet import load_unet

MAPS = 60
"""Number of validation maps."""

MIN_WINDOWS = 50
"""Smallest number of windows with rain in a map."""

MIN_CHANGED = 0.05
"""Smallest share of the windows with rain that an alteration changes."""

INDEX = {name: i for i, name in enumerate(CHANNEL_NAMES)}

SOURCES = [INDEX[name] for name in ("source_imager", "source_ssmis", "source_sounder")]

Alteration = Callable[[np.ndarray], np.ndarray]


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, help="model without extension; that of FOLDER")
    parser.add_argument("--out", type=Path, help="table of the detection")
    parser.add_argument("--coverage", type=Path, help="table of the coverage")
    options = parser.parse_args()
    use_threads(1)
    model = options.model or options.folder / "many/unet/unet"
    tables = {options.out: evidence, options.coverage: coverage}
    for path, table_of in tables.items():
        if path:
            table = table_of(options.folder, model)
            table.to_csv(path, index=False)
            print(table.round(3).to_string(index=False))


def evidence(folder: Path, model: Path) -> pd.DataFrame:
    """Table: inputs, maps, alteration, withheld, detected at 5 % and at 10 %, number of maps."""
    paths = sorted(folder.glob("many/*.h5"))
    tables = pd.concat([read_table(path.with_suffix(".parquet")) for path in paths])
    splits = split_blocks(tables["time"].to_numpy(), **load_config()["splits"])
    _, card = load_unet(model)
    guard = fit_guard(card, paths, splits, seed=0)
    rows = []
    for state in ("complete", "alone", "rain and quality index", "rain only"):
        removal = removals(card.hidden)[STATES.index(state)]
        validation = list(maps(paths, times_of(splits, "validation"), removal))
        limits = np.quantile([withheld(guard, *one) for one in validation], [0.95, 0.9])
        for name, alter in ALTERATIONS.items():
            shares = np.array(list(altered(guard, validation, alter, removal)))
            if shares.size:
                detected = (shares[:, None] > limits).mean(axis=0)
                rows.append((state, "validation", name, shares.mean(), *detected, shares.size))
        for kind in ("unseen-world-*", "[!u]*"):
            cases = sorted(folder.glob(f"cases/{kind}.h5"))
            shares = np.array(list(unaltered(guard, cases, removal)))
            detected = (shares[:, None] > limits).mean(axis=0)
            name = "unseen worlds" if kind.startswith("u") else "real radar"
            rows.append((state, name, "none", shares.mean(), *detected, shares.size))
    columns = ["inputs", "maps", "alteration", "withheld", "detected_5", "detected_10", "n"]
    return pd.DataFrame(rows, columns=columns)


def coverage(folder: Path, model: Path) -> pd.DataFrame:
    """Table: maps, withheld, share of the windows, coverage of the 90 % interval, n (windows)."""
    unet = load_trained_unet(model)
    if unet.guard is None:
        raise SystemExit(f"{model} has no guard.")
    kinds = {"unseen worlds": "unseen-world-*", "real radar": "[!u]*"}
    rows = []
    for name, pattern in kinds.items():
        flagged, inside = [], []
        for path in sorted(folder.glob(f"cases/{pattern}.h5")):
            for block in read_blocks([path], Case.whole("", "", path).times[::4], unet.card.hidden):
                masses, _ = forward(unet.model, block.inputs)
                predicted = unet.calibration.local(masses, block.inputs, block.evaluated)
                low, high = interval(predicted)
                inside.append((low <= block.scores) & (block.scores <= high))
                flagged.append(unet.guard.flags(block.inputs, block.wet)[block.evaluated] > 0)
        covered, withheld_windows = np.concatenate(inside), np.concatenate(flagged)
        for value in (False, True):
            chosen = withheld_windows == value
            rows.append((name, value, chosen.mean(), covered[chosen].mean(), chosen.sum()))
    return pd.DataFrame(rows, columns=["maps", "withheld", "share", "coverage", "n"])


def maps(
    paths: Sequence[Path], times: np.ndarray, removal: Removal
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Channels (channel, y, x) of maps with rain, and their windows with rain (y, x)."""
    chosen = times[:: max(len(times) // MAPS, 1)]
    data = ScoreMaps(paths, chosen, hidden=removal.hidden, removed_sides=removal.sides)
    for row in range(len(data)):
        inputs, _, wet, _ = (array.numpy()[0] for array in data.read(np.array([row])))
        if wet.sum() >= MIN_WINDOWS:
            yield inputs, wet


def withheld(guard: Guard, inputs: np.ndarray, wet: np.ndarray) -> float:
    """Share of the windows of a map that are withheld."""
    return float((guard.flags(inputs[None], wet[None])[0][wet] > 0).mean())


def altered(
    guard: Guard,
    originals: Sequence[tuple[np.ndarray, np.ndarray]],
    alter: Alteration,
    removal: Removal,
) -> Iterator[float]:
    """Withheld share of each map that an alteration changes."""
    for inputs, wet in originals:
        changed = alter(inputs).astype(np.float32)
        mask_channels(changed, CHANNEL_NAMES, removal.hidden)
        different = (np.abs(changed - inputs) > 1e-3).any(axis=0)
        if alter is same or different[wet].mean() >= MIN_CHANGED:
            yield withheld(guard, changed, wet)


def unaltered(guard: Guard, paths: Sequence[Path], removal: Removal) -> Iterator[float]:
    """Withheld share of maps of other training files, at most eight of each."""
    for path in paths:
        with h5py.File(path) as file:
            times = file["time"][:].astype("datetime64[s]")
        for one in maps([path], times[:: max(len(times) // 8, 1)], removal):
            yield withheld(guard, *one)


def same(inputs: np.ndarray) -> np.ndarray:
    """No alteration."""
    return inputs


def rain_changed(change: Alteration, *, microwave: bool = True) -> Alteration:
    """Alteration of the scaled rain of a map and its neighbours, and of the microwave rain."""

    def alter(inputs: np.ndarray) -> np.ndarray:
        result, rain = inputs.copy(), inputs[0]
        result[0] = change(rain)
        for side in ("previous", "next"):
            position, known = INDEX[f"change_{side}"], inputs[INDEX[f"{side}_known"]]
            result[position] = (change(rain + inputs[position]) - result[0]) * known
        if microwave:
            result[1] = change(inputs[1])
        return result

    return alter


def scaled(factor: float) -> Alteration:
    """Rain multiplied by a factor."""
    return lambda rain: scale_rain(factor * unscale_rain(np.maximum(rain, 0)))


def coarse(rain: np.ndarray) -> np.ndarray:
    """Four times coarser pixels."""
    index = np.arange(rain.shape[-1]) // 4 * 4
    return rain[..., index, :][..., index]


def striped(rain: np.ndarray) -> np.ndarray:
    """Every tenth row dry."""
    return np.where(np.arange(rain.shape[-2])[:, None] % 10, rain, 0)


def exchanged(inputs: np.ndarray) -> np.ndarray:
    """Imagers and sounders exchanged."""
    result = inputs.copy()
    result[SOURCES] = inputs[SOURCES[::-1]]
    return result


def removed(inputs: np.ndarray) -> np.ndarray:
    """Kind of sensor removed."""
    result = inputs.copy()
    result[SOURCES] = 0
    return result


def stretched(inputs: np.ndarray) -> np.ndarray:
    """Columns stretched by two."""
    n = inputs.shape[-1]
    return inputs[..., n // 4 + np.arange(n) // 2]


def squeezed(inputs: np.ndarray) -> np.ndarray:
    """Columns squeezed by two."""
    n = inputs.shape[-1]
    return inputs[..., (np.arange(n) * 2) % n]


ALTERATIONS: dict[str, Alteration] = {
    "none": same,
    "four times coarser pixels": rain_changed(coarse),
    "every tenth row dry": rain_changed(striped),
    "columns stretched by two": stretched,
    "rain halved, microwave rain as it is": rain_changed(scaled(0.5), microwave=False),
    "all rain × 5": rain_changed(scaled(5.0)),
    "imagers and sounders exchanged": exchanged,
    "kind of sensor removed": removed,
    "all rain doubled": rain_changed(scaled(2.0)),
    "columns squeezed by two": squeezed,
    "all rain halved": rain_changed(scaled(0.5)),
}
"""Alterations by name."""


if __name__ == "__main__":
    main()
