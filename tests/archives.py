"""NASA Earthdata as simulated by the loopback server: login, catalogue and data hosts."""

import base64
import io
import json
import re
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode
from xml.etree import ElementTree

import h5py
import numpy as np
import xarray as xr

from rainscore.config import load_config
from rainscore.download.granulefetcher import ImergRequest
from rainscore.download.transfer import RetryPolicy
from rainscore.grids import Grid
from rainscore.hdf5files import text
from rainscore.imerg.names import granule_name, parse_name
from rainscore.imerg.writer import write_granule
from tests.servers import Answer, Archive, Request

URS = "urs.earthdata.nasa.gov"
CMR = "cmr.earthdata.nasa.gov"
OPENDAP = "opendap.earthdata.nasa.gov"
WHOLE = "data.gesdisc.earthdata.nasa.gov"
HARMONY = "harmony.earthdata.nasa.gov"
ADDRESSES = load_config()["imerg"]["addresses"]
"""Addresses of the services in the default configuration."""

PAGE = b"<!DOCTYPE html>\n<html><title>Earthdata Login</title><body>Approve it</body></html>"
SHORT = {"GPM_3IMERGHH": "final", "GPM_3IMERGHHL": "late", "GPM_3IMERGHHE": "early"}
STORED = Grid("EPSG:4326", -1.0, 45.0, 0.1, 0.1, 24, 16)
"""Cells of the stored granules; their indices are relative to its corner."""

CELLS = Grid("EPSG:4326", -0.5, 45.2, 0.1, 0.1, 12, 9)
QUICK = RetryPolicy(
    attempts=3, first_pause=0.01, max_pause=0.05, read_timeout=2.0, total_timeout=1.0
)
DAY = ("2019-06-03", "2019-06-03T06:00")


def imerg_request(**changes: Any) -> ImergRequest:
    """Request of a small box that gives up quickly; `changes` replace its settings."""
    defaults = {"run": "final", "version": "07", "access": "opendap", "addresses": ADDRESSES}
    return ImergRequest(**{**defaults, "cells": CELLS, "retry": QUICK, **changes})


def stored_granule(name: str) -> bytes:
    """Bytes of a whole granule, equal at each call."""
    parsed = parse_name(name)
    hours = int(parsed.start.astype("datetime64[m]").astype(int)) // 30
    rng = np.random.default_rng(hours)
    rate = rng.gamma(0.3, 2.0, STORED.shape).astype(np.float32)
    codes = {"mw_source": 9.0, "mw_minute": 12.0, "ir_influence": 30.0, "liquid_probability": 100.0}
    names = ["precipitation", "random_error", "mw_precipitation", "ir_precipitation"]
    names += ["precipitation_uncal", "quality_index"]
    fields = dict.fromkeys(names, (("lat", "lon"), rate))
    fields |= {n: (("lat", "lon"), np.full(STORED.shape, code)) for n, code in codes.items()}
    granule = xr.Dataset(fields, {"lat": STORED.y, "lon": STORED.x, "time": parsed.start})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        write_granule(file, granule, run=parsed.run, version=parsed.version)
        return file.read_bytes()


def description(name: str, *, groups: bool) -> bytes:
    """DMR of a granule as OPeNDAP sends it, with or without the groups of the file."""
    root = ElementTree.Element(
        "Dataset", {"xmlns": "http://xml.opendap.org/ns/DAP/4.0#", "name": name}
    )
    with h5py.File(io.BytesIO(stored_granule(name))) as file:
        _describe(file, root, "/" if groups else "")
    return ElementTree.tostring(root, xml_declaration=True, encoding="utf-8")


def _describe(group: h5py.Group, element: ElementTree.Element, prefix: str) -> None:
    for key, node in group.items():
        if isinstance(node, h5py.Group):
            inner = ElementTree.SubElement(element, "Group", name=key) if prefix else element
            _describe(node, inner, f"{prefix}{key}/" if prefix else "")
            continue
        kind = {"f4": "Float32", "i2": "Int16", "i4": "Int32"}.get(node.dtype.str[1:], "Opaque")
        variable = ElementTree.SubElement(element, kind, name=key)
        for dim in text(node.attrs.get("DimensionNames", "")).split(","):
            ElementTree.SubElement(variable, "Dim", name=f"/{'Grid/' if prefix else ''}{dim}")


