"""Loopback server that simulates the archives, by host.

Clients use it as a proxy (HTTPS_PROXY), and so use the real host names over TLS, with logins,
redirects and cookies. The certificate is created for the test. No request leaves the machine: the
answer for a host that is not simulated is 502.
"""

import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest


class Request(NamedTuple):
    """Request of a client."""

    method: str
    host: str
    path: str
    query: dict[str, list[str]]
    raw_query: str
    headers: dict[str, str]


@dataclass
class Answer:
    """Answer of the server.

    Attributes:
        status: HTTP status.
        body: Content.
        headers: HTTP headers.
        fault: Fault of the transfer: "cut" (the connection closes half-way), "long" (Content-Length
            is too large), "short" (it is too small), "slow" (byte by byte) or "".
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""


Archive = Callable[[Request], Answer]


def bytes_range(request: Request, content: bytes) -> Answer:
    """Answer with the content, or with the part of it in the header Range."""
    headers = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
    byte_range = request.headers.get("range", "")
    if not byte_range:
        return Answer(200, content, headers)
    first, _, last = byte_range.removeprefix("bytes=").partition("-")
    start = int(first) if first else len(content) - int(last)
    stop = int(last) + 1 if first and last else len(content)
    if start >= len(content):
        return Answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
    part = content[start:stop]
    headers["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{len(content)}"
    return Answer(206, part, headers)


class Loopback:
    """Loopback server, used as a context manager.

    Args:
        archives: Function that answers the requests of a host, by host name.
        folder: Folder for the certificate.

    Attributes:
        log: Requests and the statuses of their answers.
    """

    def __init__(self, archives: dict[str, Archive], folder: Path) -> None:
        self.archives = archives
        self.log: list[tuple[Request, int]] = []
        self._certificate = _certificate(folder, list(archives))
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(self._certificate, folder / "key.pem")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def __enter__(self) -> "Loopback":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that make clients use this server only."""
        proxy = {
            name: f"http://127.0.0.1:{self.port}"
            for kind in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
            for name in (kind, kind.lower())
        }
        trust = dict.fromkeys(
            ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "AWS_CA_BUNDLE"),
            str(self._certificate),
        )
        return {**proxy, **trust, "NO_PROXY": "", "no_proxy": "", "HF_HUB_DISABLE_XET": "1"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60
            host = ""

            def do_CONNECT(self) -> None:
                self.host = self.path.partition(":")[0]
                self.send_response(200)
                self.end_headers()
                try:
                    self.connection = outer._tls.wrap_socket(self.connection, server_side=True)
                except (ssl.SSLError, OSError):
                    self.close_connection = True
                    return
                self.rfile = self.connection.makefile("rb")
                self.wfile = self.connection.makefile("wb", buffering=0)
                self.close_connection = False

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(
                    self.command,
                    self.host or self.headers.get("Host", "").partition(":")[0],
                    parts.path,
                    parse_qs(parts.query),
                    parts.query,
                    {name.lower(): value for name, value in self.headers.items()},
                )
                archive = outer.archives.get(request.host)
                answer = archive(request) if archive else Answer(502)
                outer.log.append((request, answer.status))
                try:
                    self._send(answer)
                except OSError:  # the client has closed the connection
                    self.close_connection = True

            do_GET = do_POST = do_HEAD = _serve

            def _send(self, answer: Answer) -> None:
                more = {"long": 1000, "short": -len(answer.body) // 3}.get(answer.fault, 0)
                length = len(answer.body) + more
                self.send_response(answer.status)
                for name, value in ({"Content-Length": str(length)} | answer.headers).items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command == "HEAD":
                    return
                if answer.fault == "slow":
                    for byte in answer.body[:100]:
                        self.wfile.write(bytes([byte]))
                        time.sleep(0.1)
                    self.close_connection = True
                    return
                half = len(answer.body) // 2
                self.wfile.write(answer.body[:half] if answer.fault == "cut" else answer.body)
                self.close_connection = bool(answer.fault)

            def finish(self) -> None:
                try:
                    if isinstance(self.connection, ssl.SSLSocket):
                        self.connection.close()
                    super().finish()
                except OSError:
                    pass

            def log_message(self, *text: object) -> None:
                pass

        return Handler


def _certificate(folder: Path, hosts: list[str]) -> Path:
    """Create a certificate for the hosts, and its key; skip the test without openssl."""
    certificate = folder / "certificate.pem"
    names = ",".join(f"DNS:{host}" for host in hosts)
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        f"-subj /CN=loopback -addext subjectAltName={names} "
        f"-keyout {folder / 'key.pem'} -out {certificate}"
    )
    try:
        subprocess.run(command.split(), check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed; it creates the certificate of the loopback server")
    return certificate
