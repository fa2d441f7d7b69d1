import pytest

from rainscore.errors import RainscoreError
from rainscore.prediction.productcheck import compare_product

CARD = {"run": "late", "versions": ["V07B", "V07C"]}


def differs(run: str, version: str, card: dict = CARD, *, any_product: bool = False) -> str:
    return compare_product(run, version, card, any_product=any_product)


def test_nothing_is_said_of_what_the_model_was_trained_on():
    assert differs("late", "V07B") == differs("late", "V07C") == ""


def test_another_letter_is_accepted_and_named():
    said = differs("late", "V07A")
    assert said == "it is Late V07A, the model was trained on Late V07B and V07C"


@pytest.mark.parametrize(("run", "version"), [("early", "V07B"), ("late", "V06B")])
def test_another_run_or_version_is_an_error_that_says_what_to_do(run: str, version: str):
    found = f"it is IMERG {run.capitalize()} {version}, the model was trained on Late V07B and V07C"
    with pytest.raises(RainscoreError, match=f"{found}.*rainscore score --any-product"):
        differs(run, version)
    assert differs(run, version, any_product=True).startswith(f"it is {run.capitalize()} {version}")


def test_a_file_that_does_not_say_what_it_is_is_accepted_and_named():
    assert "neither its name nor its content says" in differs("unknown", "unknown")


def test_a_model_that_does_not_say_its_version_is_held_to_its_run():
    older = {"run": "late"}
    assert "the model does not say" in differs("late", "V06B", older)
    with pytest.raises(RainscoreError, match="it is IMERG Final V07B"):
        differs("final", "V07B", older)
    assert differs("final", "V07B", older, any_product=True).startswith("it is Final V07B")
