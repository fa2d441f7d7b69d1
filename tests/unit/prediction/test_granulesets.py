from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from rainscore.errors import RainscoreError
from rainscore.prediction.granulesets import GranuleSet, read_granule_sets
from rainscore.times import HALF_HOUR
from tests.world import CELLS, month_pair, write_granules


@pytest.fixture(scope="module")
def granules(tmp_path_factory) -> list[Path]:
    """Granules of four half-hours; the rain of the n-th is n mm/h."""
    pair = month_pair("2019-05-01", "2019-05-01T02:00")
    numbers = xr.DataArray(np.arange(4, dtype=np.float32), dims="time")
    pair["precipitation"] = pair["precipitation"] * 0 + numbers
    return write_granules(tmp_path_factory.mktemp("granules"), pair)


def rain(granules: GranuleSet | RainscoreError) -> dict[int, float]:
    """Mean rain of the granules of a set by number of the half-hour."""
    assert isinstance(granules, GranuleSet)
    first = np.datetime64("2019-05-01", "ns")
    return {
        int((time - first) / HALF_HOUR): float(granule["precipitation"].mean())
        for time, granule in sorted(granules.by_time.items())
    }


def test_granules_are_read_in_order_of_time_with_those_around_them(granules: list[Path]) -> None:
    sets = list(read_granule_sets([granules[2], granules[0]], CELLS, context=[granules[1]]))
    assert [file for file, _ in sets] == [granules[0], granules[2]]
    for i, (_, near) in zip((0, 2), sets, strict=True):
        assert rain(near) == {0: 0.0, 1: 1.0, 2: 2.0}
        assert isinstance(near, GranuleSet) and "quality_index" in near.granule
        other = near.by_time[near.time + HALF_HOUR * (1 - i)]
        assert "mw_source" in other and "quality_index" not in other


def test_the_fields_of_a_set_are_arrays_by_step(granules: list[Path]) -> None:
    ((_, near),) = read_granule_sets([granules[2]], CELLS, context=[granules[0]])
    assert isinstance(near, GranuleSet)
    fields = near.fields()
    assert list(fields) == [-2, 0] and near.has(-2) and not near.has(-1)
    assert fields[-2]["precipitation"].shape == CELLS.shape
    assert fields[0]["precipitation"].mean() == pytest.approx(2)


def test_the_second_of_two_files_of_one_half_hour_is_refused(granules, tmp_path: Path) -> None:
    copy = tmp_path / f"{granules[2].name}.1"
    copy.write_bytes(granules[2].read_bytes())
    (file, error), (scored, near) = read_granule_sets([granules[2], copy, granules[2]], CELLS)
    assert file == copy and f"{granules[2]} is of the same half-hour" in str(error)
    assert scored == granules[2] and rain(near) == {2: 2.0}


def test_a_damaged_neighbour_is_left_out_and_does_not_affect_other_maps(
    granules, tmp_path: Path, caplog
) -> None:
    bad = tmp_path / granules[1].name
    content = bytearray(granules[1].read_bytes())
    half = len(content) // 2
    content[half:] = bytes(len(content) - half)
    bad.write_bytes(content)
    sets = dict(read_granule_sets([bad, granules[2]], CELLS))
    assert isinstance(sets[bad], RainscoreError)
    assert rain(sets[granules[2]]) == {2: 2.0}
    gone = tmp_path / "gone.HDF5"
    ((_, near),) = read_granule_sets([granules[0]], CELLS, context=[gone])
    assert rain(near) == {0: 0.0} and "gone.HDF5" in caplog.text
