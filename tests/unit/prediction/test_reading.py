from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rainscore.errors import RainscoreError
from rainscore.imerg.writer import granule_name, write_granule
from rainscore.prediction.scoring import read_around
from tests.world import CELLS, month_pair

HALF_HOUR = np.timedelta64(30, "m")


@pytest.fixture(scope="module")
def granules(tmp_path_factory) -> list[Path]:
    """Granules of four half-hours; the rain of the n-th is n mm/h."""
    folder = tmp_path_factory.mktemp("granules")
    pair = month_pair("2019-05-01", "2019-05-01T02:00")
    paths = []
    for i, time in enumerate(pair["time"].values):
        one = pair.isel(time=i).drop_vars(["imerg", "radar", "x", "y"])
        one["precipitation"] = one["precipitation"] * 0 + i
        one["precipitation_uncal"] = one["precipitation"]
        paths.append(folder / granule_name("final", time, "V07B"))
        write_granule(paths[-1], one.assign_coords(time=time), run="final")
    return paths


def rain(granules) -> dict[int, float]:
    """Rain by the hour's minutes."""
    first = np.datetime64("2019-05-01", "ns")
    return {
        int((time - first) / HALF_HOUR): float(granule["precipitation"].mean())
        for time, granule in sorted(granules.items())
    }


def test_files_are_read_in_order_of_time_each_with_those_around_it(granules: list[Path]) -> None:
    found: Any = list(read_around([granules[2], granules[0]], CELLS, context=[granules[1]]))
    assert [file for file, _, _ in found] == [granules[0], granules[2]]
    for i, (_, start, near) in zip((0, 2), found, strict=True):
        assert rain(near) == {0: 0.0, 1: 1.0, 2: 2.0}
        assert "quality_index" in near[start] and "mw_source" in near[start + HALF_HOUR * (1 - i)]
        assert "quality_index" not in near[start + HALF_HOUR * (1 - i)]


def test_of_two_files_of_one_half_hour_the_second_is_refused(granules, tmp_path: Path) -> None:
    copy = tmp_path / f"{granules[1].name}.1"
    copy.write_bytes(granules[2].read_bytes())
    copy = copy.rename(tmp_path / f"{granules[2].name}.1")
    (file, _, error), (scored, _, near) = read_around([granules[2], copy, granules[2]], CELLS)
    assert file == copy and f"{granules[2]} is of the same half-hour" in str(error)
    assert scored == granules[2] and rain(near) == {2: 2.0}


def test_a_neighbour_that_cannot_be_read_costs_only_itself(
    granules, tmp_path: Path, caplog
) -> None:
    bad = tmp_path / granules[1].name
    content = bytearray(granules[1].read_bytes())
    place = granules[1].stat().st_size // 2
    content[place:] = bytes(len(content) - place)
    bad.write_bytes(content)
    found = {file: near for file, _, near in read_around([bad, granules[2]], CELLS)}
    assert isinstance(found[bad], RainscoreError)
    assert rain(found[granules[2]]) == {2: 2.0}
    gone = tmp_path / "gone.HDF5"
    ((_, _, near),) = read_around([granules[0]], CELLS, context=[gone])
    assert rain(near) == {0: 0.0} and "gone.HDF5" in caplog.text
