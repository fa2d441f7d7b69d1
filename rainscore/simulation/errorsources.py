"""Sources of error of the simulated satellites, and worlds with a single source of error."""

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class ErrorSources:
    """Switches for the sources of error of the simulated IMERG.

    Attributes:
        displacement: Location errors due to viewing angle, cloud shields and local motion.
        delay: Sensors observe the ice aloft, which outlives the rain at the ground.
        misses: Weak, small, shallow and solid precipitation is not detected.
        bias: Light rain is overestimated, heavy rain and snow are underestimated; the Final run is
            adjusted to gauges.
        smoothing: Footprints and cloud shields blur the rain.
        false_alarms: Rain is reported where there is none.
        noise: The rate has a random factor that is correlated in space.
        sampling: Between overpasses the rain is estimated by morphing and from the infrared.
    """

    displacement: bool = True
    delay: bool = True
    misses: bool = True
    bias: bool = True
    smoothing: bool = True
    false_alarms: bool = True
    noise: bool = True
    sampling: bool = True


ALL_ERRORS = ErrorSources()
"""All sources of error: the default."""

PERFECT = ErrorSources(**{field.name: False for field in fields(ErrorSources)})
"""No source of error: IMERG equals the half-hourly mean rain."""

ERRORS: dict[str, ErrorSources] = {
    "all": ALL_ERRORS,
    "perfect": PERFECT,
    "displacement": replace(PERFECT, displacement=True),
    "missed": replace(PERFECT, misses=True),
    "bias": replace(PERFECT, bias=True),
    "smoothing": replace(PERFECT, smoothing=True),
}
"""Sources of error by the name of the world: all, none, and four worlds with a single source.

In all worlds but "all", an imager like SSMIS observes the whole domain in every half-hour.
"""

ONE_ERROR = ("displacement", "missed", "bias", "smoothing")
"""Names of the worlds in `ERRORS` with a single source of error."""
