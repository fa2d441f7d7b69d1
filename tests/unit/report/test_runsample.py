import numpy as np
import pandas as pd

from rainscore.report.runsample import run_sample


def test_the_sample_counts_scored_maps_and_their_days_over_the_whole_period() -> None:
    time = pd.to_datetime(["2019-01-01 00:00", "2019-01-02 12:00", "2019-02-01 23:30"])
    table = pd.DataFrame({"time": time, "map_score": [0.5, 0.4, np.nan]})
    sample = run_sample(table, world="real")
    assert (sample.maps, sample.days) == (2, 2)
    assert sample.period == "2019-01-01 to 2019-02-01, 2 months"
    assert run_sample(table[:2], world="real").period == "2019-01-01 to 2019-01-02"
