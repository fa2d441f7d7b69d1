"""Frames of an hour whose file name states its end."""

import pandas as pd


def hour_rows(stamps: dict[str, str], *, ends: bool) -> pd.DataFrame:
    """Rows of a scan (`RadarFormat.scan`) of files with one hour each.

    Args:
        stamps: Times in the names, YYYYMMDDHHMM, by the path of the file.
        ends: Whether the time is the end of the hour; else it is its start.
    """
    times = pd.to_datetime(
        pd.Series(list(stamps.values()), dtype=str), format="%Y%m%d%H%M", errors="coerce"
    )
    starts = pd.DatetimeIndex(times).as_unit("ns") - pd.Timedelta(hours=1 if ends else 0)
    rows = pd.DataFrame({"time": starts, "file": list(stamps), "index": 0, "minutes": 60.0})
    problem = pd.Series("", rows.index).mask(rows["time"].isna(), "the hour of its name is none")
    return rows.assign(problem=problem).sort_values("time", ignore_index=True, kind="stable")
