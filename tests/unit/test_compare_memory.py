from pathlib import Path

from tools.compare_memory import compare

DRY_RUN = """
rule regrid_month:
    output: results/pairs/2019-01.nc
    resources: tmpdir=<TBD>, mem_mb=1250, mem=1.25 GB, runtime=60

rule regrid_month:
    output: results/pairs/2019-04.nc
    resources: tmpdir=<TBD>, mem_mb=2250, mem=2.25 GB, runtime=60

localrule all:
    input: results/report.html

rule split_days:
    resources: mem_mb=750, runtime=10
"""


def test_the_largest_use_of_a_rule_is_compared_with_its_request(tmp_path: Path) -> None:
    for name, memory in (("regrid_month/2019-01", "300"), ("regrid_month/2019-04", "450.4")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.tsv").write_text(f"s\tmax_rss\n1\t{memory}\n")
    (tmp_path / "split_days.tsv").write_text("s\tmax_rss\n0.2\t-\n")
    (tmp_path / "removed_rule.tsv").write_text("s\tmax_rss\n0.2\t9\n")
    table = compare(DRY_RUN, tmp_path)
    assert table.to_dict("records") == [
        {"rule": "regrid_month", "requested": 2250, "used": 450},
        {"rule": "split_days", "requested": 750, "used": 0},
    ]
