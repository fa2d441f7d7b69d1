"""Power of the test for groups of maps, from the results of a run, with many trials."""

import argparse
from pathlib import Path

import pandas as pd

from rainscore.clustering.codebook import CodeBook
from rainscore.clustering.compositions import read_compositions
from rainscore.clustering.labels import EXCLUDED_SPLITS
from rainscore.clustering.latents import scaled_latents
from rainscore.clustering.mapsets import with_enough_rain
from rainscore.clustering.separation import power_table
from rainscore.io import read_table

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Write the share of trials in which planted groups are found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="folder of the results of a run")
    parser.add_argument("--trials", type=int, default=200, help="number of trials of each kind")
    parser.add_argument("--seed", type=int, default=20190101)
    parser.add_argument("--min-wet-share", type=float, default=0.02)
    parser.add_argument("--out", type=Path, default=ROOT / "docs/study/separation_power.csv")
    options = parser.parse_args()
    latents = read_table(options.results / "latents.parquet")
    maps = with_enough_rain(latents, options.min_wet_share)
    book = CodeBook.load(options.results / "models" / "codebook")
    spaces = {
        "codes": read_compositions(options.results / "codes" / "maps.h5", book, maps),
        "auto-encoder": (maps, scaled_latents(latents, maps)),
    }
    tables = []
    for name, (rows, vectors) in spaces.items():
        used = ~rows["split"].isin(EXCLUDED_SPLITS).to_numpy()
        days = rows["time"].to_numpy()[used].astype("datetime64[D]")
        power = power_table(vectors[used], days, trials=options.trials, seed=options.seed)
        tables.append(power.assign(space=name))
    columns = ["space", "groups", "separation", "found", "trials"]
    pd.concat(tables)[columns].to_csv(options.out, index=False)


if __name__ == "__main__":
    main()
