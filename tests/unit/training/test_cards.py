"""Model cards."""

from types import SimpleNamespace

import pytest

from rainscore.errors import RainscoreError
from rainscore.io import read_json
from rainscore.training.cards import UNetCard
from tests.world import LEARNING, SCORE


def test_the_card_describes_the_network_and_is_restored_from_its_file(
    run: SimpleNamespace,
) -> None:
    content = read_json(run.models / "unet.json")
    assert UNetCard.from_dict(content) == run.card
    assert (content["kind"], content["run"], content["hidden"]) == ("unet", "final", [])
    assert content["training"]["epochs"] == 6
    assert content["maps"] == {"train": 288, "validation": 96, "calibration": 96, "test": 96}
    assert run.card.score == SCORE and run.card.grid == LEARNING
    assert run.card.versions == ("V07B",) and list(run.card.data_sha256) == [run.path.name]


@pytest.mark.parametrize("channels", [None, 3, "rain", [None], [["rain"]], {"rain": 1}])
def test_a_card_whose_channels_are_no_list_of_names_is_refused(
    run: SimpleNamespace, channels: object
) -> None:
    content = read_json(run.models / "unet.json") | {"channels": channels}
    with pytest.raises(RainscoreError, match=r"unet\.json: .*channels is no list of names"):
        UNetCard.from_dict(content, file="unet.json")
