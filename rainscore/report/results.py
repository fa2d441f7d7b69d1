"""Figures of a run, from its result files."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from rainscore.imerg.manifests import read_manifest
from rainscore.io import read_json, read_months, read_table
from rainscore.report.figures.plot_choice import plot_evidence, plot_redundancy, plot_responses
from rainscore.report.figures.plot_data import plot_availability
from rainscore.report.figures.plot_training import plot_ablation, plot_latent_sizes, plot_learning
from rainscore.report.figures.plot_world import plot_world
from rainscore.scores.choice.faults import FAULT_TEXTS


class Results:
    """The files of a run that figures are drawn from, read when they are asked for.

    Args:
        folder: `results` of the run.
        months: Its months.
        method: The clustering method that labels new maps.
        simulated: Whether any part of the world is simulated.
    """

    def __init__(
        self, folder: Path, months: Sequence[str], method: str, *, simulated: bool
    ) -> None:
        self.folder, self.months, self.method = folder, list(months), method
        self.world = "simulated" if simulated else "real"
        self.table = read_months(self.paths("scores/{}.parquet"))
        scored = self.table[self.table["map_score"].notna()]
        self.maps, self.days = len(scored), scored["time"].dt.normalize().nunique()
        first, last = self.table["time"].min(), self.table["time"].max()
        self.period = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
        if len(self.months) > 1:
            self.period += f", {len(self.months)} months"

    def paths(self, pattern: str) -> list[str]:
        """The pattern's file of each month."""
        return [str(self.folder / pattern.format(month)) for month in self.months]

    def read(self, name: str) -> pd.DataFrame:
        """A Parquet table of the run."""
        return read_table(self.folder / name)

    @property
    def about(self) -> dict:
        """Period and world, as every figure says them."""
        return {"period": self.period, "world": self.world}


def availability(run: Results) -> Figure:
    """Both products' manifests, day by day."""
    manifests = {
        name: pd.concat([read_manifest(path) for path in run.paths(f"{part}/{{}}.parquet")])
        for name, part in (("IMERG", "imerg"), ("radar", "radar"))
    }
    return plot_availability(manifests, world=run.world)


def learning(run: Results) -> Figure:
    """Learning curves of both networks."""
    names = {"U-Net": "unet", "auto-encoder": "autoencoder"}
    curves = {
        title: pd.read_csv(run.folder / f"models/{name}_curve.csv") for title, name in names.items()
    }
    return plot_learning(curves, **run.about)


def figures(run: Results) -> dict[str, Callable[[], Figure]]:
    """What draws each figure, by its name; the world only where it is simulated."""
    choice = read_json(run.folder / "choice/choice.json")
    evidence = run.read("choice/evidence.parquet")
    criteria = evidence[evidence["criterion"].isin([*choice["criteria"], "merit"])]
    return {
        "availability": lambda: availability(run),
        "evidence": lambda: plot_evidence(criteria, used=choice["used"], **run.about),
        "responses": lambda: plot_responses(evidence, FAULT_TEXTS, **run.about),
        "redundancy": lambda: plot_redundancy(evidence, **run.about),
        "learning": lambda: learning(run),
        "ablation": lambda: plot_ablation(run.read("evaluation/ablation.parquet"), **run.about),
        "latent_sizes": lambda: plot_latent_sizes(
            run.read("evaluation/latent_sizes.parquet"), **run.about
        ),
        "world": lambda: plot_world(
            run.read("world/rain.parquet"),
            run.read("world/satellite.parquet"),
            maps=len(run.table),
            **run.about,
        ),
    }
