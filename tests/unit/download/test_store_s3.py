"""A store in a simulated S3 service, read without an account."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import icechunk
import numpy as np
import pandas as pd
import pytest

from rainscore.download.openstore import open_store
from rainscore.download.storecatalogue import IMERG, StoreSettings
from tests.servers import Answer, Request, bytes_range
from tests.stores import write_imerg

TIMES = pd.date_range("2021-06-01", periods=48, freq="30min")
RAIN = np.round(np.random.default_rng(1).gamma(0.3, 2.0, (48, 20, 20)), 2)


class Bucket(http.server.BaseHTTPRequestHandler):
    """Objects of a folder at /rain/, by GET and HEAD with ranges."""

    protocol_version = "HTTP/1.1"
    folder: Path
    authorised: list[bool]

    def do_HEAD(self) -> None:
        """Answer without the content."""
        self._send("HEAD")

    def do_GET(self) -> None:
        """Answer with the content."""
        self._send("GET")

    def _send(self, method: str) -> None:
        self.authorised.append("authorization" in map(str.lower, self.headers))
        path = self.path.partition("?")[0].removeprefix("/rain/")
        file = self.folder / path
        request = Request(
            method, "", self.path, {}, "", {k.lower(): v for k, v in self.headers.items()}
        )
        answer = Answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        if file.is_file():
            answer = bytes_range(request, file.read_bytes())
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("ETag", '"0"')
        self.send_header("Last-Modified", "Mon, 03 Jun 2024 00:00:00 GMT")
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if method == "GET":
            self.wfile.write(answer.body)

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    """Address of the service, whose folder is `tmp_path`."""
    Bucket.folder, Bucket.authorised = tmp_path, []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_store_in_s3_is_read_without_an_account(
    tmp_path: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = write_imerg(
        tmp_path / "late/v0.1.0.icechunk", TIMES, RAIN, south=30, west=-100, chunks=(48, 10, 10)
    )
    here = functools.partial(
        icechunk.s3_storage, endpoint_url=endpoint, allow_http=True, force_path_style=True
    )
    monkeypatch.setattr(icechunk, "s3_storage", here)
    settings = StoreSettings(
        **{**vars(IMERG), "dataset": "nasa-imerg-analysis-late"}
    ).at("s3://rain/late/v0.1.0.icechunk")  # fmt: skip
    store = open_store(settings, step_minutes=30)
    assert store.snapshot == snapshot
    block = store.read("rain", (slice(5, 7), slice(0, 20), slice(0, 20)))
    np.testing.assert_allclose(block[:, ::-1] * 3600, RAIN[5:7], rtol=2**-8)
    assert Bucket.authorised and not any(Bucket.authorised)
