"""Skill of one network with a part of its inputs removed."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from rainscore.evaluation.blocks import Block, read_blocks
from rainscore.evaluation.inputskill import NO_QUALITY, available_inputs, inputs_table
from rainscore.evaluation.transferskill import Case
from rainscore.scores.distribution import MASSES, crps
from rainscore.training.inference import forward
from rainscore.training.inputstates import STATES
from rainscore.training.trained import TrainedUNet
from tests.world import training_file


class Uniform:
    """Climatology that gives each class of the score the same probability."""

    def learn(self, block: Block) -> None:
        raise NotImplementedError

    def predict(self, block: Block) -> np.ndarray:
        return np.full((block.scores.size, MASSES), 1 / MASSES, np.float32)


@pytest.fixture(scope="module")
def unet(run: SimpleNamespace) -> TrainedUNet:
    return TrainedUNet(run.unet, run.card, run.calibration)


@pytest.fixture(scope="module")
def night(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("night")
    return training_file(folder, "2019-07-01T22:30", "2019-07-02T01:30", seed=7)[0]


@pytest.fixture(scope="module")
def table(unet: TrainedUNet, night: Path) -> pd.DataFrame:
    cases = [Case.whole(name, "real radar", night) for name in ("first", "second")]
    return inputs_table(cases, Uniform(), unet, resamples=20, seed=0)


def test_each_part_of_the_inputs_is_evaluated_on_the_same_windows(table: pd.DataFrame) -> None:
    assert set(table["inputs"]) == {*STATES, NO_QUALITY}
    assert len(set(table["n"])) == 1 and (table["blocks"] == 2).all()
    values = table.set_index(["measure", "inputs"])["value"]
    assert values["crps_increase", "complete"] == 0
    ratio = values["crps", "rain only"] / values["crps", "complete"]
    assert values["crps_increase", "rain only"] == pytest.approx(ratio - 1)


def test_the_skill_is_that_of_the_calibrated_network_without_the_inputs(
    table: pd.DataFrame, unet: TrainedUNet, night: Path
) -> None:
    times = Case.whole("night", "real radar", night).times
    removal = available_inputs(unet)["rain and quality index"]
    (block,) = read_blocks([night], times, removal.hidden, removed_sides=removal.sides)
    masses, _ = forward(unet.model, block.inputs)
    predicted = unet.calibration.local(masses, block.inputs, block.evaluated)
    losses = [crps(rows, block.scores).mean() for rows in (predicted, Uniform().predict(block))]
    values = table.set_index(["measure", "inputs"])["value"]
    found = values["crps_skill", "rain and quality index"]
    assert found == pytest.approx(1 - losses[0] / losses[1])
