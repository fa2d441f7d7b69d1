from rainscore.paths import CHECKOUT
from tools.draw_dag import mermaid, reduced, stages


def test_an_edge_that_a_longer_path_implies_is_left_out() -> None:
    assert reduced({("a", "b"), ("b", "c"), ("a", "c")}) == [("a", "b"), ("b", "c")]


def test_every_rule_belongs_to_the_stage_of_its_file() -> None:
    stage_of = stages()
    assert stage_of["regrid_month"] == "regridding"
    assert set(stage_of) == {path.stem for path in (CHECKOUT / "scripts").glob("*.py")}


def test_an_arrow_to_an_earlier_stage_is_dotted() -> None:
    edges = {("regrid_month", "compute_scores"), ("regrid_month", "measure_world")}
    lines = mermaid(edges).splitlines()
    assert lines[2:-1] == ["    regridding --> scores", "    regridding -.-> simulation"]
