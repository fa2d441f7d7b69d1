import pytest

from rainscore.errors import RainscoreError
from rainscore.prediction.productcheck import product_difference
from rainscore.training.cards import UNetCard
from tests.world import unet_card

CARD = unet_card(run="late", versions=("V07B", "V07C"))


def difference(run: str, version: str, card: UNetCard = CARD, *, any_product: bool = False) -> str:
    return product_difference(run, version, card, any_product=any_product)


def test_the_product_of_the_training_gives_no_difference():
    assert difference("late", "V07B") == difference("late", "V07C") == ""


def test_another_letter_of_the_version_is_accepted_and_described():
    text = difference("late", "V07A")
    expected = "the granule is IMERG Late V07A, the model was trained on Late V07B and V07C"
    assert text == expected


@pytest.mark.parametrize(("run", "version"), [("early", "V07B"), ("late", "V06B")])
def test_another_run_or_version_is_refused_unless_any_product_is_accepted(run: str, version: str):
    product = f"the granule is IMERG {run.capitalize()} {version}, "
    training = "the model was trained on Late V07B and V07C"
    with pytest.raises(RainscoreError, match=f"{product}{training}.*rainscore score --any-product"):
        difference(run, version)
    assert difference(run, version, any_product=True) == product + training


def test_a_granule_of_an_unknown_product_is_accepted_and_described():
    assert "neither the name nor the content of the granule" in difference("unknown", "unknown")


def test_a_model_without_versions_accepts_granules_of_its_run_only():
    older = unet_card(run="late")
    assert "the model card does not give the IMERG version" in difference("late", "V06B", older)
    with pytest.raises(RainscoreError, match="the granule is IMERG Final V07B"):
        difference("final", "V07B", older)
    assert difference("final", "V07B", older, any_product=True).startswith(
        "the granule is IMERG Final V07B"
    )
