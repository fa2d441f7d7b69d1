"""A month of IMERG from the archive: resumed by file, checked, entered in a manifest."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import earthaccess
import numpy as np
import pandas as pd

from rainscore.download.addresses import ENDINGS, fields, granule_address
from rainscore.download.earthdata import STEPS, Listed, login, search
from rainscore.download.journal import Journal, remove_parts
from rainscore.download.transfer import AccessRefused, ArchiveBusy, Fetched, Gate, Patience, fetch
from rainscore.errors import DamagedFile, DomainError
from rainscore.grids import Grid
from rainscore.imerg.manifests import COLUMNS, ORIGIN
from rainscore.imerg.reader import GROUPS, lattice_box, read_granule
from rainscore.io import open_hdf5
from rainscore.runtime import progress_bar
from rainscore.times import HALF_HOUR, steps

IN_A_ROW = 12
"""So many failures in a row are the fault of the network or the archive, not of the files."""


log = logging.getLogger("rainscore")


@dataclass(frozen=True)
class Order:
    """What is asked of the archive.

    Attributes:
        run: `early`, `late` or `final`.
        version: Version of the collection, such as `07`.
        access: `opendap`, `opendap-cloud`, `harmony` or `whole`.
        cells: Cells that are needed, on IMERG's lattice.
        max_connections: Requests at a time.
        retry_missing: Ask again for what the archive did not have.
        patience: How long a busy server is waited for.
    """

    run: str
    version: str
    access: str
    cells: Grid
    max_connections: int = 4
    retry_missing: bool = False
    patience: Patience = field(default_factory=Patience)


def fetch_month(
    folder: Path, start: np.datetime64 | str, end: np.datetime64 | str, order: Order
) -> pd.DataFrame:
    """Fetch the granules of [start, end) that are not there yet; return the manifest of them all.

    What arrives is checked before it gets its name, and is entered in `folder/journal.jsonl`: a
    second call, also after a kill, fetches only what the first has not brought, and what came
    damaged. What the archive did not have is not asked for again unless `order.retry_missing`.

    Args:
        folder: Where the granules go; it bears the name of the month.
        start, end: Of the half-hours wanted, UTC.
        order: What is asked for, and how.

    Returns:
        The manifest (docs/contracts.md) with `source` (address) and `fetched` (UTC); file names
        are relative to the parent of `folder`.

    Raises:
        AccessRefused: The account is not let in.
        ArchiveBusy: The archive cannot be reached, or all that comes is damaged.
        RainscoreError: The catalogue has no granule in that time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    remove_parts(folder)
    journal = Journal(folder / "journal.jsonl")
    records = settled(folder, journal.read(), order)
    times = steps(start, end)
    wanted = [when for when in times if key(when) not in records]
    if wanted:
        log.info("%s: %d half-hours here, %d to fetch", folder.name, len(records), len(wanted))
        auth = login()
        listed = search(auth, order.run, order.version, times[0], times[-1] + HALF_HOUR)
        new = _from_archive(folder, wanted, listed, order, journal, auth)
        for record in progress_bar(new, desc=f"IMERG {folder.name}", total=len(wanted)):
            records[record["key"]] = record
    rows = [records[key(when)] for when in times]
    table = pd.DataFrame(rows).assign(time=times, index=0)
    table["file"] = [f"{folder.name}/{name}" if name else "" for name in table["file"]]
    table["fetched"] = pd.to_datetime(table["fetched"]).astype("datetime64[ns]")
    _report(folder.name, table)
    return table[COLUMNS + ORIGIN].reset_index(drop=True)


def check_content(path: Path, start: np.datetime64, order: Order) -> None:
    """Decode every field over the cells, and compare the time and the box with what was asked.

    Raises:
        DamagedFile: The file cannot be used.
    """
    try:
        granule = read_granule(path, order.cells)
    except DomainError:
        raise DamagedFile(path, "it lies outside the box", "fetch it again") from None
    if granule["time"].values != start:
        inside = granule["time"].values.astype("datetime64[m]")
        raise DamagedFile(path, f"it holds {inside}, not {key(start)}", "fetch it again")
    lacking = set(fields(order.version)).intersection(granule.attrs["absent"].split())
    if lacking:
        raise DamagedFile(path, f"it lacks {', '.join(sorted(lacking))}", "fetch it again")
    with open_hdf5(path) as file:
        for axis in ("lat", "lon"):
            there = next(file[group + axis] for group in GROUPS if group + axis in file)
            wanted = granule[axis].values
            if there[0] > wanted[0] + 0.05 or there[-1] < wanted[-1] - 0.05:
                raise DamagedFile(path, f"its {axis} does not cover the box", "fetch it again")


