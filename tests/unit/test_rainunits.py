import pytest

from rainscore.rainunits import rain_unit


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("mm h-1", 1), ("mm h^-1", 1), ("mm/hour", 1), ("mm/hr", 1), ("mm per hour", 1),
     ("mm h**-1", 1), ("mm.h-1", 1), ("mm h⁻¹", 1), (" mm  hr-1 ", 1), ("millimeters/hour", 1),
     ("kg m^-2 s^-1", 3600), ("kg m-2 s-1", 3600), ("kg/m2/s", 3600), ("kg m⁻² s⁻¹", 3600),
     ("g m-2 s-1", 3.6), ("mm s-1", 3600), ("m s-1", 3.6e6), ("mm/day", 1 / 24),
     ("mm d-1", 1 / 24), ("inch/hr", 25.4), ("in/h", 25.4), ("cm h-1", 10), ("0.1 mm/h", 0.1),
     ("mm (5 min)-1", 12), ("l m-2 h-1", 1)],
)  # fmt: skip
def test_units_of_a_rate_become_mm_h(unit: str, factor: float) -> None:
    found = rain_unit(unit)
    assert found is not None and not found.is_amount
    assert found.factor == pytest.approx(factor, rel=1e-9)


@pytest.mark.parametrize(
    ("unit", "factor"), [("mm", 1), ("kg m-2", 1), ("kg/m^2", 1), ("inch", 25.4), ("0.01 mm", 0.01)]
)
def test_units_of_an_accumulation_become_mm(unit: str, factor: float) -> None:
    assert rain_unit(unit) == (pytest.approx(factor), True)


@pytest.mark.parametrize(
    "unit", ["K", "dBZ", "1", "%", "", "degrees", "min", "mm/3h", "seconds since 1970-01-01",
             "MM/H", "m2", "x" * 10_000, "'mm'", "mm\x00h", "@ 5 mm",
             "-5 mm", "0 mm", "0", "1e400 mm", "1e-400 mm", "mm from 3", "lg(re mm)"]
)  # fmt: skip
def test_units_of_anything_else_are_not_of_rain(unit: str) -> None:
    assert rain_unit(unit) is None
