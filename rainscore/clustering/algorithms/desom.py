"""DESOM: a self-organising map trained in the latent space together with the auto-encoder.

Forest, Lebbah, Azzag and Lacaille 2021 (Deep embedded self-organizing maps for joint representation
learning and topology-preserving clustering, Neural Computing and Applications,
doi:10.1007/s00521-021-06331-w).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from rainscore.clustering.algorithms.assignments import squared_distances
from rainscore.clustering.algorithms.base import DeepClusterer
from rainscore.clustering.algorithms.encoders import MLP, MLPSettings
from rainscore.clustering.algorithms.pooled import Summarised, encode_and_decode
from rainscore.clustering.algorithms.som import SelfOrganisingMap, grid_distances, temperature
from rainscore.clustering.algorithms.starts import adam
from rainscore.training.loop import Phase, Training


@dataclass(eq=False, repr=False, kw_only=True)
class DESOM(DeepClusterer):
    """Deep embedded self-organising map (Forest, Lebbah, Azzag and Lacaille 2021).

    Loss of a batch: ‖x − x̂‖² / d + `weight` · mean of Σ_m w_m ‖z − m‖² over the units m of the map,
    with the reconstruction x̂ of d values, the latent vector z, and w_m = exp(−δ² / T²). δ is the
    city-block distance on the map from the unit nearest to z, and T decreases exponentially. A
    cluster is a unit; units without members lie between clusters. The network is not pre-trained.
    Defaults are those of the authors' code, in which δ between rows is computed wrongly.

    Args:
        rows, columns: Size of the map.
        weight: Weight of the loss of the map.
        steps: Number of steps.
        first, last: T at the first and last step.
        start: Initial units: `drawn`, latent vectors of random members; or `map`, a
            self-organising map of the latent vectors, for a trained network.
        **others: Parameters of `DeepClusterer`.

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

    @property
    def decodable(self) -> bool:
        """Whether the latent vectors hold positions, so that units can be decoded into maps."""
        network = self.network_
        return not (isinstance(network, Summarised) and network.settings.summary == "invariant")

    def decoded_map(self) -> np.ndarray:
        """Decoded units, dims (rows, columns, …), with the dims … of one member."""
        members = self.decode(self.heads_["units"].detach().cpu().numpy())
        return members.reshape(self.rows, self.columns, *members.shape[1:])

    def _default_network(self, shape: tuple[int, ...]) -> nn.Module:
        return MLP(MLPSettings(shape))

    def _heads(self, latent: int) -> dict[str, Tensor]:
        return {"units": torch.zeros(self.rows * self.columns, latent)}

    def _dissimilarity(self, z: Tensor) -> Tensor:
        return squared_distances(z, self.heads_["units"]).sqrt()

    def _phases(self, training: Training, data: Tensor) -> list[Phase]:
        squared = grid_distances(self.rows, self.columns) ** 2
        unit_distances = torch.from_numpy(squared).to(training.device)
        return [
            Phase(
                name="joint",
                steps=self.steps,
                batches=self._batches(data, "in order", 0),
                loss=lambda batch, rows, step: self._loss(batch[0], unit_distances, step),
                optimizer=adam(1e-3),
                check_every=500,
                begin=lambda: self._set_units(training, data),
            )
        ]

    def _set_units(self, training: Training, data: Tensor) -> None:
        """Initialise the units."""
        units = self.rows * self.columns
        if len(data) < units:
            raise ValueError(f"{len(data)} members are fewer than the {units} units of the map")
        if self.start == "map":
            vectors = self._map_members(data, self.network_.encode).numpy()
            fitted = SelfOrganisingMap(self.rows, self.columns, seed=self.seed).fit(vectors)
            training.memory["start_labels"] = torch.from_numpy(fitted.labels_)
            self.heads_["units"].data.copy_(torch.from_numpy(fitted.units_))
            return
        drawn = np.random.default_rng([self.seed, 1]).choice(len(data), units, replace=False)
        z = self._map_members(data[torch.from_numpy(drawn)], self.network_.encode)
        self.heads_["units"].data.copy_(z)

    def _loss(self, x: Tensor, unit_distances: Tensor, step: int) -> Tensor:
        """Loss of members x (B, …); unit_distances (units, units) are squared, on the map."""
        z, decoded = encode_and_decode(self.network_, x)
        distances = squared_distances(z, self.heads_["units"])
        radius = temperature(step, self.steps, self.first, self.last)
        weights = torch.exp(-unit_distances[distances.argmin(dim=1)] / radius**2)
        error = (decoded - x).square().mean()
        return error + self.weight * (weights * distances).sum(dim=1).mean()