@lru_cache(maxsize=2000)
def subset(name: str, constraint: str, *, groups: bool) -> bytes | None:
    """File with the variables of a DAP4 constraint; None where one does not exist.

    Args:
        name: File name of the granule.
        constraint: Paths of variables with inclusive indices.
        groups: Whether the service keeps the groups of the file, or has its variables at the root.
    """
    target = io.BytesIO()
    with (
        h5py.File(io.BytesIO(stored_granule(name))) as source,
        h5py.File(target, "w") as part,
    ):
        part.attrs["FileHeader"] = source.attrs["FileHeader"]
        for term in constraint.split(";"):
            path, _, indices = term.removeprefix("/").partition("[")
            prefixes = ("",) if groups else ("Grid/", "Grid/Intermediate/")
            stored = next((source[p + path] for p in prefixes if p + path in source), None)
            if stored is None:
                return None
            data = part.create_dataset(path, data=stored[_slices(stored, f"[{indices}")])
            for key, value in stored.attrs.items():
                if key not in ("DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME"):
                    data.attrs[key] = value
    return target.getvalue()


def _slices(variable: h5py.Dataset, indices: str) -> tuple[slice, ...]:
    """Slices of the stored cells, from inclusive indices on the global grid."""
    origin = {"lon": round((STORED.x0 + 180) * 10), "lat": round((STORED.y0 + 90) * 10), "time": 0}
    dims = variable.attrs["DimensionNames"].decode().split(",")
    out = []
    for dim, index in zip(dims, re.findall(r"\[([\d:]+)\]", indices), strict=False):
        first, _, last = index.partition(":")
        out.append(slice(int(first) - origin[dim], int(last or first) - origin[dim] + 1))
    return tuple(out)


