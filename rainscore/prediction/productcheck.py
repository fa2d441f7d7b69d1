"""Check that a granule is of the IMERG run and version that a model was trained on."""

from string import ascii_uppercase

from rainscore.errors import RainscoreError
from rainscore.training.cards import UNetCard


def product_difference(run: str, version: str, card: UNetCard, *, any_product: bool) -> str:
    """Describe how the product of a granule differs from that of the training.

    Early, Late and Final have different microwave coverage, and a version is another algorithm, so
    a model of one product may not be valid for another. Letters of a version (V07A, V07B) are
    minor corrections and are accepted.

    Args:
        run: IMERG run of the granule (`imerg.reader.read_granule`).
        version: IMERG version of the granule.
        card: Card of the U-Net, with `run` and `versions`.
        any_product: Whether another run or version is accepted.

    Returns:
        Description of the difference; empty if there is none.

    Raises:
        RainscoreError: The run or the number of the version differs and is not accepted.
    """
    trained_run, versions = card.run, set(card.versions) - {"unknown"}
    training = f"the model was trained on {_name(trained_run, *sorted(versions))}"
    numbers = {_number(one) for one in versions}
    other_run = run not in (trained_run, "unknown")
    other_number = bool(numbers) and version != "unknown" and _number(version) not in numbers
    if (other_run or other_number) and not any_product:
        raise RainscoreError(
            f"the granule is IMERG {_name(run, version)}, {training}, and may not be valid for "
            "another product. Give granules of that product; or accept any product by "
            "`rainscore score --any-product` (in Python: any_product=True), with scores and "
            "intervals that are less certain"
        )
    if "unknown" in (run, version):
        return f"neither the name nor the content of the granule gives run and version; {training}"
    if not versions and not other_run:
        return "the model card does not give the IMERG version of the training"
    same = run == trained_run and version in versions
    return "" if same else f"the granule is IMERG {_name(run, version)}, {training}"


def _name(run: str, *versions: str) -> str:
    return " ".join([run.capitalize(), " and ".join(versions)]).strip()


def _number(version: str) -> str:
    return version.rstrip(ascii_uppercase)
