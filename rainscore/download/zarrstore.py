"""Download of the French radar mosaic from a Zarr store, or a copy of it, frame by frame.

The x and y of the store are the upper-left corners of the pixels; taken as centres they are half a
pixel (500 m) off to the north-west. Frames are written on the grid of the mosaic
(`rainscore.radar.fr_radar.mosaic_grid`), where the pixels have their true position.
"""

import hashlib
import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
import zarr
from botocore.exceptions import BotoCoreError, ClientError
from zarr.abc.store import Store
from zarr.storage import FsspecStore, LocalStore

from rainscore.download.journal import (
    Journal,
    file_is_complete,
    journal_manifest,
    time_key,
    utc_now,
)
from rainscore.download.transfer import RETRY_LATER, ArchiveBusy, RetryPolicy
from rainscore.errors import RainscoreError
from rainscore.paths import CHECKOUT
from rainscore.radar.fr_radar import frame_name, mosaic_grid, write_frame
from rainscore.radar.zarrfiles import check_links, check_store
from rainscore.rainunits import rain_unit
from rainscore.runtime import progress_bar
from rainscore.times import steps
from rainscore.writing import remove_partial_files

ENDPOINT = "https://object-store.os-api.cci2.ecmwf.int"
STORE = "s3://mlcast-source-datasets/FR-MF-prate/v0.1.0/fr-mf-prate-5min.zarr"
FRAMES_PER_READ = 12
_NETWORK_ERRORS = (OSError, ClientError, BotoCoreError)
_LAYOUT_ERRORS = (ValueError, KeyError, TypeError, AttributeError, OverflowError)

log = logging.getLogger("rainscore")


class _Frame(NamedTuple):
    """A frame of the store: state as in a manifest, and rain rate [mm/h] where it is present."""

    state: str
    rate: np.ndarray | None = None


def store_address(store: str, endpoint: str) -> dict[str, str]:
    """Address and endpoint of a store, by `radar.store` and `radar.store_endpoint`.

    Empty values select the public store; folders are relative to the checkout.
    """
    address = store or STORE
    if "://" not in address:
        address = str(CHECKOUT / address)
    return {"address": address, "endpoint": endpoint or ENDPOINT}


def locate_store(address: str = STORE, endpoint: str = ENDPOINT) -> Store:
    """Zarr store at an address; nothing is transferred.

    Args:
        address: `s3://…` without an account, `https://…`, or a local folder.
        endpoint: Address of the S3 service.

    Raises:
        RainscoreError: The folder does not exist.
        DamagedFile: The folder contains symbolic links.
        ArchiveBusy: The service cannot be reached.
    """
    if "://" not in address:
        if not Path(address).is_dir():
            raise RainscoreError(f"{address}: no such folder; check radar.store")
        check_links(Path(address))
        return LocalStore(address, read_only=True)
    options: dict[str, object] = {"asynchronous": True}
    if address.startswith("s3://"):
        options |= {"anon": True, "endpoint_url": endpoint}
    try:
        return FsspecStore.from_url(address, storage_options=options, read_only=True)
    except _NETWORK_ERRORS as error:
        raise _busy(address, endpoint, error) from None


def open_store(address: str = STORE, endpoint: str = ENDPOINT) -> xr.Dataset:
    """Open a store; only its metadata and times are transferred.

    Args:
        address, endpoint: See `locate_store`.

    Raises:
        ArchiveBusy: The store cannot be reached.
        DamagedFile: The store contains objects of Python or unknown codecs.
        RainscoreError: The store does not have the layout of the French mosaic.
    """
    store = locate_store(address, endpoint)
    try:
        group = zarr.open_group(store, mode="r")
        check_store(group, address)
        is_consolidated = group.metadata.consolidated_metadata is not None
        dataset = xr.open_zarr(store, chunks=None, consolidated=is_consolidated)
        _check_layout(group, dataset, address)
    except _NETWORK_ERRORS as error:
        raise _busy(address, endpoint, error) from None
    except _LAYOUT_ERRORS as error:
        raise _other_layout(address, str(error)) from error
    return dataset


def _check_layout(group: zarr.Group, dataset: xr.Dataset, address: str) -> None:
    """Raise RainscoreError if a store does not have rates (time, y, x), missing where absent."""
    rate = dataset.get("prate")
    if rate is None or rate.dims != ("time", "y", "x") or dataset["time"].dtype.kind != "M":
        raise _other_layout(address, "it has no prate (time, y, x) with times")
    unit = rain_unit(str(rate.attrs.get("units", "")))
    if unit is None or unit.is_amount or unit.factor != 1:
        raise _other_layout(address, f"the unit of prate is {rate.attrs.get('units')!r}, not mm/h")
    array = group["prate"]
    fill = array.fill_value if isinstance(array, zarr.Array) else None
    if not (isinstance(fill, np.floating) and np.isnan(fill)):
        raise _other_layout(address, f"frames that it lacks would be {fill!s}, not missing")


def _other_layout(address: str, reason: str) -> RainscoreError:
    return RainscoreError(
        f"{address}: not a Zarr store in the layout of the French mosaic ({reason}); copy the "
        "frames you need and read them with radar.source: local and radar.format: netcdf"
    )


def check_grid(store: xr.Dataset) -> None:
    """Check that the grid of a store is that of the mosaic, with axes of corners or of centres.

    Raises:
        RainscoreError: If the grid differs.
    """
    rate = store["prate"]
    grid = mosaic_grid(rate.sizes["x"])
    for axis, expected in (("x", grid.x), ("y", grid.y)):
        values = store[axis].to_numpy()
        if values.shape != expected.shape or np.abs(values - expected).max() > 0.51 * grid.dx:
            raise RainscoreError(
                f"the axis {axis} of the Zarr store is not that of the French mosaic; copy the "
                "frames you need and read them with radar.source: local and radar.format: netcdf"
            )


