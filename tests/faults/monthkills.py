"""Kill the download and the regridding of a month from open stores, and compare it at the end.

`python -m tests.faults.monthkills --count 20`. The stores are local, with the layout of the open
ones; the run is that of `snakemake results/pairs/MONTH.nc`. It gets SIGKILL at random shares of the
work of the month, which an undisturbed run measures, and is started again after each.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from rainscore.imerg.manifests import read_manifest
from rainscore.paths import CHECKOUT
from tests.faults.kills import differing, digests, kill_session, running_rules
from tests.workflow.openstores import configuration, write_stores

MONTH = "2021-06"
HALF_HOURS = pd.date_range("2021-05-20", "2021-07-05", freq="30min", inclusive="left")
TARGET = f"results/pairs/{MONTH}.nc"
STEPS = ("fetch_imerg", "fetch_radar", "regrid_month")
UNCOMPARED = ("journal.jsonl", f"{MONTH}.parquet")
"""Files with times of download: the manifests are compared without these times."""


@dataclass
class Run:
    """A run of a month in a folder.

    Attributes:
        folder: Folder of the run.
        stores: Folder of the stores.
        days: Number of days of the month.
        blocks: Largest number of blocks seen of each product.
    """

    folder: Path
    stores: Path
    days: int
    blocks: dict[str, int] = field(default_factory=dict)

    def start(self) -> subprocess.Popen:
        """Start Snakemake in a session of its own."""
        self.folder.mkdir(parents=True, exist_ok=True)
        period = {"months": [MONTH], "first_day": 1, "last_day": self.days}
        domain = {
            "name": "Kansas", "centre": [-97.0, 38.0], "size_km": 512, "step_km": 4,
            "learning_step_km": 16,
        }  # fmt: skip
        config = configuration(self.folder, self.stores, period=period, domain=domain)
        path = self.folder / "config.yaml"
        path.write_text(yaml.safe_dump(config))
        words = [sys.executable, "-m", "snakemake", "--configfile", str(path)]
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "OMP_NUM_THREADS": "1"}
        with (self.folder / "run.log").open("a") as log:
            locks = self.folder / ".snakemake/locks"
            if locks.exists() and any(locks.iterdir()):
                unlock = [*words, "--unlock"]
                subprocess.run(
                    unlock, cwd=CHECKOUT, env=environment, stdout=log, stderr=log, check=True
                )
            return subprocess.Popen(
                [*words, "--cores", "1", "--rerun-incomplete", TARGET],
                cwd=CHECKOUT, env=environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def done(self) -> dict[str, int]:
        """Amount of work that is done: blocks and recorded maps, bytes of the pairs."""
        found = {}
        for step, product in zip(STEPS, ("imerg", "radar"), strict=False):
            folder = self.folder / f"results/{product}/{MONTH}"
            journal = folder / "journal.jsonl"
            records = journal.read_bytes().count(b"\n") if journal.exists() else 0
            blocks = sum(1 for _ in (folder / "blocks").glob("[!.]*.h5"))
            self.blocks[product] = max(self.blocks.get(product, 0), blocks)
            found[step] = records + self.blocks[product]
        found[STEPS[2]] = self._bytes_of_pairs()
        return found

    def _bytes_of_pairs(self) -> int:
        """Size of the pairs, also while they are written."""
        folder = (self.folder / TARGET).parent
        with suppress(OSError):
            return max((path.stat().st_size for path in folder.glob("*")), default=0)
        return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill a month until the given number is reached; return 1 if a file differs at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20, help="number of kills (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the moments (%(default)s)")
    parser.add_argument("--days", type=int, default=30, help="days of the month (%(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("runs/monthkills"), help="%(default)s")
    options = parser.parse_args(arguments)
    folder = options.folder.absolute()
    stores = folder / "stores"
    if not (stores / "complete").exists():
        write_stores(
            stores, HALF_HOURS, "2021-06-10 05:00", imerg_chunks=(1440, 20, 20),
            radar_chunks=(648, 100, 100),
        )  # fmt: skip
        (stores / "complete").touch()
    whole, killed = (Run(folder / name, stores, options.days) for name in ("whole", "killed"))
    work = measure(whole)
    kills = disturb(killed, work, options.count, options.seed)
    names = compare(whole, killed)
    print(summary(work, kills, names))
    return 1 if names else 0


def measure(run: Run) -> dict[str, Any]:
    """Run undisturbed; return the amount of work and the duration of each step."""
    path = run.folder / "work.json"
    if path.exists():
        return json.loads(path.read_text())
    process, active, started = run.start(), dict.fromkeys(STEPS, 0.0), time.monotonic()
    most: dict[str, int] = {}
    while process.poll() is None:
        before = time.monotonic()
        most = {step: max(amount, most.get(step, 0)) for step, amount in run.done().items()}
        rules = running_rules(process.pid)
        time.sleep(0.1)
        for step in set(rules) & set(STEPS):
            active[step] += time.monotonic() - before
    assert process.returncode == 0, (run.folder / "run.log").read_text()[-3000:]
    work = {
        "amount": {s: max(n, most[s]) for s, n in run.done().items()},
        "seconds": {step: round(seconds, 1) for step, seconds in active.items()},
        "wall": round(time.monotonic() - started, 1),
    }
    path.write_text(json.dumps(work))
    return work


def share(run: Run, work: dict[str, Any]) -> float:
    """Share of the work that is done; steps count by their duration in the undisturbed run."""
    total, done = sum(work["seconds"].values()), run.done()
    return sum(
        work["seconds"][step] / total * min(done[step] / work["amount"][step], 1) for step in STEPS
    )


def disturb(run: Run, work: dict[str, Any], count: int, seed: int) -> list[dict[str, Any]]:
    """Kill a run at random shares of its work, then let it end; return the moments."""
    rng = random.Random(seed)
    kills: list[dict[str, Any]] = []
    for moment in sorted(rng.uniform(0, 1) for _ in range(count)):
        delay = rng.uniform(0, 0.3)
        process = run.start()
        while share(run, work) < moment and process.poll() is None:
            time.sleep(0.02)
        time.sleep(delay)
        ended = process.poll()
        kill = {"aim": round(moment, 3), "rules": running_rules(process.pid), "ended": ended}
        kill_session(process.pid)
        process.wait()
        kill |= {"share": round(share(run, work), 3), "signal": process.returncode}
        kills.append(kill)
        print(kill, flush=True)
    assert run.start().wait() == 0, (run.folder / "run.log").read_text()[-3000:]
    return kills


def compare(whole: Run, killed: Run) -> list[str]:
    """Files that are not the same in two runs, or are left over."""
    found = [
        {
            name: digest
            for name, digest in digests(run.folder / "results").items()
            if not name.endswith(UNCOMPARED)
        }
        for run in (whole, killed)
    ]
    names = differing(*found)
    for product in ("imerg", "radar"):
        tables = [
            read_manifest(run.folder / f"results/{product}/{MONTH}.parquet").drop(columns="fetched")
            for run in (whole, killed)
        ]
        if not tables[0].equals(tables[1]):
            names.append(f"{product}/{MONTH}.parquet")
    return names


def summary(work: dict[str, Any], kills: list[dict[str, Any]], names: list[str]) -> str:
    """Number of kills by rule, and the files that differ."""
    by_rule = pd.Series(
        [" ".join(k["rules"]) or "between jobs" for k in kills if k["signal"] == -signal.SIGKILL]
    ).value_counts()
    return "\n".join(
        [
            f"undisturbed: {work}",
            f"{by_rule.sum()} kills: {by_rule.to_dict()}",
            f"{len(names)} files differ: {', '.join(names)}" if names else "no file differs",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
