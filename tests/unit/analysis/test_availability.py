import pandas as pd

from rainscore.analysis.availability import availability


def test_each_day_of_each_product_is_counted_with_its_versions() -> None:
    times = pd.date_range("2020-01-01 23:00", periods=4, freq="30min")
    manifest = pd.DataFrame(
        {
            "time": times,
            "state": ["present", "missing", "present", "damaged"],
            "version": ["V07B", "", "V07C", "V07B"],
        }
    )
    table = availability({"IMERG": manifest})
    assert table["expected"].tolist() == [2, 2]
    assert table[["present", "missing", "damaged"]].to_numpy().tolist() == [[1, 1, 0], [1, 0, 1]]
    assert table["versions"].tolist() == ["V07B", "V07C"]
