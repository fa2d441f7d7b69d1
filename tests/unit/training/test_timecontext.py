import numpy as np

from rainscore.training.timecontext import (
    add_time_context,
    input_channels,
    mask_channels,
    remove_sides,
)

BASE = ["rain", "source_imager", "age_last", "age_next", "age_known", "valid"]


def test_time_context_is_added_after_the_base_channels():
    # Rain and valid; the rain of the last pixel is missing, and so are changes from and to it.
    inputs = np.array([[[1.0, 2.0, 0.0]], [[1, 1, 0]]], np.float16)
    stacked = add_time_context(inputs, None, np.array([[3.0, np.nan, 0.5]]))
    assert stacked.dtype == np.float32
    assert stacked[:2, 0].tolist() == inputs[:, 0].tolist()
    assert stacked[2:, 0].tolist() == [[0, 0, 0], [2, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert len(input_channels(["rain", "valid"])) == len(stacked)


def test_removed_neighbours_take_their_passes_with_them_but_not_those_of_the_map():
    channels = input_channels(BASE)
    stacked = np.zeros((len(channels), 1, 2), np.float32)
    stacked[2:4, 0, 1] = 0.5  # no pass in the second pixel
    stacked[4:] = 1

    def without(*sides: str) -> list:
        less = stacked.copy()
        remove_sides(less, channels, sides)
        return less[2:, 0].tolist()

    whole = [[0, 0.5], [0, 0.5], [1, 1], [1, 1], [1, 1], [1, 1], [1, 1], [1, 1]]
    assert channels[2:5] == ["age_last", "age_next", "age_known"]
    assert without() == stacked[2:, 0].tolist() == whole
    before, after = without("before"), without("after")
    assert before[:3] == [[0, 1], [0, 0.5], [1, 0]] and after[:3] == [[0, 0.5], [0, 1], [1, 1]]
    assert before[-4:] == [[0, 0], [1, 1], [0, 0], [1, 1]]
    assert after[-4:] == [[1, 1], [0, 0], [1, 1], [0, 0]]
    both = without("before", "after")
    assert both[:3] == [[0, 1], [0, 1], [1, 0]] and both[-4:] == [[0, 0]] * 4


def test_a_masked_time_to_the_next_pass_stays_0_where_the_map_holds_a_pass():
    channels = input_channels(BASE)
    inputs = np.full((len(channels), 1, 2), 0.5, np.float32)
    inputs[2:4, 0, 0] = 0  # a pass in the map
    mask_channels(inputs, channels, ("change_next", "age_next", "next_known"))
    assert inputs[2:4, 0].tolist() == [[0, 0.5], [0, 1]]
    assert inputs[-4:, 0, 0].tolist() == [0.5, 0, 0.5, 0]
    mask_channels(inputs, channels, ("age_next", "age_last"))
    assert inputs[2:4, 0].tolist() == [[1, 1], [1, 1]]
