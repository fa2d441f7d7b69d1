from pathlib import Path

import numpy as np

from tools.run_costs import costs, jobs, report, sizes

HEADER = "s\tmax_rss\tcpu_time\n"


def write_benchmarks(folder: Path, **values: tuple[float, str, float]) -> Path:
    for name, (seconds, memory, cpu) in values.items():
        path = folder / f"{name.replace('__', '/').replace('_of_', '-')}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{HEADER}99\t9\t9\n{seconds}\t{memory}\t{cpu}\n")
    return folder


def example(folder: Path) -> Path:
    logs = write_benchmarks(
        folder, regrid_month__2019_of_01=(10, "200", 8), regrid_month__2019_of_02=(20, "300", 12),
        compute_weights=(1, "-", 0.5), train_unet=(100, "900", 90), removed_rule=(5, "1", 5),
    )  # fmt: skip
    return logs


def test_the_last_repetition_of_each_job_of_a_known_rule_counts(tmp_path: Path) -> None:
    table = jobs(example(tmp_path))
    assert len(table) == 4
    rows = {(row.pop("rule"), row.pop("month")): row for row in table.to_dict("records")}
    assert rows["regrid_month", "2019-02"] == {
        "stage": "regridding", "wall": 20, "cpu": 12, "memory": 300,
    }  # fmt: skip
    assert np.isnan(rows["compute_weights", ""]["memory"])


def test_costs_are_added_by_stage_and_divided_by_the_number_of_maps(tmp_path: Path) -> None:
    table = costs(jobs(example(tmp_path)), half_hours=100)
    assert table[["stage", "rule"]].to_numpy().tolist() == [
        ["training", ""], ["training", "train_unet"],
        ["regridding", ""], ["regridding", "regrid_month"], ["regridding", "compute_weights"],
    ]  # fmt: skip
    stage, months = table.to_dict("records")[2:4]
    assert (stage["jobs"], stage["wall"], stage["cpu"], stage["memory"]) == (3, 31, 20.5, 300)
    assert np.isnan(stage["growth"])
    assert (months["per_map"], months["growth"]) == (200, 1.5)


def test_the_size_of_a_folder_is_that_of_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "pairs/deep").mkdir(parents=True)
    (tmp_path / "pairs/deep/a.nc").write_bytes(b"x" * 2_000_000)
    (tmp_path / "splits.parquet").write_bytes(b"x" * 10)
    disk = sizes(tmp_path)
    assert disk == {"pairs": 2_000_000, "splits.parquet": 10}
    lines = list(report(costs(jobs(example(tmp_path / "logs")), 100), disk))
    assert "| `regrid_month` | 2 | 30 | 20 | 200.0 | 300 | 1.50 |" in lines
    assert "| `compute_weights` | 1 | 1 | 0 | 5.0 |  |  |" in lines
    assert lines[-1] == "| all | 0.00 |"