@dataclass
class Earthdata:
    """Simulated login, catalogue and data hosts.

    Attributes:
        times: Half-hours of the archive.
        user, password, token: Account.
        unlisted: Half-hours that are not in the catalogue.
        gone: Half-hours in the catalogue that the data hosts do not have.
        faults: Faults of the answers for a half-hour, in order; with "always" as the last element
            the fault before it is repeated.
        repaired: Half-hours that exist as V07C, too.
        groups: Whether OPeNDAP keeps the groups of a file.
        approved: Whether the account has approved the application.
        keeps_sessions: Whether the data hosts accept their own cookie; otherwise the login is
            redirected without end.
        refuses: Status of all answers of the data hosts, 0 for regular answers.
        retry_after: Header Retry-After of a busy host.
        served: Number of complete transfers of each granule.
        max_simultaneous: Largest number of simultaneous requests for granules.
    """

    times: np.ndarray
    user: str = "ada"
    password: str = "s3cret-word"
    token: str = "t0ken-of-ada"
    unlisted: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    faults: dict[str, list[str]] = field(default_factory=dict)
    repaired: set[str] = field(default_factory=set)
    groups: bool = True
    approved: bool = True
    keeps_sessions: bool = True
    refuses: int = 0
    retry_after: str = "0"
    served: Counter = field(default_factory=Counter)
    max_simultaneous: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def account(self) -> dict[str, str]:
        """Environment variables of the account."""
        return {"EARTHDATA_USERNAME": self.user, "EARTHDATA_PASSWORD": self.password}

    def archives(self) -> dict[str, Archive]:
        """Hosts and their functions."""
        data = dict.fromkeys((OPENDAP, WHOLE, HARMONY), self._data)
        return {URS: self._login, CMR: self._catalogue, **data}

    def _names(self, run: str) -> list[str]:
        names = []
        for when in self.times:
            key = str(when.astype("datetime64[m]"))
            if key not in self.unlisted:
                names.append(granule_name(run, when))
                if key in self.repaired:
                    names.append(granule_name(run, when, "V07C"))
        return names

    def _catalogue(self, request: Request) -> Answer:
        """Answer of CMR in pages of at most `page_size` (2000) granules, with CMR-Search-After."""
        query = request.query
        short, version = query["short_name"][0], query["version"][0]
        span = query["temporal[]"][0].split(",")
        first, last = (np.datetime64(text.rstrip("Z")) for text in span)
        names = [
            name
            for name in (self._names(SHORT[short]) if version == "07" else [])
            if first <= parse_name(name).start + np.timedelta64(1799, "s")
            and parse_name(name).start <= last
        ]
        size = min(int(query["page_size"][0]), 2000)
        begin = int(request.headers.get("cmr-search-after", "0"))
        page = names[begin : begin + size]
        items = [
            {
                "meta": {
                    "concept-id": f"G{parse_name(n).start.astype(int) // 10**9}-GES_DISC",
                    "collection-concept-id": "C2723754847-GES_DISC",
                    "native-id": f"{short}.07:{n}",
                },
                "umm": {
                    "GranuleUR": f"{short}.07:{n}",
                    "DataGranule": {
                        "ArchiveAndDistributionInformation": [
                            {"Name": "Not provided", "Size": 7.8, "SizeUnit": "MB"}
                        ]
                    },
                    "RelatedUrls": [],
                },
            }
            for n in page
        ]
        headers = {"CMR-Hits": str(len(names)), "Content-Type": "application/json"}
        if page:
            headers["CMR-Search-After"] = str(begin + size)
        return Answer(200, json.dumps({"hits": len(names), "items": items}).encode(), headers)

    def _login(self, request: Request) -> Answer:
        """Answer of Earthdata Login: a token for an account, or a redirect with a code."""
        account = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        accepted = request.headers.get("authorization") == f"Basic {account}"
        if request.path == "/api/users/find_or_create_token":
            body = {"access_token": self.token, "expiration_date": "12/31/2030"}
            wrong = {"error": "invalid_credentials", "error_description": "Invalid user"}
            return Answer(
                200 if accepted else 401, json.dumps(body if accepted else wrong).encode()
            )
        if not accepted:
            return Answer(401, b"HTTP Basic: Access denied.", {"WWW-Authenticate": "Basic"})
        if not self.approved:
            return Answer(200, PAGE, {"Content-Type": "text/html"})
        back = request.query["redirect_uri"][0]
        query = urlencode({"code": "c0de", "state": request.query["state"][0]})
        return Answer(302, b"", {"Location": f"{back}?{query}"})

    def _data(self, request: Request) -> Answer:
        """Answer of a data host, which requires the login."""
        if request.path == "/oauth/back":
            target = base64.urlsafe_b64decode(request.query["state"][0]).decode()
            cookie = "session=opened; Path=/; Secure; HttpOnly"
            return Answer(302, b"", {"Location": target, "Set-Cookie": cookie})
        token = request.headers.get("authorization") == f"Bearer {self.token}"
        has_session = self.keeps_sessions and "session=opened" in request.headers.get("cookie", "")
        if not (has_session or (token and self.approved and self.keeps_sessions)):
            return self._to_login(request)
        with self._lock:
            self._now += 1
            self.max_simultaneous = max(self.max_simultaneous, self._now)
        try:
            return self._granule(request)
        finally:
            with self._lock:
                self._now -= 1

    def _to_login(self, request: Request) -> Answer:
        address = f"https://{request.host}{request.path}"
        address += f"?{request.raw_query}" if request.raw_query else ""
        query = {
            "client_id": "gesdisc",
            "response_type": "code",
            "redirect_uri": f"https://{request.host}/oauth/back",
            "state": base64.urlsafe_b64encode(address.encode()).decode(),
        }
        return Answer(302, b"", {"Location": f"https://{URS}/oauth/authorize?{urlencode(query)}"})

    def _granule(self, request: Request) -> Answer:
        if self.refuses:
            return Answer(self.refuses, b'{"error_description": "EULA Acceptance Failure"}')
        name = self._granule_name(request)
        when = parse_name(name).start
        key = str(when.astype("datetime64[m]"))
        if when not in self.times or key in self.gone | self.unlisted:
            return Answer(404, b"no such granule")
        if request.path.endswith(".dmr.xml"):
            return Answer(200, description(name, groups=self.groups), {"Content-Type": "text/xml"})
        with self._lock:
            queue = self.faults.get(key, [])
            fault = queue[0] if queue else ""
            if queue and queue[1:] != ["always"]:
                queue.pop(0)
        if fault.isdigit():
            headers = {"Retry-After": self.retry_after} if fault in ("429", "503") else {}
            return Answer(int(fault), b"busy", headers)
        if fault == "html":
            return Answer(200, PAGE, {"Content-Type": "text/html"})
        if fault == "disguised":  # a web page with the content type of a file
            return Answer(200, PAGE, {"Content-Type": "application/x-netcdf"})
        if fault == "json":
            message = b'{"status": "running", "message": "The job is being processed"}'
            return Answer(200, message, {"Content-Type": "application/json"})
        if fault == "other":
            name = granule_name("final", when + np.timedelta64(30, "m"))
        body = self._body(request, name)
        if body is None:
            return Answer(400, b"Bad request: no such variable")
        if fault == "truncated":
            body = body[: len(body) // 2]
        if fault == "4kB":
            body = body[:4096]
        if not fault:
            with self._lock:
                self.served[key] += 1
        return Answer(200, body, {"Content-Type": "application/x-netcdf"}, fault)

    def _granule_name(self, request: Request) -> str:
        """Name of the requested granule."""
        if request.host == HARMONY:
            seconds = int(request.query["granuleId"][0].removeprefix("G").partition("-")[0])
            return granule_name("final", np.datetime64(seconds, "s").astype("datetime64[ns]"))
        last = unquote(request.path).rsplit("/", 1)[-1].rsplit(":", 1)[-1]
        return last.removesuffix(".dap.nc4").removesuffix(".dmr.xml")

    def _body(self, request: Request, name: str) -> bytes | None:
        if request.host == OPENDAP:
            constraint = unquote(request.raw_query).removeprefix("dap4.ce=")
            return subset(name, constraint, groups=self.groups)
        if request.host == HARMONY and "/collections/all/coverage/rangeset" not in request.path:
            return None
        return stored_granule(name)
