"""Every figure of a run, from its result files."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from rainscore.calibration import calibrated, read_calibration
from rainscore.choice.faults import FAULT_TEXTS
from rainscore.dataset import ScoreMaps
from rainscore.featurefiles import learning_grid
from rainscore.figures.availability import plot_availability
from rainscore.figures.case import plot_case
from rainscore.figures.choice import plot_evidence, plot_redundancy, plot_responses
from rainscore.figures.learning import plot_ablation, plot_latent_sizes, plot_learning
from rainscore.figures.skill import plot_coverage, plot_reliability, plot_skill
from rainscore.figures.world import plot_world
from rainscore.files import read_json, read_table
from rainscore.grids import Grid
from rainscore.manifests import read_manifest
from rainscore.months import rainiest, read_months
from rainscore.prediction import load_unet
from rainscore.training import predict

CASES = 3


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


def cases(run: Results) -> Figure:
    """Held-out half-hours, the rainiest of equal parts of the test days, beside the prediction."""
    splits = run.read("splits.parquet")
    times = rainiest(splits, run.table, CASES)
    paths = run.paths("pairs/{}.nc")
    pairs = [_at(path, times, ["imerg", "radar"]) for path in paths]
    found = [_at(path, times, ["score"]) for path in run.paths("scores/{}.nc")]
    model, card = load_unet(run.folder / "models/unet")
    features = [Path(p) for p in run.paths("features/{}.h5")]
    data = ScoreMaps(features, times, hidden=card["hidden"])
    known = read_calibration(run.folder / "models/unet", card)
    batches = [(calibrated(q, x, known), wet) for (x, _, wet, _), (q, _) in predict(model, data)]
    quantiles = np.concatenate([q for q, _ in batches])
    wet = np.concatenate([w for _, w in batches])
    low, middle, high = (quantiles[:, i] for i in (0, quantiles.shape[1] // 2, -1))
    pair = xr.concat([p for p in pairs if p.sizes["time"]], "time")
    score = xr.concat([s for s in found if s.sizes["time"]], "time")
    predicted, lower, upper = (np.where(wet, part, np.nan) for part in (middle, low, high))
    return plot_case(
        pair["imerg"].values,
        pair["radar"].values,
        score["score"].values,
        predicted,
        lower,
        upper,
        times,
        grid=Grid(**json.loads(pair.attrs["grid"])),
        score_grid=learning_grid(features[0]),
        world=run.world,
    )


def _at(path: str, times: np.ndarray, names: list[str]) -> xr.Dataset:
    with xr.open_dataset(path, engine="h5netcdf") as month:
        return month[names].sel(time=np.intersect1d(month["time"].values, times)).load()


def figures(run: Results) -> dict[str, Callable[[], Figure]]:
    """What draws each figure, by its name; the world only where it is simulated."""
    skill = run.read("evaluation/skill.parquet")
    choice = read_json(run.folder / "choice/choice.json")
    evidence = run.read("choice/evidence.parquet")
    criteria = evidence[evidence["criterion"].isin([*choice["criteria"], "merit"])]
    reliability = run.read("evaluation/reliability.parquet")
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
        "skill": lambda: plot_skill(skill, **run.about),
        "map_skill": lambda: plot_skill(skill, split="map", **run.about),
        "coverage": lambda: plot_coverage(skill, **run.about),
        "reliability": lambda: plot_reliability(reliability, **run.about),
        "cases": lambda: cases(run),
        "world": lambda: plot_world(
            run.read("world/rain.parquet"),
            run.read("world/satellite.parquet"),
            maps=len(run.table),
            **run.about,
        ),
    }
