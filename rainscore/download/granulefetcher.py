"""Download of one IMERG granule, whole or as the subset of a box."""

import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import earthaccess
import numpy as np

from rainscore.download.addresses import (
    ENDINGS,
    harmony_address,
    opendap_address,
    version_fields,
    whole_address,
)
from rainscore.download.dmr import build_constraint, read_dmr
from rainscore.download.earthdata import ACCOUNT_STEPS, TOKEN_REFUSED, CatalogueEntry
from rainscore.download.journal import Journal, time_key, utc_now
from rainscore.download.transfer import (
    AccessRefused,
    ArchiveBusy,
    FetchResult,
    FilesNotFound,
    RetryPolicy,
    SharedPause,
    fetch,
)
from rainscore.errors import DamagedFile, DomainError
from rainscore.grids import Grid
from rainscore.hdf5files import open_hdf5
from rainscore.imerg.lattice import Box, lattice_box
from rainscore.imerg.reader import read_granule
from rainscore.imerg.variables import GROUPS


@dataclass(frozen=True)
class ImergRequest:
    """Request for IMERG granules from NASA's archive.

    Attributes:
        run: "early", "late" or "final".
        version: Version of the collection, such as "07".
        access: Access method: "opendap", "harmony" or "whole".
        addresses: Address of the service of each access method, without a slash at its end.
        cells: Cells on IMERG's grid.
        max_connections: Number of simultaneous requests.
        retry_missing: Whether to request again the half-hours that the archive did not have.
        retry: Retries and time limits of a file.
    """

    run: str
    version: str
    access: str
    addresses: Mapping[str, str]
    cells: Grid
    max_connections: int = 4
    retry_missing: bool = False
    retry: RetryPolicy = field(default_factory=RetryPolicy)

    @property
    def box(self) -> Box:
        """Box of the cells on IMERG's grid."""
        return lattice_box(self.cells)

    @property
    def label(self) -> str:
        """Text that identifies the requested files; stored as `asked` in the journal."""
        return f"{self.run} {self.version} {self.access} {'-'.join(map(str, self.box))}"


class GranuleRecord(NamedTuple):
    """Record of a granule in the journal, and whether a web page came instead of the file."""

    record: dict
    web_page: bool


def check_content(path: Path, start: np.datetime64, request: ImergRequest) -> None:
    """Read all fields over the cells, and compare time, box and fields with the request.

    Raises:
        DamagedFile: If the file cannot be used.
    """
    remedy = "download it again"
    try:
        granule = read_granule(path, request.cells)
    except DomainError:
        raise DamagedFile(path, "it lies outside the box", remedy) from None
    if granule["time"].values != start:
        stored_time = granule["time"].values.astype("datetime64[m]")
        raise DamagedFile(path, f"it holds {stored_time}, not {time_key(start)}", remedy)
    lacking = set(version_fields(request.version)).intersection(granule.attrs["absent"].split())
    if lacking:
        raise DamagedFile(path, f"it lacks {', '.join(sorted(lacking))}", remedy)
    with open_hdf5(path) as file:
        for axis in ("lat", "lon"):
            stored = next(file[group + axis] for group in GROUPS if group + axis in file)
            cells = granule[axis].values
            if stored[0] > cells[0] + 0.05 or stored[-1] < cells[-1] - 0.05:
                raise DamagedFile(path, f"its {axis} does not cover the box", remedy)


class _ThreadSession(threading.local):
    """Logged-in session of each thread, since sessions are not safe between threads."""

    def __init__(self, auth: earthaccess.Auth) -> None:
        self.session = auth.get_session()


