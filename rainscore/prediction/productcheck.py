"""Whether a granule is of the IMERG run and version that a model was trained on."""

from string import ascii_uppercase

from rainscore.errors import RainscoreError


def compare_product(run: str, version: str, card: dict, *, any_product: bool) -> str:
    """Say how a granule differs from what a model was trained on.

    Early, Late and Final see differently often, and a version is another algorithm: what is known
    of one product says little of another. Letters of a version (V07A, V07B) are repairs of it.

    Args:
        run, version: Of the granule, as `imerg.read_granule` names them.
        card: Of the U-Net: `run`, `versions`.
        any_product: Whether another run or version is accepted.

    Returns:
        The difference in words; empty where there is none.

    Raises:
        RainscoreError: The run or the number of the version is another, and is not accepted.
    """
    trained, versions = card["run"], set(card.get("versions", [])) - {"unknown"}
    learnt = f"the model was trained on {_name(trained, *sorted(versions))}"
    numbers = {_number(known) for known in versions}
    other_run = run not in (trained, "unknown")
    other_number = bool(numbers) and version != "unknown" and _number(version) not in numbers
    if (other_run or other_number) and not any_product:
        raise RainscoreError(
            f"it is IMERG {_name(run, version)}, {learnt}, and what it learnt of one product need "
            "not hold for another: give granules of that product, train a model on this one, or "
            "score it all the same with `rainscore score --any-product`"
        )
    if "unknown" in (run, version):
        return f"of which run and version it is neither its name nor its content says; {learnt}"
    if not versions and not other_run:
        return "of which version of IMERG it learnt the model does not say"
    same = run == trained and version in versions
    return "" if same else f"it is {_name(run, version)}, {learnt}"


def _name(run: str, *versions: str) -> str:
    return " ".join([run.capitalize(), " and ".join(versions)]).strip()


def _number(version: str) -> str:
    return version.rstrip(ascii_uppercase)