def key(when: np.datetime64) -> str:
    """Name of a half-hour in the journal."""
    return str(when.astype("datetime64[m]"))


def _asked(order: Order) -> str:
    """What makes two requests for a half-hour the same."""
    box = "-".join(map(str, lattice_box(order.cells)))
    return f"{order.run} {order.version} {order.access} {box}"


def settled(folder: Path, known: dict[str, dict], order: Order) -> dict[str, dict]:
    """Records of the half-hours that need not be asked for."""

    def stands(record: dict) -> bool:
        if record["state"] == "present":
            file = folder / record["file"]
            return file.exists() and file.stat().st_size == record["size"]
        return record["state"] == "missing" and not order.retry_missing

    return {k: r for k, r in known.items() if r["asked"] == _asked(order) and stands(r)}


def _from_archive(
    folder: Path,
    wanted: list[np.datetime64],
    listed: dict[np.datetime64, Listed],
    order: Order,
    journal: Journal,
    auth: earthaccess.Auth,
) -> Iterator[dict]:
    """Ask for half-hours, of which some are listed; yield the record of each as it comes."""
    for when in wanted:
        if when not in listed:
            record = _record(when, order, Fetched("missing", 0, "", "not in the catalogue"))
            journal.add(record)
            yield record
    ask = _asker(auth, folder, order, journal)
    failures, arrived = 0, False
    granules = [listed[when] for when in wanted if when in listed]
    for record, page in _in_turn(ask, granules, order.max_connections):
        failures = failures + 1 if record["state"] == "damaged" else 0
        arrived = arrived or not failures
        if page and not arrived and failures > 1:
            raise AccessRefused(f"the archive sends web pages instead of files; {STEPS}")
        if failures == (IN_A_ROW if arrived else 3):
            raise ArchiveBusy(
                f"{failures} files in a row could not be used, the last: {record['detail']}; "
                "run again later, what has arrived is kept"
            )
        yield record


Ask = Callable[[Listed], tuple[dict, bool]]


def _asker(auth: earthaccess.Auth, folder: Path, order: Order, journal: Journal) -> Ask:
    """Return what fetches a granule, enters it in the journal, and says if a web page came."""
    local, gate, box = threading.local(), Gate(), lattice_box(order.cells)

    def ask(granule: Listed) -> tuple[dict, bool]:
        if not hasattr(local, "session"):  # one a thread: sessions are not safe between threads
            local.session = auth.get_session()
        url = granule_address(order.access, granule, order.run, order.version, box)
        name = granule.name + ENDINGS[order.access]
        check = partial(check_content, start=granule.start, order=order)
        begun = time.monotonic()
        try:
            got = fetch(
                local.session, url, folder / name, check=check, gate=gate, patience=order.patience
            )
        except AccessRefused as error:
            raise AccessRefused(f"{error}; {STEPS}") from None
        record = _record(
            granule.start,
            order,
            got,
            # A manifest names a file unless it is missing.
            file="" if got.state == "missing" else name,
            version=granule.version,
            source=url,
            seconds=round(time.monotonic() - begun, 3),
        )
        journal.add(record)
        return record, got.page

    return ask


def _in_turn(ask: Ask, granules: Iterable[Listed], connections: int) -> Iterator[tuple[dict, bool]]:
    """Ask for granules: one by one until one has arrived, so that a closed door is seen early."""
    rest = iter(granules)
    for granule in rest:
        record, page = ask(granule)
        yield record, page
        if record["state"] == "present":
            break
    with ThreadPoolExecutor(connections) as pool:
        try:
            for future in as_completed([pool.submit(ask, granule) for granule in rest]):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _record(when: np.datetime64, order: Order, got: Fetched, **more: str | float) -> dict:
    """Record of an answer, for the journal and the manifest."""
    return {
        "key": key(when),
        "asked": _asked(order),
        **{name: getattr(got, name) for name in ("state", "size", "sha256", "detail")},
        **{"file": "", "version": "", "source": "", "seconds": 0.0, **more},
        "fetched": f"{pd.Timestamp.now('UTC').tz_localize(None):%Y-%m-%dT%H:%M:%S}",
    }


def _report(month: str, table: pd.DataFrame) -> None:
    """Say in the log what a month holds."""
    states = ", ".join(f"{n} {state}" for state, n in table["state"].value_counts().items())
    log.info("%s: %s, %.3f GB", month, states, table["size"].sum() / 1e9)
    letters = sorted(set(table["version"]) - {""})
    if len(letters) > 1:
        log.warning(
            "%s: the archive mixes %s, repairs of one version", month, " and ".join(letters)
        )