class GranuleFetcher:
    """Downloads granules and records each answer in the journal; can be used by many threads."""

    def __init__(
        self, auth: earthaccess.Auth, folder: Path, request: ImergRequest, journal: Journal
    ) -> None:
        self.request, self.journal = request, journal
        self._folder, self._local, self._pause = folder, _ThreadSession(auth), SharedPause()
        self._has_account = bool(auth.username)
        self._constraints: dict[str, str] = {}  # by version of the granule
        self._lock = threading.Lock()

    def fetch(self, granule: CatalogueEntry) -> GranuleRecord:
        """Download a granule. A granule that its address does not have is not recorded yet."""
        name = granule.name + ENDINGS[self.request.access]
        begun = time.monotonic()
        try:
            url, result = self._fetch_granule(granule, self._folder / name)
        except AccessRefused as error:
            reason = f"{error}" if self._has_account else f"{error}; {TOKEN_REFUSED}"
            raise AccessRefused(f"{reason}; {ACCOUNT_STEPS}") from None
        except ArchiveBusy as error:
            raise ArchiveBusy(f"{error}; if the service has moved, {self._remedy}") from None
        record = self._record(
            granule.start,
            result,
            # A manifest names a file unless it is missing.
            file="" if result.state == "missing" else name,
            version=granule.version,
            source=url,
            seconds=round(time.monotonic() - begun, 3),
        )
        if result.state != "missing":
            self.journal.add(record)
        return GranuleRecord(record, result.web_page)

    def record_missing(self, start: np.datetime64) -> dict:
        """Record a half-hour that is not in the catalogue."""
        return self.confirm_missing(
            self._record(start, FetchResult("missing", 0, "", "not in the catalogue"))
        )

    def confirm_missing(self, record: dict) -> dict:
        """Add the record of a missing half-hour to the journal."""
        self.journal.add(record)
        return record

    def files_not_found(self, count: int) -> FilesNotFound:
        """Error where the service has none of the granules that the catalogue lists."""
        address = self.request.addresses[self.request.access]
        return FilesNotFound(
            f"{address} does not have any of {count} granules in a row that are in the catalogue "
            f"(status 404 or 410). The service may have moved: {self._remedy}, or choose another "
            "imerg.access. These half-hours are not recorded as missing"
        )

    @property
    def _remedy(self) -> str:
        return f"correct imerg.addresses.{self.request.access} (docs/download.md)"

    def _fetch_granule(self, granule: CatalogueEntry, path: Path) -> tuple[str, FetchResult]:
        """Download a granule; return its address and the result."""
        request = self.request
        names = (request.addresses, granule, request.run, request.version)
        if request.access == "whole":
            url = whole_address(*names)
        elif request.access == "harmony":
            url = harmony_address(request.addresses, granule, request.box)
        else:
            return self._fetch_subset(granule, opendap_address(*names), path)
        return url, self._download(granule, url, path)

    def _fetch_subset(
        self, granule: CatalogueEntry, address: str, path: Path
    ) -> tuple[str, FetchResult]:
        """Download a subset from OPeNDAP.

        Granules of one version have the same variables, so that the description of one of them is
        read, and another one only where a request is refused as faulty.
        """
        known = self._constraints.get(granule.version, "")
        constraint, result = known, None
        if not known:
            constraint, result = self._read_constraint(granule, address)
        url = f"{address}.dap.nc4?dap4.ce={constraint}"
        if result is None:
            result = self._download(granule, url, path)
        if result.refused and known:
            constraint, failed = self._read_constraint(granule, address)
            if not failed and constraint != known:
                url = f"{address}.dap.nc4?dap4.ce={constraint}"
                result = self._download(granule, url, path)
        return url, result

    def _read_constraint(
        self, granule: CatalogueEntry, address: str
    ) -> tuple[str, FetchResult | None]:
        """Constraint for the box, from the description of a granule; or the failed result."""
        request = self.request
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "granule.dmr.xml"
            result = fetch(
                self._local.session,
                f"{address}.dmr.xml",
                path,
                check=read_dmr,
                shared_pause=self._pause,
                retry=request.retry,
                accepts_xml=True,
            )
            if result.state != "present":
                return "", result
            variables = read_dmr(path)
        try:
            constraint = build_constraint(variables, version_fields(request.version), request.box)
        except DamagedFile as error:
            return "", FetchResult("damaged", 0, "", error.reason)
        with self._lock:
            self._constraints[granule.version] = constraint
        return constraint, None

    def _download(self, granule: CatalogueEntry, url: str, path: Path) -> FetchResult:
        """Download a file and check its content."""
        return fetch(
            self._local.session,
            url,
            path,
            check=partial(check_content, start=granule.start, request=self.request),
            shared_pause=self._pause,
            retry=self.request.retry,
        )

    def _record(self, start: np.datetime64, result: FetchResult, **columns: str | float) -> dict:
        return {
            "key": time_key(start),
            "asked": self.request.label,
            "state": result.state,
            "size": result.size,
            "sha256": result.sha256,
            "detail": result.detail,
            **{"file": "", "version": "", "source": "", "seconds": 0.0, **columns},
            "fetched": utc_now(),
        }
