"""A server on loopback that stands for the real archives, host by host.

Clients reach it as a proxy (HTTPS_PROXY), so they use the archives' real names over TLS, with their
real logins, redirects and cookies; a certificate made for the test stands for the real ones.
Nothing leaves the machine: a host that no archive stands for is answered 502.
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
    """What a client asks."""

    method: str
    host: str
    path: str
    query: dict[str, list[str]]
    raw_query: str
    headers: dict[str, str]


@dataclass
class Answer:
    """What the server says, and how badly it transmits it.

    Attributes:
        fault: `cut` (the connection closes half-way), `long` (more bytes are announced than come),
            `short` (fewer are announced), `slow` (a byte at a time, without end) or none.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""


Archive = Callable[[Request], Answer]


def bytes_range(request: Request, content: bytes) -> Answer:
    """Answer with all of a content, or with the part that the header Range asks for."""
    headers = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
    wanted = request.headers.get("range", "")
    if not wanted:
        return Answer(200, content, headers)
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    start = int(first) if first else len(content) - int(last)
    stop = int(last) + 1 if first and last else len(content)
    if start >= len(content):
        return Answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
    part = content[start:stop]
    headers["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{len(content)}"
    return Answer(206, part, headers)


class Loopback:
    """The server: archives by host, and a log of what was asked.

    Args:
        archives: Host name → archive.
        folder: Where the certificate is made.
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
        """Environment variables under which clients come here, and nowhere else."""
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
                except OSError:  # the client has gone
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
    """Make a certificate for the hosts, and its key; skips the test without openssl."""
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
        pytest.skip("openssl is absent: it makes the certificate of the loopback server")
    return certificate
