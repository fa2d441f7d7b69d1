"""A U-Net of another run, to be judged on the held-out days of this one."""

from rainscore.errors import RainscoreError
from rainscore.grids import Grid


def check_elsewhere(name: str, card: dict, own: dict) -> None:
    """Refuse a U-Net that predicts something else, or that has seen what it would be judged on.

    Args:
        name: Its name in `evaluation.external_models`.
        card: Of the other run's U-Net.
        own: Of this run's.

    Raises:
        RainscoreError: Score, pixels or channels differ; or it was trained at this place, or one
            that overlaps it, on days that this run holds out.
    """
    theirs, ours = _question(card), _question(own)
    other = [
        f"{key} {theirs.get(key)} (here {value})"
        for key, value in ours.items()
        if theirs.get(key) != value
    ]
    if other:
        raise RainscoreError(
            f"evaluation.external_models: {name} predicts another score, {', '.join(other)}; "
            "give a U-Net of a run with the same `scores` settings and the same pixels"
        )
    # Simulated rain at a place is not the rain that fell there.
    same_place = card["simulated"] == own["simulated"] and _overlap(card["grid"], own["grid"])
    seen = {day for split in ("train", "validation") for day in card["splits"].get(split, [])}
    shared = sorted(seen & set(own["splits"]["test"]))
    # Blocks of hours may part a day in both runs alike.
    if same_place and shared and card["splits"] != own["splits"]:
        raise RainscoreError(
            f"evaluation.external_models: {name} was trained here on days that this run holds out "
            f"({shared[0]} … {shared[-1]}); give both runs the same `splits`, or other days"
        )


def _overlap(one: dict, other: dict) -> bool:
    """Whether two grids share a place, by their bounds in longitude and latitude.

    Near a pole or the date line, where bounds are wide, grids that only lie close count too.
    """
    bounds = []
    for grid in (one, other):
        axes = Grid(**grid).lonlat
        bounds.append([(axis.min(), axis.max()) for axis in axes])
    return all(a[0] <= b[1] and b[0] <= a[1] for a, b in zip(*bounds, strict=True))


def _question(card: dict) -> dict:
    """What a U-Net answers, and what it is told."""
    return {
        **card["score"],
        "step_km": card["domain"]["step_km"],
        "channels": " ".join(card["channels"]),
    }
