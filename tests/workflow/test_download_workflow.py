"""The snippets of docs/data.md, run by Snakemake against the loopback server."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from rainscore.download.hub import REPOSITORY
from rainscore.manifests import read_manifest
from rainscore.period import steps
from tests.archives import Earthdata
from tests.buckets import Bucket, Hub, frame_bytes, tar_bytes, write_store
from tests.servers import Loopback

ROOT = Path(__file__).resolve().parents[2]
DAYS = int(os.environ.get("RAINSCORE_WORKFLOW_DAYS", "1"))
LAST = f"2020-06-{DAYS + 1:02d}"

pytestmark = pytest.mark.slow


def snippet(heading: str) -> dict:
    """The configuration below a heading of docs/data.md."""
    text = (ROOT / "docs" / "data.md").read_text()
    found = re.search(rf"### {re.escape(heading)}\n.*?```yaml\n(.*?)```", text, re.DOTALL)
    assert found, heading
    return yaml.safe_load(found[1])


def snakemake(folder: Path, config: dict, environment: dict, *targets: str) -> str:
    """Run some targets with a configuration laid over the embedded default."""
    small = {
        "folder": str(folder),
        "period": {"months": ["2020-06"], "first_day": 1, "last_day": DAYS},
        "domain": {"centre": [0.2, 45.8], "size_km": 48},
        "score": {"window_km": 24},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump({**small, **config}))
    command = [sys.executable, "-m", "snakemake", *targets, "--cores", "1"]
    done = subprocess.run(
        [*command, "--configfile", str(path)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=500,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output[-3000:]
    return output


def account(nasa: Earthdata) -> dict[str, str]:
    return {"EARTHDATA_USERNAME": nasa.user, "EARTHDATA_PASSWORD": nasa.password}


def test_the_archives_are_planned_fetched_and_described(tmp_path: Path) -> None:
    nasa = Earthdata(steps("2020-06-01", LAST), unlisted={"2020-06-01T04:00"})
    nasa.faults = {"2020-06-01T12:00": ["cut"]}
    times = pd.DatetimeIndex(steps("2020-06-01", LAST, 5)).delete([7])
    rng = np.random.default_rng(5)
    rates = np.repeat(rng.gamma(0.4, 2.0, (times.size, 12, 12)), 4, axis=1).repeat(4, axis=2)
    name = "mlcast-source-datasets/FR-MF-prate/v0.1.0/fr-mf-prate-5min.zarr"
    write_store(tmp_path / "s3" / name, times.to_numpy(), rates, np.array([], "datetime64[ns]"))
    bucket = Bucket(tmp_path / "s3")
    config = {**snippet("From NASA's archive"), **snippet("From the Zarr store")}
    with Loopback(nasa.archives() | bucket.archives(), tmp_path) as server:
        environment = {**server.environment, **account(nasa)}
        plan = snakemake(tmp_path, config, environment, "plan")
        assert f"{48 * DAYS} half-hours, {48 * DAYS - 1} in the catalogue" in plan
        assert f"{288 * DAYS} frames, {288 * DAYS - 1} in the store, 0 here" in plan
        assert not nasa.served
        targets = ("results/data/lag.parquet",)
        output = snakemake(tmp_path, config, environment, *targets)
        again = snakemake(tmp_path, config, environment, *targets)
    imerg = read_manifest(tmp_path / "results/imerg/2020-06.parquet")
    assert imerg["state"].value_counts().to_dict() == {"present": 48 * DAYS - 1, "missing": 1}
    radar = read_manifest(tmp_path / "results/radar/2020-06.parquet")
    assert radar["state"].value_counts().to_dict() == {"present": 288 * DAYS - 1, "missing": 1}
    assert "Nothing to be done" in again
    assert nasa.password not in plan + output
    assert nasa.token not in plan + output


def test_a_year_of_the_hub_becomes_the_manifests_of_its_months(tmp_path: Path) -> None:
    frame = frame_bytes(np.zeros((48, 48), np.int16))
    stamps = pd.date_range("2020-05-31 23:00", "2020-06-01 02:00", freq="5min")
    hub = Hub(REPOSITORY, {"2020.tar": tar_bytes({f"{t:%Y%m%d%H%M}.npz": frame for t in stamps})})
    with Loopback(hub.archives(), tmp_path) as server:
        config = snippet("From the hub")
        plan = snakemake(tmp_path, config, server.environment, "plan")
        assert "radar 2020: 2020.tar" in plan
        snakemake(tmp_path, config, server.environment, "results/radar/2020-06.parquet")
    radar = read_manifest(tmp_path / "results/radar/2020-06.parquet")
    assert radar["state"].value_counts().to_dict() == {"missing": 288 * DAYS - 25, "present": 25}
