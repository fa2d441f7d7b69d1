"""Checks of U-Nets of other runs before they are evaluated on the held-out days of this run."""

from dataclasses import asdict

from rainscore.errors import RainscoreError
from rainscore.grids import Grid
from rainscore.training.cards import UNetCard


def check_external_model(name: str, external: UNetCard, own: UNetCard) -> None:
    """Refuse a U-Net that predicts another score, or that was trained on held-out days.

    Args:
        name: Name of the U-Net in `evaluation.external_models`.
        external: Card of the U-Net of the other run.
        own: Card of the U-Net of this run.

    Raises:
        RainscoreError: The score, the pixel size or the channels differ; or the U-Net was trained
            in an overlapping domain on days that this run holds out.
    """
    external_task = _task(external)
    differences = [
        f"{key} {external_task.get(key)} (here {value})"
        for key, value in _task(own).items()
        if external_task.get(key) != value
    ]
    if differences:
        raise RainscoreError(
            f"evaluation.external_models: {name} predicts another score, {', '.join(differences)}; "
            "give a U-Net of a run with the same `scores` settings and the same pixels"
        )
    # Simulated rain of a day is independent of the real rain of that day.
    same_world = external.simulated == own.simulated
    trained = {day for split in ("train", "validation") for day in external.splits.get(split, [])}
    shared = sorted(trained & set(own.splits["test"]))
    # With equal splits, blocks of hours may divide a day between training and test in both runs.
    other_splits = external.splits != own.splits
    if same_world and shared and other_splits and _overlap(external.grid, own.grid):
        raise RainscoreError(
            f"evaluation.external_models: {name} was trained in this domain on days that this run "
            f"holds out ({shared[0]} … {shared[-1]}); give both runs the same `splits`, or other "
            "days"
        )


def _overlap(first: Grid, second: Grid) -> bool:
    """Whether the bounds in longitude and latitude of two grids overlap.

    Near a pole or the date line, where bounds are wide, grids that are only close overlap too.
    """
    bounds = []
    for grid in (first, second):
        axes = grid.lonlat
        bounds.append([(axis.min(), axis.max()) for axis in axes])
    return all(a[0] <= b[1] and b[0] <= a[1] for a, b in zip(*bounds, strict=True))


def _task(card: UNetCard) -> dict:
    """Settings that define what a U-Net predicts and from which channels."""
    return {
        **asdict(card.score),
        "step_km": card.domain.step_km,
        "channels": " ".join(card.channels),
    }
