"""Inputs of the models for new maps, computed as for the training files."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from rainscore.grids import Grid, imerg_cells
from rainscore.imerg.passes import pass_ages
from rainscore.prediction.granulesets import CONTEXT
from rainscore.prediction.margins import Crop
from rainscore.regridding.conservative import Weights, overlap_weights
from rainscore.scores.cellwindows import CellWindows
from rainscore.scores.scoremaps import imerg_masks
from rainscore.times import HALF_HOUR
from rainscore.training.cards import UNetCard
from rainscore.training.channels import CHANNELS, build_inputs, scale_rain
from rainscore.training.features import coarsen_rain
from rainscore.training.timecontext import add_time_context

Fields = Mapping[int, Mapping[str, np.ndarray]]
"""Fields of IMERG by step in half-hours from the maps, then by name, dims (map, lat, lon)."""


@dataclass(frozen=True)
class NewMaps:
    """New maps on the learning grid.

    Attributes:
        inputs: Scaled channels with those of the time context, dims (map, channel, y, x), float32.
        rain: IMERG rain [mm/h], dims (map, y, x), NaN where missing.
        wet: Whether IMERG has rain in the window, dims (map, y, x).
        valid: Whether IMERG has an estimate in the window, dims (map, y, x).
    """

    inputs: np.ndarray
    rain: np.ndarray
    wet: np.ndarray
    valid: np.ndarray

    def crop(self, window: Crop) -> "NewMaps":
        """The maps on a part of their grid."""
        return NewMaps(*map(window.of, (self.inputs, self.rain, self.wet, self.valid)))

    @property
    def ages_known(self) -> bool:
        """Whether the time since the last microwave pass is known everywhere."""
        return bool(self.inputs[:, CHANNELS.index("age_known")].all())


class InputBuilder:
    """Builds the inputs of new maps; the weights of the regridding are computed once per grid.

    Args:
        card: Card of the U-Net, for the pixel sizes and the windows of the score.
    """

    def __init__(self, card: UNetCard) -> None:
        self._score, step_km = card.score, card.domain.step_km
        self._factor = round(self._score.learning_step_km / step_km)
        self._weights: dict[Grid, tuple[Weights, Weights, CellWindows]] = {}

    def build(self, fields: Fields, learning: Grid) -> NewMaps:
        """Build the inputs of maps whose cells and learning grids differ only in longitude.

        Args:
            fields: Fields on `imerg_cells(learning)` of the available half-hours, at most CONTEXT
                before and after: all fields of step 0 (the maps), `precipitation` of steps −1 and
                1, `mw_source` of all.
            learning: Learning grid.
        """
        fine, coarse, windows = self._grid_weights(learning)
        rain = fine.apply(fields[0]["precipitation"])[0]
        learning_rain = coarsen_rain(rain, self._factor)
        channels = build_inputs(
            dict(fields[0]), _pass_ages(fields), rain=learning_rain, to_learning=coarse
        )
        wet, valid = imerg_masks(fields[0]["precipitation"], windows, self._score)
        # Half precision, as in the training files, so that the networks get the same values.
        channels = channels.astype(np.float16)
        before, after = (self._scaled_rain(fields.get(step), fine) for step in (-1, 1))
        inputs = np.stack(
            [
                add_time_context(
                    one,
                    None if before is None else before[i],
                    None if after is None else after[i],
                )
                for i, one in enumerate(channels)
            ]
        )
        return NewMaps(inputs, learning_rain, wet, valid)

    def _grid_weights(self, learning: Grid) -> tuple[Weights, Weights, CellWindows]:
        """Weights from the cells to the study and the learning grid, and windows over the cells."""
        if learning not in self._weights:
            cells, factor = imerg_cells(learning), self._factor
            fine = replace(
                learning,
                dx=learning.dx / factor,
                dy=learning.dy / factor,
                nx=learning.nx * factor,
                ny=learning.ny * factor,
            )
            self._weights[learning] = (
                overlap_weights(cells, fine),
                overlap_weights(cells, learning),
                self._score.windows(cells, learning),
            )
        return self._weights[learning]

    def _scaled_rain(
        self, fields: Mapping[str, np.ndarray] | None, fine: Weights
    ) -> np.ndarray | None:
        """Scaled rain on the learning grid, dims (map, y, x), float16; None without the fields."""
        if fields is None:
            return None
        rain = fine.apply(fields["precipitation"])[0]
        return scale_rain(coarsen_rain(rain, self._factor)).astype(np.float16)


def _pass_ages(fields: Fields) -> np.ndarray:
    """Hours since the last and until the next microwave pass, dims (2, map, lat, lon)."""
    source = np.zeros((2 * CONTEXT + 1, *fields[0]["mw_source"].shape), np.float32)
    for step, by_name in fields.items():
        source[CONTEXT + step] = by_name["mw_source"]
    present = np.isin(np.arange(-CONTEXT, CONTEXT + 1), list(fields))
    return pass_ages(source, present, np.arange(len(source)) * HALF_HOUR)[:, CONTEXT]
