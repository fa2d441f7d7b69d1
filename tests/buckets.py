"""The Hugging Face hub and an S3 store as simulated by the loopback server."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import xarray as xr

from rainscore.grids import RADAR_CORNER
from tests.servers import Answer, Archive, Request, bytes_range

HUB = "huggingface.co"
CDN = "cdn-lfs.huggingface.co"
S3 = "object-store.os-api.cci2.ecmwf.int"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def frame_bytes(values: np.ndarray) -> bytes:
    """Bytes of a frame of `fr-radar-rainfall`."""
    out = io.BytesIO()
    np.savez_compressed(out, arr_0=values)
    return out.getvalue()


def tar_bytes(members: dict[str, bytes]) -> bytes:
    """Bytes of a tar archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


class Hub:
    """Simulated data set of the hub: listing, redirect to the content network, ranges of files.

    Args:
        repository: Name of the data set.
        files: Content of the files by name.

    Attributes:
        faults: Faults of the next answers, in order: a status, or a fault of `Answer`.
        sent: Number of bytes sent.
    """

    def __init__(self, repository: str, files: dict[str, bytes]) -> None:
        self.repository, self.files = repository, files
        self.faults: list[str] = []
        self.sent = 0

    def archives(self) -> dict[str, Archive]:
        """Hosts and their functions."""
        return {HUB: self._hub, CDN: self._content}

    def _hub(self, request: Request) -> Answer:
        api = f"/api/datasets/{self.repository}"
        if request.path.startswith(f"/datasets/{self.repository}/resolve/"):
            name = request.path.rsplit("/", 1)[-1]
            return Answer(302, b"", {"Location": f"https://{CDN}/{name}"})
        listed = [
            {
                "type": "file", "oid": "0" * 40, "size": len(content), "path": name,
                "lfs": {"oid": "0" * 64, "size": len(content), "pointerSize": 134},
            }
            for name, content in self.files.items()
        ]  # fmt: skip
        json_type = {"Content-Type": "application/json"}
        if "/tree/" in request.path or "/paths-info/" in request.path:
            return Answer(200, json.dumps(listed).encode(), json_type)
        if request.path.startswith(api):
            info = {"id": self.repository, "sha": COMMIT, "private": False, "tags": [],
                    "siblings": [{"rfilename": name} for name in self.files]}  # fmt: skip
            return Answer(200, json.dumps(info).encode(), json_type)
        return Answer(404)

    def _content(self, request: Request) -> Answer:
        fault = self.faults.pop(0) if self.faults else ""
        if fault.isdigit():
            return Answer(int(fault))
        answer = bytes_range(request, self.files[request.path.rsplit("/", 1)[-1]])
        answer.fault = fault
        self.sent += len(answer.body) if request.method == "GET" else 0
        return answer


class Bucket:
    """Simulated S3 service without accounts, whose objects are the files of a folder.

    Attributes:
        faults: Statuses of the next answers, in order.
        sent: Number of bytes sent.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[int] = []
        self.sent = 0

    def archives(self) -> dict[str, Archive]:
        """Host and its function."""
        return {S3: self._serve}

    def _serve(self, request: Request) -> Answer:
        assert "authorization" not in request.headers
        if self.faults:
            return Answer(self.faults.pop(0), b"")
        file = self.folder / request.path.lstrip("/")
        xml = {"Content-Type": "application/xml"}
        if "list-type" in request.query:  # requested only for names that do not exist
            return Answer(200, b"<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>", xml)
        if not file.is_file():
            return Answer(404, b"<Error><Code>NoSuchKey</Code></Error>", xml)
        answer = bytes_range(request, file.read_bytes())
        answer.headers |= {"ETag": '"0"', "Last-Modified": "Mon, 03 Jun 2024 00:00:00 GMT"}
        self.sent += len(answer.body) if request.method == "GET" else 0
        return answer


def write_store(path: Path, times: np.ndarray, rates: np.ndarray, missing: np.ndarray) -> None:
    """Write a Zarr store in the layout of the French mosaic, with axes of pixel corners.

    Args:
        path: Folder of the store.
        times: Times of the frames, dims (time,).
        rates: Rain rates [mm/h], dims (time, n, n).
        missing: Times in the variable `missing_times`.
    """
    n = rates.shape[1]
    step = 1_536_000 / n
    axis = np.arange(n)
    dataset = xr.Dataset(
        {
            "prate": (("time", "y", "x"), rates.astype(np.float32), {"units": "kg m-2 h-1"}),
            "crs": ((), 0, {"grid_mapping_name": "polar_stereographic"}),
            "missing_times": (("missing",), missing),
        },
        {
            "time": times,
            "x": RADAR_CORNER[0] + axis * step,
            "y": RADAR_CORNER[1] - axis * step,
        },
    )
    minutes = {"units": "minutes since 2020-01-01", "dtype": "int64"}
    encoding = {
        "prate": {"chunks": (1, n, n), "shards": (288, n, n)},
        "time": minutes,
        "missing_times": minutes,
    }
    dataset.to_zarr(path, zarr_format=3, encoding=encoding, consolidated=True)
