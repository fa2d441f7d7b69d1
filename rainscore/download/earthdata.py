"""NASA Earthdata login and catalogue of granules (CMR), with `earthaccess`."""

import netrc
import os
import warnings
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import earthaccess
import numpy as np
import requests
from earthaccess.auth import netrc_path
from earthaccess.exceptions import LoginAttemptFailure, LoginStrategyUnavailable
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from rainscore.download.transfer import RETRY_LATER, AccessRefused, ArchiveBusy
from rainscore.errors import RainscoreError
from rainscore.imerg.names import parse_name

SHORT_NAMES = {"final": "GPM_3IMERGHH", "late": "GPM_3IMERGHHL", "early": "GPM_3IMERGHHE"}

ACCOUNT_STEPS = (
    "access takes three steps: 1. register at https://urs.earthdata.nasa.gov; 2. in your profile "
    "there, under Applications > Authorized Apps, approve 'NASA GESDISC DATA ARCHIVE'; 3. put "
    "'machine urs.earthdata.nasa.gov login NAME password WORD' into ~/.netrc (chmod 600), or set "
    "EARTHDATA_USERNAME and EARTHDATA_PASSWORD, or EARTHDATA_TOKEN"
)
"""Steps to get access, part of the messages about a refused account."""


class CatalogueEntry(NamedTuple):
    """A granule in the catalogue.

    Attributes:
        name: File name in the archive.
        start: Start of the half-hour.
        version: Product version, such as "V07B".
        id: Concept identifier of the granule.
        collection: Concept identifier of its collection.
        megabytes: Size of the whole file [MB].
    """

    name: str
    start: np.datetime64
    version: str
    id: str
    collection: str
    megabytes: float


TOKEN_REFUSED = (
    "EARTHDATA_TOKEN is used without an account, and is refused: a token is valid for 60 days and "
    "its account must have approved the application; create a new token, or unset EARTHDATA_TOKEN "
    "and use the account"
)
"""Reason where the archive refuses a token, part of the message."""


def login() -> earthaccess.Auth:
    """Log in with the account or token in the environment variables, otherwise with netrc.

    Nothing is written to disk.

    Raises:
        AccessRefused: If there is no account or it is refused; the message explains the steps.
        ArchiveBusy: If the login server cannot be reached.
    """
    in_environment = os.environ.get("EARTHDATA_TOKEN") or os.environ.get("EARTHDATA_USERNAME")
    auth = earthaccess.Auth()
    try:
        auth.login(strategy="environment" if in_environment else "netrc")
    # The messages of the libraries are left out, since they may quote an account.
    except LoginStrategyUnavailable as error:
        reason = _missing_account(error.__cause__) if not in_environment else _HALF_ACCOUNT
        raise AccessRefused(f"{reason}; {ACCOUNT_STEPS}") from None
    except LoginAttemptFailure:
        raise AccessRefused(f"Earthdata does not accept the account; {ACCOUNT_STEPS}") from None
    except (OSError, UnicodeError) as error:
        if isinstance(error, requests.RequestException):
            raise ArchiveBusy(
                f"{_URS} cannot be reached, or does not answer with a token "
                f"({type(error).__name__}); {RETRY_LATER}"
            ) from None
        reason = f"{netrc_path()} cannot be read ({type(error).__name__})"
        raise AccessRefused(f"{reason}; {ACCOUNT_STEPS}") from None
    except (KeyError, TypeError):  # JSON without a token
        raise ArchiveBusy(f"{_URS} does not answer with a token; {RETRY_LATER}") from None
    return auth


_URS = "urs.earthdata.nasa.gov"
_HALF_ACCOUNT = "EARTHDATA_USERNAME is set without EARTHDATA_PASSWORD (and without EARTHDATA_TOKEN)"


def _missing_account(cause: BaseException | None) -> str:
    """Reason why there is no account in netrc."""
    path = netrc_path()
    if isinstance(cause, netrc.NetrcParseError):
        return f"{path} cannot be parsed (line {cause.lineno}): correct this line"
    if isinstance(cause, FileNotFoundError):
        return (
            f"there is no Earthdata account: the environment variables are not set and {path} does "
            "not exist"
        )
    return f"{path} has no login and password for the machine {_URS}"


def list_granules(
    auth: earthaccess.Auth, run: str, version: str, start: np.datetime64, end: np.datetime64
) -> dict[np.datetime64, CatalogueEntry]:
    """List the granules in the catalogue (CMR).

    Args:
        auth: Login.
        run: "early", "late" or "final".
        version: Version of the collection, such as "07".
        start, end: Period [start, end), UTC.

    Returns:
        Granules by start of the half-hour. Where a half-hour has several letters of a version
        (V07B, V07C), the last letter.

    Raises:
        ArchiveBusy: If the catalogue does not answer.
        RainscoreError: If the catalogue has no granule in the period.
    """
    query = earthaccess.DataGranules(auth)
    query.session = requests.Session()  # without account: the catalogue is public
    query.session.mount("https://", _TimeoutAdapter(max_retries=_RETRIES))
    last = end - np.timedelta64(1, "s")
    query.parameters(
        short_name=SHORT_NAMES[run],
        version=version,
        temporal=tuple(f"{t.astype('datetime64[s]')}Z" for t in (start, last)),
    )
    try:
        with warnings.catch_warnings(category=FutureWarning, action="ignore"):
            found = list(filter(None, map(_parse, query.get(1_000_000))))
    except (requests.RequestException, RuntimeError, *_UNUSABLE) as error:
        reason = "sends no list of granules" if isinstance(error, _UNUSABLE) else "does not answer"
        raise ArchiveBusy(
            f"cmr.earthdata.nasa.gov {reason} ({type(error).__name__}); {RETRY_LATER}"
        ) from None
    granules = {
        granule.start: granule
        for granule in sorted(found, key=lambda entry: entry.version)
        if start <= granule.start < end
    }
    if not granules:
        raise RainscoreError(
            f"the catalogue has no granule of {SHORT_NAMES[run]} version {version} from {start} to "
            f"{end}: choose a period that the run covers (Final lags by some months), or change "
            "imerg.run or imerg.version"
        )
    return granules


def _parse(entry: dict) -> CatalogueEntry | None:
    """Parse an entry of the catalogue; None where it is not a granule."""
    meta = entry["meta"]
    # The last part of the identifier becomes a file name.
    name = PurePosixPath(entry["umm"]["GranuleUR"].rpartition(":")[2]).name
    try:
        parsed = parse_name(name)
    except ValueError:
        return None
    collection, size = meta["collection-concept-id"], float(entry["size"])
    return CatalogueEntry(name, parsed.start, parsed.version, meta["concept-id"], collection, size)


_UNUSABLE = (KeyError, TypeError, IndexError, ValueError, AttributeError)
"""Errors of a search of the catalogue whose answer is not the expected JSON."""

_RETRIES = Retry(total=5, backoff_factor=1, status_forcelist=(429, 502, 503, 504))


class _TimeoutAdapter(HTTPAdapter):
    """Adapter with a default timeout, which `requests` does not have."""

    def send(self, *arguments: Any, **options: Any) -> requests.Response:
        """Send a request with a timeout of 60 s unless another one is given."""
        return super().send(*arguments, **{**options, "timeout": options.get("timeout") or 60})