def fetch_frames(
    folder: Path,
    start: np.datetime64 | str,
    end: np.datetime64 | str,
    *,
    address: str = STORE,
    endpoint: str = ENDPOINT,
    shift_minutes: int = 0,
    retry: RetryPolicy | None = None,
) -> pd.DataFrame:
    """Download the frames of a period and write them in the format `fr-radar-rainfall`.

    A second call, also after a kill, downloads only frames that did not arrive. Frames that the
    store does not have are not requested again.

    Args:
        folder: Folder of the frames, with the name of the month.
        start, end: Period [start, end) of the starts of accumulation, UTC.
        address, endpoint: See `locate_store`.
        shift_minutes: Time from the start of accumulation to the time in the store [min].
        retry: Retries and time limits.

    Returns:
        Manifest (docs/contracts.md) with `source` and `fetched`. File names are relative to the
        parent of `folder`.

    Raises:
        ArchiveBusy: If the store cannot be reached; frames that have arrived are kept.
        RainscoreError: If the store does not hold the French mosaic.
    """
    folder.mkdir(parents=True, exist_ok=True)
    remove_partial_files(folder)
    journal = Journal(folder / "journal.jsonl")
    records = finished_records(folder, journal.read(), address)
    times = steps(start, end, 5)
    remaining = np.array([t for t in times if time_key(t) not in records], dtype=times.dtype)
    if remaining.size:
        store = open_store(address, endpoint)
        check_grid(store)
        indices = _time_indices(store, remaining + np.timedelta64(shift_minutes, "m"))
        bar = progress_bar(total=remaining.size, desc=f"radar {folder.name}")
        for i in range(0, remaining.size, FRAMES_PER_READ):
            block = slice(i, i + FRAMES_PER_READ)
            busy = partial(_busy, address, endpoint)
            frames = _read(store["prate"], indices[block], busy, retry or RetryPolicy())
            for frame_time, frame in zip(remaining[block], frames, strict=True):
                record = _write(folder, frame_time, frame, address)
                journal.add(record)
                records[record["key"]] = record
            bar.update(len(frames))
        bar.close()
    return journal_manifest(folder, times, records, version="fr-radar-rainfall")


def finished_records(folder: Path, records: dict[str, dict], address: str) -> dict[str, dict]:
    """Select the records of the frames of a store that need no further request."""
    return {
        key: record
        for key, record in records.items()
        if record["source"] == address
        and (
            record["state"] == "missing"
            or (record["state"] == "present" and file_is_complete(folder, record))
        )
    }


def _time_indices(store: xr.Dataset, times: np.ndarray) -> np.ndarray:
    """Indices of times in the store, −1 where the store does not have the frame."""
    available = pd.DatetimeIndex(store["time"].to_numpy()).round("s")
    if not available.is_unique:
        raise RainscoreError("radar.store: the times of the Zarr store are not unique")
    indices = available.get_indexer(pd.DatetimeIndex(times))
    if "missing_times" in store:
        indices[np.isin(times, store["missing_times"].to_numpy())] = -1
    return indices


def _read(
    rate: xr.DataArray,
    indices: np.ndarray,
    busy: Callable[[Exception], ArchiveBusy],
    retry: RetryPolicy,
) -> list[_Frame]:
    """Read frames by their index in the store; where several do not decode, one by one."""
    available = np.flatnonzero(indices >= 0)
    frames = [_Frame("missing")] * indices.size
    if not available.size:
        return frames
    for attempt in range(1, retry.attempts + 1):
        try:
            rates = rate[indices[available]].to_numpy()
            for i, frame in zip(available, rates, strict=True):
                frames[i] = _Frame("present", frame)
            return frames
        except _NETWORK_ERRORS as error:
            if attempt == retry.attempts:
                raise busy(error) from None
        except (RuntimeError, ValueError):  # the chunk does not decode
            if attempt == retry.attempts:
                break
        time.sleep(retry.pause(attempt))
    if indices.size == 1:
        return [_Frame("damaged")]
    return [_read(rate, indices[i : i + 1], busy, retry)[0] for i in range(indices.size)]


def _write(folder: Path, start: np.datetime64, frame: _Frame, address: str) -> dict:
    """Write a frame if it has data; return its record."""
    record = {"key": time_key(start), "source": address, "size": 0, "sha256": ""}
    record["fetched"] = utc_now()
    file = folder / frame_name(start)
    if frame.state == "damaged":
        return record | {"state": "damaged", "file": file.name, "detail": "it does not decode"}
    if frame.rate is None or not np.isfinite(frame.rate).any():
        return record | {"state": "missing", "file": "", "detail": "the store does not have it"}
    rate = np.where(np.isfinite(frame.rate), frame.rate, np.nan)
    write_frame(file, rate, mosaic_grid(rate.shape[0]))
    content = file.read_bytes()
    record |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return record | {"state": "present", "file": file.name, "detail": ""}


def _busy(address: str, endpoint: str, error: Exception) -> ArchiveBusy:
    place = address if "://" not in address else _host(address, endpoint)
    return ArchiveBusy(f"{place}: the store cannot be read ({type(error).__name__}); {RETRY_LATER}")


def _host(address: str, endpoint: str) -> str:
    """Host of a store."""
    return (endpoint if address.startswith("s3://") else address).split("/")[2]
