"""States of the inputs of a map."""

import numpy as np
import pytest

from rainscore.training.channels import CHANNELS, PARTIAL_FILES
from rainscore.training.inputstates import STATES, input_states, removal_variants, removals
from rainscore.training.timecontext import (
    input_channels,
    mask_channels,
    remove_sides,
    unavailable_channels,
)

NAMES = input_channels(CHANNELS)


def complete() -> np.ndarray:
    """A map with all inputs, dims (channel, y, x)."""
    inputs = np.random.default_rng(0).uniform(0.1, 0.9, (len(NAMES), 4, 5)).astype(np.float32)
    for name in ("valid", "age_known", "previous_known", "next_known"):
        inputs[NAMES.index(name)] = 1
    return inputs


def state_of(sides: tuple[str, ...], hidden: tuple[str, ...]) -> str:
    inputs = complete()
    remove_sides(inputs, NAMES, sides)
    mask_channels(inputs, NAMES, hidden)
    return STATES[input_states(inputs[None])[0]]


@pytest.mark.parametrize("number", range(len(STATES)))
def test_inputs_that_are_removed_for_a_state_are_recognised_as_that_state(number: int) -> None:
    removal, variants = removals(())[number], removal_variants(())[number]
    assert removal in variants
    assert {state_of(one.sides, one.hidden) for one in variants} == {STATES[number]}


@pytest.mark.parametrize("state", ["rain and quality index", "rain only"])
def test_a_map_with_few_fields_and_one_neighbour_counts_as_alone(state: str) -> None:
    hidden = removals(())[STATES.index(state)].hidden
    assert state_of((), hidden) == state
    assert state_of(("after",), hidden) == f"{state}, alone"


def test_the_files_that_the_training_imitates_have_the_states_of_their_fields() -> None:
    hidden = [tuple(c for c in CHANNELS if c not in available) for available in PARTIAL_FILES]
    states = [state_of((), channels) for channels in hidden]
    assert states == ["rain only", "rain and quality index", "complete"]


def test_a_network_that_does_not_use_the_quality_index_has_no_state_for_it() -> None:
    states = {STATES[number] for number in removals(("quality_index",))}
    assert states == {state for state in STATES if "quality" not in state}


def test_maps_of_the_early_run_never_have_a_next_half_hour() -> None:
    hidden = unavailable_channels("early")
    found = removals(hidden)
    assert [STATES[i] for i in sorted(found)] == [
        "without next half-hour", "alone", "rain and quality index, alone", "rain only, alone",
    ]  # fmt: skip
    for number, removal in found.items():
        assert state_of(removal.sides, removal.hidden) == STATES[number]


def test_each_map_has_a_state_of_its_own() -> None:
    alone = complete()
    remove_sides(alone, NAMES, ("before", "after"))
    assert input_states(np.stack([complete(), alone])).tolist() == [0, 3]
