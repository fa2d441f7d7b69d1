"""Units of rain, as UDUNITS defines them for the CF conventions."""

from functools import lru_cache
from math import inf
from typing import NamedTuple

import cf_units

RATES = ("mm h-1", "kg m-2 h-1")
"""Units of a rate that are equal to mm/h for water."""


AMOUNTS = ("mm", "kg m-2")
"""Units of an accumulation that are equal to mm for water."""


MAX_LENGTH = 100
"""Number of characters above which a text is no unit."""


SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹·", "-0123456789 ")
"""Characters of typeset units, and those that UDUNITS reads."""


class RainUnit(NamedTuple):
    """A unit of rain: factor to mm/h, or to mm if it is a unit of an accumulation."""

    factor: float
    is_amount: bool


@lru_cache(maxsize=1000)
def rain_unit(text: str) -> RainUnit | None:
    """Unit of a rate or of an accumulation of rain; None for a unit of anything else.

    Args:
        text: Unit in the syntax of UDUNITS, such as `mm h-1`, `mm/day` or `kg m^-2 s^-1`.

    >>> rain_unit("kg m-2 s-1"), rain_unit("inch"), rain_unit("K")
    (RainUnit(factor=3600.0, is_amount=False), RainUnit(factor=25.4, is_amount=True), None)
    """
    for targets, is_amount in ((RATES, False), (AMOUNTS, True)):
        for target in targets:
            factor = unit_factor(text, target)
            if factor is not None:
                return RainUnit(factor, is_amount)
    return None


@lru_cache(maxsize=1000)
def unit_factor(text: str, target: str) -> float | None:
    """Factor from one unit to another; None if it is not positive or they differ in dimension.

    >>> unit_factor("km", "m"), unit_factor("degrees_north", "m")
    (1000.0, None)
    """
    if not text.strip() or not text.isprintable() or len(text) > MAX_LENGTH:
        return None
    try:
        with cf_units.suppress_errors():  # UDUNITS writes to the terminal
            unit = cf_units.Unit(text.translate(SUPERSCRIPTS))
            if not unit.is_convertible(target) or unit.convert(0.0, target) != 0:
                return None
            # Twelve digits: 3600 rather than 3600.0000000000005.
            factor = float(f"{unit.convert(1.0, target):.12g}")
    except ValueError:
        return None
    return factor if 0 < factor < inf else None
