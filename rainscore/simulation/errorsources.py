"""Which errors the simulated satellites commit, and worlds with one source of errors each."""

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class ErrorSources:
    """Which errors the satellite side commits; a world with one of them shows what it does.

    Attributes:
        displacement: Rain is put in the wrong place (view angle, cloud shields, local motion).
        delay: What the sensors see is the ice aloft, which outlives the rain.
        misses: Weak, small, shallow and solid precipitation goes undetected.
        bias: Light rain is over-, heavy rain and snow under-estimated; Final is adjusted for it.
        smoothing: Footprints and cloud shields blur the rain.
        false_alarms: Rain is seen where there is none.
        noise: The rate is wrong by a random factor, correlated in space.
        sampling: Between overpasses the rain is only known by morphing and from the infrared.
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
"""The default world."""


PERFECT = ErrorSources(**{field.name: False for field in fields(ErrorSources)})
"""A world whose IMERG is the mean rain."""


ERRORS: dict[str, ErrorSources] = {
    "all": ALL_ERRORS,
    "perfect": PERFECT,
    "displacement": replace(PERFECT, displacement=True),
    "missed": replace(PERFECT, misses=True),
    "bias": replace(PERFECT, bias=True),
    "smoothing": replace(PERFECT, smoothing=True),
}
"""Worlds by name: the default one, one without errors, and four with one source of errors each.

In all but the default one, an imager of the SSMIS kind sees the whole box in every half-hour.
"""

ONE_ERROR = ("displacement", "missed", "bias", "smoothing")
"""Worlds of `ERRORS` with one source of errors each."""
