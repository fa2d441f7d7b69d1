"""The reader that docs/howto/new_radar_format.md shows reads frames into a run."""

import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from rainscore.errors import DamagedFile
from rainscore.paths import CHECKOUT
from rainscore.radar.frames import index_frames
from rainscore.times import steps

PAGE = CHECKOUT / "docs/howto/new_radar_format.md"


@pytest.fixture
def documented(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Module of the page."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    module = ModuleType("anywhere")
    monkeypatch.setitem(sys.modules, "anywhere", module)
    exec(compile(code, str(PAGE), "exec"), module.__dict__)
    return module


@pytest.fixture
def folder(documented: ModuleType, tmp_path: Path) -> Path:
    """Three frames of 0.5 mm in ten minutes from 12:00, with a missing pixel; one is damaged."""
    values = np.full((300, 300), 50, np.uint16)
    values[0, 0] = 65535
    for end in ("201905011210", "201905011220"):
        np.save(tmp_path / f"rain_{end}.npy", values)
    (tmp_path / "rain_201905011230.npy").write_bytes(b"damaged")
    return tmp_path


def test_the_documented_reader_reads_rates_and_keeps_missing_pixels(
    documented: ModuleType, folder: Path
) -> None:
    rate = documented.Anywhere().read(folder / "rain_201905011210.npy")
    assert rate.dtype == np.float32 and np.isnan(rate[0, 0]) and rate[1, 1] == 3.0
    with pytest.raises(DamagedFile, match="rain_201905011230"):
        documented.Anywhere().read(folder / "rain_201905011230.npy")


def test_the_frames_of_the_documented_reader_are_indexed_by_their_start(
    documented: ModuleType, folder: Path
) -> None:
    times = steps("2019-05-01T12:00", "2019-05-01T12:40", 10)
    frames = index_frames(folder, documented.Anywhere(), times)
    assert list(frames["state"]) == ["present", "present", "damaged", "missing"]
