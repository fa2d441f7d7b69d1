"""Download of one file over HTTP, with retries and a check of the content."""

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

from rainscore.download.replies import describe_reply, reply_message
from rainscore.errors import DamagedFile, RainscoreError
from rainscore.io import replacing

RETRY_LATER = "run the workflow again later (files that have arrived are kept)"
"""Remedy of the errors that have no cause on this machine."""

_BUSY = (429, 502, 503, 504)
_MISSING = (404, 410)
_BLOCK = 1 << 16  # bytes
_MESSAGE = 1 << 12  # bytes that are read of the message of a server


class AccessRefused(RainscoreError):
    """The archive refuses the account."""


class ArchiveBusy(RainscoreError):
    """The archive cannot be reached or is busy at every attempt."""


class FilesNotFound(RainscoreError):
    """The archive answers, but has none of the files that its catalogue lists."""


@dataclass(frozen=True)
class RetryPolicy:
    """Retries and time limits of the download of a file.

    Attributes:
        attempts: Number of attempts per file.
        first_pause: Pause after the first failure [s]; doubled after each further failure.
        max_pause: Longest pause, also where the server asks for a longer one [s].
        read_timeout: Longest time without data [s].
        total_timeout: Longest duration of an attempt [s].
    """

    attempts: int = 6
    first_pause: float = 2.0
    max_pause: float = 300.0
    read_timeout: float = 60.0
    total_timeout: float = 900.0

    def pause(self, attempt: int) -> float:
        """Pause after a failed attempt [s], counted from 1."""
        return min(self.first_pause * 2 ** (attempt - 1), self.max_pause)


class FetchResult(NamedTuple):
    """Result of a download.

    Attributes:
        state: "present", "missing" or "damaged", as in a manifest.
        size: Size of the file [bytes], 0 where there is none.
        sha256: SHA-256 digest of the file, empty where there is none.
        detail: Reason where the file is missing or damaged.
        web_page: Whether the server sent a web page instead of the file.
        refused: Whether the server refused the request as faulty (status 400).
    """

    state: str
    size: int
    sha256: str
    detail: str
    web_page: bool = False
    refused: bool = False


