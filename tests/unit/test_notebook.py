"""The notebook of the documentation runs from its first cell to its last."""

import json
import time
from pathlib import Path
from typing import Any

import matplotlib
import pytest

from rainscore.paths import CHECKOUT

NOTEBOOK = CHECKOUT / "docs/notebook.ipynb"


@pytest.fixture(scope="module")
def cells() -> list[dict[str, Any]]:
    return json.loads(NOTEBOOK.read_text("utf-8"))["cells"]


def test_the_notebook_is_stored_without_outputs(cells: list[dict[str, Any]]) -> None:
    codes = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(codes) > 5
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in codes)


def test_the_cells_of_the_notebook_run_in_order(
    cells: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    # The cells are plain Python, so that no Jupyter is needed to run them.
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    start = time.process_time()
    with matplotlib.rc_context({"backend": "Agg"}):
        for number, cell in enumerate(cells):
            if cell["cell_type"] == "code":
                exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
        names["plt"].close("all")
    assert time.process_time() - start < 40
    scored = names["scored"]
    assert 0 < float(scored["map_score_low"]) < float(scored["map_score"]) < 1
    assert scored.attrs["calibration_state"] == "rain only, alone"
    assert 0 < names["share"] <= 1
    assert names["result"]["affinity"].item() < 1
    assert "map score 0." in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
