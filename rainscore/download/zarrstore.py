"""The French radar mosaic from a Zarr store: only the frames that are wanted travel.

The store's x and y begin at the upper-left corner of the mosaic, without the half pixel: taken as
centres they are 500 m off, to the north-west. Frames are written on the mosaic's own lattice
(`rainscore.radar.fr_radar.mosaic_grid`), which has no such fault.
"""

import hashlib
import logging
import time
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from botocore.exceptions import BotoCoreError, ClientError
from zarr.storage import FsspecStore

from rainscore.download.journal import Journal, remove_parts
from rainscore.download.transfer import ArchiveBusy, Patience
from rainscore.errors import RainscoreError
from rainscore.imerg.manifests import COLUMNS, ORIGIN
from rainscore.radar.fr_radar import frame_name, mosaic_grid, write_frame
from rainscore.runtime import progress_bar
from rainscore.times import steps

ENDPOINT = "https://object-store.os-api.cci2.ecmwf.int"


STORE = "s3://mlcast-source-datasets/FR-MF-prate/v0.1.0/fr-mf-prate-5min.zarr"


FRAMES_AT_ONCE = 12


NETWORK = (OSError, ClientError, BotoCoreError)


log = logging.getLogger("rainscore")


def open_store(address: str = STORE, endpoint: str = ENDPOINT) -> xr.Dataset:
    """Open the store, anonymously; nothing but its metadata and its times travels.

    Raises:
        ArchiveBusy: It cannot be reached.
    """
    options = {"anon": True, "asynchronous": True, "endpoint_url": endpoint}
    try:
        store = FsspecStore.from_url(address, storage_options=options, read_only=True)
        return xr.open_zarr(store, chunks=None, zarr_format=3)
    except NETWORK as error:
        raise _busy(endpoint, error) from None


def check_lattice(store: xr.Dataset) -> None:
    """Raise RainscoreError where a store is not the mosaic, its axes being corners or centres."""
    rate = store["prate"]
    grid = mosaic_grid(rate.sizes["x"])
    for axis, right in (("x", grid.x), ("y", grid.y)):
        given = store[axis].to_numpy()
        if given.shape != right.shape or np.abs(given - right).max() > 0.51 * grid.dx:
            raise RainscoreError(
                f"the store's {axis} is not that of the French mosaic; copy what you need and read "
                "it with radar.source local and the format netcdf"
            )


def fetch_frames(
    folder: Path,
    start: np.datetime64 | str,
    end: np.datetime64 | str,
    *,
    address: str = STORE,
    endpoint: str = ENDPOINT,
    shift_minutes: int = 0,
    patience: Patience | None = None,
) -> pd.DataFrame:
    """Fetch the frames of [start, end) and write them as `fr-radar-rainfall` does.

    A second call, also after a kill, fetches only what the first has not brought; frames that the
    store does not have are not asked for again.

    Args:
        folder: Where the frames go; it bears the name of the month.
        start, end: Of the starts of accumulation wanted, UTC.
        address: Store, and `endpoint` its S3 service.
        shift_minutes: From a start of accumulation to the stamp in the store.
        patience: How long a busy server is waited for.

    Returns:
        The manifest (docs/contracts.md) with `source` and `fetched`; file names are relative to the
        parent of `folder`.

    Raises:
        ArchiveBusy: The store cannot be reached; what has arrived is kept.
        RainscoreError: It is not that of the French mosaic.
    """
    folder.mkdir(parents=True, exist_ok=True)
    remove_parts(folder)
    journal = Journal(folder / "journal.jsonl")
    records = {k: r for k, r in journal.read().items() if stands(folder, r, address)}
    times = steps(start, end, 5)
    wanted = np.array([t for t in times if _key(t) not in records], dtype=times.dtype)
    if wanted.size:
        store = open_store(address, endpoint)
        check_lattice(store)
        stamps = wanted + np.timedelta64(shift_minutes, "m")
        places = pd.DatetimeIndex(store["time"].to_numpy()).get_indexer(pd.DatetimeIndex(stamps))
        if "missing_times" in store:
            places[np.isin(stamps, store["missing_times"].to_numpy())] = -1
        bar = progress_bar(total=wanted.size, desc=f"radar {folder.name}")
        for i in range(0, wanted.size, FRAMES_AT_ONCE):
            block = slice(i, i + FRAMES_AT_ONCE)
            rates = _read(store["prate"], places[block], endpoint, patience or Patience())
            for when, rate in zip(wanted[block], rates, strict=True):
                record = _keep(folder, when, rate, address)
                journal.add(record)
                records[record["key"]] = record
            bar.update(len(rates))
        bar.close()
    table = pd.DataFrame([records[_key(when)] for when in times])
    table = table.assign(time=times, index=0, version="fr-radar-rainfall")
    table["file"] = [f"{folder.name}/{name}" if name else "" for name in table["file"]]
    table["fetched"] = pd.to_datetime(table["fetched"]).astype("datetime64[ns]")
    return table[COLUMNS + ORIGIN]


def _read(
    rate: xr.DataArray, places: np.ndarray, endpoint: str, patience: Patience
) -> list[np.ndarray | str]:
    """Frames at some places of the store, mm/h; `missing` or `damaged` where there is none."""
    there = np.flatnonzero(places >= 0)
    frames: list[np.ndarray | str] = ["missing"] * places.size
    if not there.size:
        return frames
    for attempt in range(patience.tries):
        try:
            for i, frame in zip(there, rate[places[there]].to_numpy(), strict=True):
                frames[i] = frame
            return frames
        except NETWORK as error:
            if attempt + 1 == patience.tries:
                raise _busy(endpoint, error) from None
        except (RuntimeError, ValueError):  # what arrived does not decode
            if attempt + 1 == patience.tries:
                break
        time.sleep(min(patience.pause * 2**attempt, patience.longest))
    if places.size == 1:
        return ["damaged"]
    return [_read(rate, places[i : i + 1], endpoint, patience)[0] for i in range(places.size)]


def _keep(folder: Path, when: np.datetime64, rate: np.ndarray | str, address: str) -> dict:
    """Write a frame, unless there is none; return its record."""
    record = {"key": _key(when), "source": address, "size": 0, "sha256": ""}
    record["fetched"] = f"{pd.Timestamp.now('UTC').tz_localize(None):%Y-%m-%dT%H:%M:%S}"
    file = folder / frame_name(when)
    if isinstance(rate, str) and rate == "damaged":
        return record | {"state": "damaged", "file": file.name, "detail": "it does not decode"}
    if isinstance(rate, str) or np.isnan(rate).all():
        return record | {"state": "missing", "file": "", "detail": "the store does not have it"}
    write_frame(file, rate, mosaic_grid(rate.shape[0]))
    content = file.read_bytes()
    record |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return record | {"state": "present", "file": file.name, "detail": ""}


def stands(folder: Path, record: dict, address: str) -> bool:
    """Whether a record need not be asked for again."""
    if record["source"] != address or record["state"] == "damaged":
        return False
    file = folder / record["file"]
    return record["state"] == "missing" or (file.exists() and file.stat().st_size == record["size"])


def _key(when: np.datetime64) -> str:
    return str(when.astype("datetime64[m]"))


def _busy(endpoint: str, error: Exception) -> ArchiveBusy:
    host = endpoint.split("/")[2]
    return ArchiveBusy(
        f"{host}: the store cannot be read ({type(error).__name__}); run again later, what has "
        "arrived is kept"
    )