class SharedPause:
    """Pause that applies to all connections to an archive."""

    def __init__(self) -> None:
        self._end = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Wait for the end of the pause."""
        while (remaining := self._end - time.monotonic()) > 0:
            time.sleep(remaining)

    def extend(self, seconds: float) -> None:
        """Let the pause last for at least `seconds` from now."""
        with self._lock:
            self._end = max(self._end, time.monotonic() + seconds)


class _AttemptError(Exception):
    """Failed attempt.

    Args:
        reason: Reason of the failure.
        busy: Whether the server is the cause, not the file.
        web_page: Whether a web page arrived.
        refused: Whether the server refuses the request as faulty.
        final: Whether a further attempt would fail in the same way.
        retry_after: Pause that the server asks for [s].
    """

    def __init__(
        self,
        reason: str,
        *,
        busy: bool = False,
        web_page: bool = False,
        refused: bool = False,
        final: bool = False,
        retry_after: float = 0.0,
    ) -> None:
        super().__init__(reason)
        self.busy, self.web_page, self.refused, self.final = busy, web_page, refused, final
        self.retry_after = retry_after


def fetch(
    session: requests.Session,
    url: str,
    path: Path,
    *,
    check: Callable[[Path], object],
    shared_pause: SharedPause,
    retry: RetryPolicy,
    accepts_xml: bool = False,
) -> FetchResult:
    """Download a file; it gets its name only after its content is checked.

    Args:
        session: Session that is logged in.
        url: Address, without secrets, since it is written to the manifest.
        path: File to write.
        check: Function that raises DamagedFile where the content cannot be used.
        shared_pause: Pause shared by all connections to the archive.
        retry: Retries and time limits.
        accepts_xml: Whether the file is XML; otherwise XML is a message of the server.

    Returns:
        Result with the state "present", "missing" where the archive does not have the file, or
        "damaged" where no attempt brought a usable file.

    Raises:
        AccessRefused: If the archive answers 401 or 403, or redirects the login without end.
        ArchiveBusy: If the archive cannot be reached or is busy at the last attempt.
    """
    failure = _AttemptError("")
    for attempt in range(1, retry.attempts + 1):
        shared_pause.wait()
        try:
            return _attempt(session, url, path, check, retry, accepts_xml)
        except _AttemptError as error:
            failure = error
        if failure.final:
            break
        if attempt < retry.attempts:
            seconds = min(max(failure.retry_after, retry.pause(attempt)), retry.max_pause)
            seconds *= random.uniform(1, 1.2)  # so that connections do not retry all at once
            if failure.busy:
                shared_pause.extend(seconds)
            else:
                time.sleep(seconds)
    if failure.busy:
        raise ArchiveBusy(
            f"{_host(url)}: {failure}, in all {retry.attempts} attempts; {RETRY_LATER}"
        )
    detail = f"{failure} (attempt {attempt})"
    return FetchResult("damaged", 0, "", detail, failure.web_page, failure.refused)


def _attempt(
    session: requests.Session,
    url: str,
    path: Path,
    check: Callable[[Path], object],
    retry: RetryPolicy,
    accepts_xml: bool,
) -> FetchResult:
    """Download and check a file once."""
    try:
        with replacing(path) as partial:
            size, digest = _receive(session, url, partial, retry, accepts_xml)
            check(partial)
    except _FileAbsent:
        return FetchResult("missing", 0, "", "the archive does not have it")
    except DamagedFile as error:
        raise _AttemptError(error.reason) from None
    return FetchResult("present", size, digest, "")


class _FileAbsent(Exception):
    """The archive does not have the file."""


def _receive(
    session: requests.Session, url: str, partial: Path, retry: RetryPolicy, accepts_xml: bool
) -> tuple[int, str]:
    """Write the body of an answer; return its size and SHA-256.

    The messages of the libraries are left out, since they may quote the address of a login.
    """
    try:
        with session.get(url, stream=True, timeout=(20, retry.read_timeout)) as answer:
            _check_answer(answer, url)
            return _write(answer, partial, retry.total_timeout, accepts_xml)
    except requests.TooManyRedirects:
        raise AccessRefused(f"{_host(url)}: the login is redirected without end") from None
    except (requests.ConnectionError, requests.Timeout) as error:
        raise _AttemptError(f"no answer ({type(error).__name__})", busy=True) from None
    except requests.RequestException as error:
        raise _AttemptError(f"no usable answer ({type(error).__name__})") from None
    except urllib3.exceptions.ReadTimeoutError:
        raise _AttemptError(f"no data for {retry.read_timeout:g} s") from None
    except urllib3.exceptions.HTTPError:
        raise _AttemptError("the transfer was cut off") from None


def _check_answer(answer: requests.Response, url: str) -> None:
    """Raise where an answer does not hold the file."""
    status = answer.status_code
    if status in _MISSING:
        raise _FileAbsent
    if status in _BUSY:
        retry_after = _seconds(answer.headers.get("Retry-After", ""))
        raise _AttemptError(f"the server answers {status}", busy=True, retry_after=retry_after)
    if status != 200:
        reason = f"answers {status}{reply_message(answer.raw.read(_MESSAGE, decode_content=True))}"
        if status in (401, 403):
            raise AccessRefused(f"{_host(url)} {reason}")
        raise _AttemptError(f"the server {reason}", final=status < 500, refused=status == 400)


def _write(
    answer: requests.Response, partial: Path, total_timeout: float, accepts_xml: bool
) -> tuple[int, str]:
    """Write the body as it arrives; return its size and SHA-256."""
    size, digest, end = 0, hashlib.sha256(), time.monotonic() + total_timeout
    is_html = answer.headers.get("Content-Type", "").partition(";")[0].strip() == "text/html"
    with partial.open("wb") as file:
        while block := answer.raw.read1(_BLOCK, decode_content=True):
            if size == 0:
                _check_start(block, is_html, accepts_xml)
            size += file.write(block)
            digest.update(block)
            if time.monotonic() > end:
                raise _AttemptError(f"not complete after {total_timeout:g} s")
    return size, digest.hexdigest()


def _check_start(block: bytes, is_html: bool, accepts_xml: bool) -> None:
    """Raise where the first bytes are those of a text that the server sends in place of a file."""
    reply = describe_reply(block, accepts_xml=accepts_xml)
    if not reply and is_html:
        reply = "a web page"
    if reply:
        kind, _, message = reply.partition(": ")
        reason = f"the server sends {kind} instead of the file" + (
            f": {message}" if message else ""
        )
        raise _AttemptError(reason, web_page=kind == "a web page")


def _seconds(retry_after: str) -> float:
    """Pause that a Retry-After header asks for [s], given in seconds or as a date."""
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return 0.0


def _host(url: str) -> str:
    return url.split("/")[2]
