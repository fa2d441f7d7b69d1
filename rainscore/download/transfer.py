"""Fetching one file over HTTP: patient with busy servers, checked before it takes its name."""

import hashlib
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple

import requests
import urllib3

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.io import replacing

BUSY = (429, 502, 503, 504)


GONE = (404, 410)


BLOCK = 1 << 16


class AccessRefused(RainscoreError):
    """The archive does not let this account in."""


class ArchiveBusy(RainscoreError):
    """The archive cannot be reached, or stays busy longer than we wait."""


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for.

    Attributes:
        tries: Attempts a file.
        pause: First pause after a failure [s]; each further one is twice as long.
        longest: Longest pause, also where the server asks for more [s].
        silence: Longest time without a byte [s].
        deadline: Longest time for a file [s], so that a trickle of bytes ends.
    """

    tries: int = 6
    pause: float = 2.0
    longest: float = 300.0
    silence: float = 60.0
    deadline: float = 900.0


class Fetched(NamedTuple):
    """What became of a file: its state as in a manifest, and its size, digest and fault."""

    state: str
    size: int
    sha256: str
    detail: str
    page: bool = False


class Gate:
    """Lets requests through, unless the server has asked for a pause: then all of them wait."""

    def __init__(self) -> None:
        self._opens = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Wait until the gate is open."""
        while (left := self._opens - time.monotonic()) > 0:
            time.sleep(left)

    def close(self, seconds: float) -> None:
        """Keep the gate closed for so long from now on."""
        with self._lock:
            self._opens = max(self._opens, time.monotonic() + seconds)


class _Failure(Exception):
    """An attempt that failed.

    Args:
        reason: Why.
        busy: The server, not the file, is the reason.
        page: A web page came.
        final: Another attempt would end in the same way.
        after: The pause that the server asks for [s].
    """

    def __init__(
        self,
        reason: str,
        *,
        busy: bool = False,
        page: bool = False,
        final: bool = False,
        after: float = 0.0,
    ) -> None:
        super().__init__(reason)
        self.busy, self.page, self.final, self.after = busy, page, final, after


def fetch(
    session: requests.Session,
    url: str,
    path: Path,
    *,
    check: Callable[[Path], object],
    gate: Gate,
    patience: Patience,
) -> Fetched:
    """Fetch a file, check it, and only then give it its name.

    Args:
        session: Session that is logged in.
        url: Address without secrets: it is written to the manifest.
        path: File to write.
        check: Raises DamagedFile where the content cannot be used.
        gate: Shared by all that ask the same archive.
        patience: How long to wait and how often to try.

    Returns:
        `present`; `missing` where the archive answers that it has no such file; `damaged` where
        every attempt brought something that cannot be used.

    Raises:
        AccessRefused: The archive answers 401 or 403, or sends the login round in circles.
        ArchiveBusy: It cannot be reached, or is still busy after the last attempt.
    """
    failure = _Failure("")
    for attempt in range(patience.tries):
        gate.wait()
        try:
            with replacing(path) as part:
                size, digest = _receive(session, url, part, patience)
                check(part)
        except FileNotFoundError:
            return Fetched("missing", 0, "", "the archive does not have it")
        except DamagedFile as error:
            failure = _Failure(error.reason, page="web page" in error.reason)
        except _Failure as error:
            failure = error
        else:
            return Fetched("present", size, digest, "")
        if failure.final:
            break
        if attempt + 1 < patience.tries:
            wait = min(max(failure.after, patience.pause * 2**attempt), patience.longest)
            wait *= random.uniform(1, 1.2)  # so that those who failed together do not return so
            if failure.busy:
                gate.close(wait)
            else:
                time.sleep(wait)
    if failure.busy:
        raise ArchiveBusy(
            f"{_host(url)}: {failure}, also at attempt {patience.tries}; run again later, what has "
            "arrived is kept"
        )
    return Fetched("damaged", 0, "", f"{failure} (attempt {attempt + 1})", failure.page)


def _receive(
    session: requests.Session, url: str, part: Path, patience: Patience
) -> tuple[int, str]:
    """Write the body of an answer; return its size and SHA-256.

    The texts of the libraries' own errors are left out: they may quote the address of a login.
    """
    try:
        with session.get(url, stream=True, timeout=(20, patience.silence)) as answer:
            _judge(answer, url)
            return _write(answer, part, patience.deadline)
    except requests.TooManyRedirects:
        raise AccessRefused(f"{_host(url)}: the login is sent round in circles") from None
    except (requests.ConnectionError, requests.Timeout) as error:
        raise _Failure(f"no answer ({type(error).__name__})", busy=True) from None
    except requests.RequestException as error:
        raise _Failure(f"no usable answer ({type(error).__name__})") from None
    except urllib3.exceptions.ReadTimeoutError:
        raise _Failure(f"no byte for {patience.silence:g} s") from None
    except urllib3.exceptions.HTTPError:
        raise _Failure("the body was cut off") from None


def _judge(answer: requests.Response, url: str) -> None:
    """Raise where an answer is not the file."""
    status = answer.status_code
    if status in GONE:
        raise FileNotFoundError(url)
    if status in (401, 403):
        raise AccessRefused(f"{_host(url)} answers {status}")
    if status in BUSY:
        after = _seconds(answer.headers.get("Retry-After", ""))
        raise _Failure(f"the server answers {status}", busy=True, after=after)
    if status != 200:
        raise _Failure(f"the server answers {status}", final=status < 500)
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        raise _Failure("the server sends a web page instead of the file", page=True)


def _write(answer: requests.Response, part: Path, deadline: float) -> tuple[int, str]:
    """Write the body as it arrives."""
    size, digest, end = 0, hashlib.sha256(), time.monotonic() + deadline
    with part.open("wb") as file:
        while block := answer.raw.read1(BLOCK, decode_content=True):
            size += file.write(block)
            digest.update(block)
            if time.monotonic() > end:
                raise _Failure(f"not complete after {deadline:g} s")
    return size, digest.hexdigest()


def _seconds(retry_after: str) -> float:
    """Pause that a header Retry-After asks for [s], in either of its forms."""
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return 0.0


def _host(url: str) -> str:
    return url.split("/")[2]
