"""Propagation of the simulated microwave rain over a range of half-hours."""

import numpy as np

from rainscore.grids import Grid
from rainscore.simulation.merge import CORRELATION_DECAY
from rainscore.simulation.morphing import Departure, PropagatedRain, mean_motion
from rainscore.simulation.noise import SmoothNoise, cell_km
from rainscore.simulation.observations import Observation

_STREAM = 21  # random stream of the motion errors
_DEFAULT_MOTION_KMH = (0.0, 25.0)  # along y and x


class Propagator:
    """Propagation of microwave rain by the estimated motion, with local motion errors.

    Args:
        cells: IMERG's cells, row 0 south.
        seed: Random seed of the motion errors.
        displacement: Whether the motion has local errors.
        error_kmh: Standard deviation of the local errors [km/h].
    """

    def __init__(self, cells: Grid, *, seed: int, displacement: bool, error_kmh: float):
        self.error_kmh = error_kmh
        self.shape, self.displacement = cells.shape, displacement
        self.km = cell_km(cells)
        self.noise = [
            SmoothNoise.on(cells, km=80, hours=2, key=(seed, _STREAM, axis)) for axis in (0, 1)
        ]

    def propagate(
        self, observations: dict[int, Observation], half_hours: range
    ) -> dict[int, PropagatedRain]:
        """Propagate the microwave rain over consecutive half-hours, forward or backward in time.

        Args:
            observations: Observations of these half-hours and of the 4 before and 5 after them.
            half_hours: Half-hours since 1970, with a step of 1 (forward) or −1 (backward).

        Returns:
            State after the observation of each half-hour.
        """
        state, states = PropagatedRain.empty(self.shape), {}
        for h in half_hours:
            observed = observations[h]
            if h != half_hours[0]:
                departure = self._departure(observations, h, half_hours.step)
                state = state.moved(departure, decay=CORRELATION_DECAY)
            state = state.observed(observed.microwave, observed.correlation)
            states[h] = state
        return states

    def _departure(
        self, observations: dict[int, Observation], half_hour: int, direction: int
    ) -> Departure:
        """Departure points of the step that leads to a half-hour, forward (1) or backward (−1)."""
        # The step joins half_hour − 1 and half_hour, or half_hour and half_hour + 1.
        earlier = half_hour - 1 if direction > 0 else half_hour
        # The motion of an observation is that of the hour centred half a step before its start.
        motions = [observations[h].motion for h in range(earlier - 3, earlier + 6)]
        km_y, km_x = self.km
        default = _DEFAULT_MOTION_KMH[0] / 2 / km_y, _DEFAULT_MOTION_KMH[1] / 2 / km_x
        motion_y, motion_x = mean_motion(motions, default)
        dy, dx = (np.full(self.shape, motion) for motion in (motion_y, motion_x))
        if self.displacement:
            error_y, error_x = self.motion_error(earlier, hours=0.5)
            dy, dx = dy + error_y, dx + error_x
        return Departure.by(direction * dy, direction * dx)

    def motion_error(self, half_hour: int, *, hours: float) -> tuple[np.ndarray, np.ndarray]:
        """Local displacement error along y and x [cells] after some hours, each dims (lat, lon)."""
        km_y, km_x = self.km
        error_y, error_x = (noise.at(half_hour / 2) for noise in self.noise)
        distance = self.error_kmh * hours
        return error_y * (distance / km_y), error_x * (distance / km_x)
