"""DESOM: a self-organising map learnt in the latent space together with the auto-encoder."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from rainscore.clustering.algorithms.assignments import squared_distances
from rainscore.clustering.algorithms.base import DeepClusterer
from rainscore.clustering.algorithms.encoders import MLP, MLPSettings
from rainscore.clustering.algorithms.phases import Phase, Run
from rainscore.clustering.algorithms.pooled import through
from rainscore.clustering.algorithms.som import SelfOrganisingMap, grid_distances, temperature
from rainscore.clustering.algorithms.starts import adam


@dataclass(eq=False, repr=False, kw_only=True)
class DESOM(DeepClusterer):
    """Deep embedded self-organising map (Forest, Lebbah, Azzag and Lacaille 2019).

    Loss: mean squared error + `weight` · mean Σ w ‖z − m‖² over the units m of the map, with
    w = exp(−d² / T²), d the city-block distance on the map from the member's nearest unit (the
    authors' code counts rows wrongly where the columns differ), T falling exponentially. In the
    paper nothing is pre-trained and the units start on randomly drawn members; from a network that
    is trained already, `start="map"` begins with a plain map of its latent vectors. A cluster is a
    unit; units without members lie between clusters, and are reported.

    Args:
        rows, columns: Of the map.
        weight: Of the map's loss.
        steps: Of the training.
        first, last: T at its start and end.
        start: Units on members `drawn` at random, or on those of a plain `map`.
        **others: Of `DeepClusterer`.

    Attributes:
        heads_: `units`, dims (rows · columns, L), numbered row by row.
    """

    rows: int = 8
    columns: int = 8
    weight: float = 0.001
    steps: int = 10_000
    first: float = 10.0
    last: float = 0.1
    start: Literal["drawn", "map"] = "drawn"

    def decoded_map(self) -> np.ndarray:
        """What each unit stands for, dims (rows, columns, …) with … those of one member."""
        members = self.decode(self.heads_["units"].detach().cpu().numpy())
        return members.reshape(self.rows, self.columns, *members.shape[1:])

    def _default_network(self, shape: tuple[int, ...]) -> nn.Module:
        return MLP(MLPSettings(shape))

    def _heads(self, latent: int) -> dict[str, Tensor]:
        return {"units": torch.zeros(self.rows * self.columns, latent)}

    def _dissimilarity(self, z: Tensor) -> Tensor:
        return squared_distances(z, self.heads_["units"]).sqrt()

    def _phases(self, run: Run) -> list[Phase]:
        apart = torch.from_numpy(grid_distances(self.rows, self.columns) ** 2).to(run.place)
        return [
            Phase(
                name="joint",
                steps=self.steps,
                loss=lambda x, rows, step: self._loss(x, apart, step),
                optimizer=adam(1e-3),
                order="in order",
                every=500,
                begin=lambda: self._begin(run),
            )
        ]

    def _begin(self, run: Run) -> None:
        """Set the units on drawn members, or on a plain map."""
        units = self.rows * self.columns
        if len(run.data) < units:
            raise ValueError(f"{len(run.data)} members are fewer than the {units} units of the map")
        if self.start == "map":
            vectors = self._through(run.data, self.network_.encode).numpy()
            fitted = SelfOrganisingMap(self.rows, self.columns, seed=self.seed).fit(vectors)
            run.memory["start_labels"] = torch.from_numpy(fitted.labels_)
            self.heads_["units"].data.copy_(torch.from_numpy(fitted.units_))
            return
        drawn = np.random.default_rng([self.seed, 1]).choice(len(run.data), units, replace=False)
        z = self._through(run.data[torch.from_numpy(drawn)], self.network_.encode)
        self.heads_["units"].data.copy_(z)

    def _loss(self, x: Tensor, apart: Tensor, step: int) -> Tensor:
        z, given = through(self.network_, x)
        distances = squared_distances(z, self.heads_["units"])
        radius = temperature(step, self.steps, self.first, self.last)
        weights = torch.exp(-apart[distances.argmin(dim=1)] / radius**2)
        error = (given - x).square().mean()
        return error + self.weight * (weights * distances).sum(dim=1).mean()
