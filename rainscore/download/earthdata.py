"""NASA Earthdata: login, and the catalogue of granules, by `earthaccess`."""

import os
import warnings
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import earthaccess
import numpy as np
import requests
from earthaccess.exceptions import LoginAttemptFailure, LoginStrategyUnavailable
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from rainscore.download.transfer import AccessRefused, ArchiveBusy
from rainscore.errors import RainscoreError
from rainscore.imerg.names import parse_name

SHORT_NAMES = {"final": "GPM_3IMERGHH", "late": "GPM_3IMERGHHL", "early": "GPM_3IMERGHHE"}


STEPS = (
    "three steps: 1. register at https://urs.earthdata.nasa.gov; 2. in your profile there, under "
    "Applications > Authorized Apps, approve 'NASA GESDISC DATA ARCHIVE'; 3. put 'machine "
    "urs.earthdata.nasa.gov login NAME password WORD' into ~/.netrc (chmod 600), or set "
    "EARTHDATA_USERNAME and EARTHDATA_PASSWORD, or EARTHDATA_TOKEN"
)
"""What a user does to be let in."""


class Listed(NamedTuple):
    """A granule as the catalogue lists it.

    Attributes:
        name: File name in the archive.
        start: Start of the half-hour.
        version: Product version, such as `V07B`.
        id: Identifier of the granule in the catalogue.
        collection: Identifier of its collection.
        megabytes: Size of the whole file.
    """

    name: str
    start: np.datetime64
    version: str
    id: str
    collection: str
    megabytes: float


def login() -> earthaccess.Auth:
    """Log in by the environment if it holds an account or a token, or else by netrc.

    Nothing is written to disk.

    Raises:
        AccessRefused: There is no account, or it is not accepted; says the three steps.
        ArchiveBusy: The login cannot be reached.
    """
    given = os.environ.get("EARTHDATA_TOKEN") or os.environ.get("EARTHDATA_USERNAME")
    auth = earthaccess.Auth()
    try:
        auth.login(strategy="environment" if given else "netrc")
    # What the libraries say may quote the server or the file of the password, so it is left out.
    except LoginStrategyUnavailable:
        raise AccessRefused(f"no Earthdata account was found; {STEPS}") from None
    except LoginAttemptFailure:
        raise AccessRefused(f"Earthdata does not accept the account; {STEPS}") from None
    except requests.RequestException as error:
        raise ArchiveBusy(
            f"urs.earthdata.nasa.gov cannot be reached ({type(error).__name__}); run again later"
        ) from None
    return auth


def search(
    auth: earthaccess.Auth, run: str, version: str, start: np.datetime64, end: np.datetime64
) -> dict[np.datetime64, Listed]:
    """List the granules of [start, end) that the catalogue (CMR) knows, by their start.

    Of several letters of a version (V07B, V07C) the last is taken.

    Raises:
        ArchiveBusy: The catalogue does not answer.
        RainscoreError: It has none in that time.
    """
    query = earthaccess.DataGranules(auth)
    query.session = requests.Session()  # the catalogue is public: no account goes there
    query.session.mount("https://", _Patient(max_retries=_RETRIES))
    last = end - np.timedelta64(1, "s")
    query.parameters(
        short_name=SHORT_NAMES[run],
        version=version,
        temporal=tuple(f"{t.astype('datetime64[s]')}Z" for t in (start, last)),
    )
    try:
        with warnings.catch_warnings(category=FutureWarning, action="ignore"):
            found = query.get(1_000_000)
    except (requests.RequestException, RuntimeError) as error:
        raise ArchiveBusy(
            f"cmr.earthdata.nasa.gov does not answer ({type(error).__name__}); run again later"
        ) from None
    granules = filter(None, map(_listed, found))
    listed = {
        granule.start: granule
        for granule in sorted(granules, key=lambda granule: granule.version)
        if start <= granule.start < end
    }
    if not listed:
        raise RainscoreError(
            f"the catalogue has no granule of {SHORT_NAMES[run]} version {version} from {start} to "
            f"{end}: choose months that the run covers (Final ends some months ago), or another "
            "imerg.run or imerg.version"
        )
    return listed


def _listed(entry: dict) -> Listed | None:
    """Read an entry of the catalogue; None where it is not a granule."""
    meta = entry["meta"]
    # Only the last part of the name counts: it will be a file's.
    name = PurePosixPath(entry["umm"]["GranuleUR"].rpartition(":")[2]).name
    try:
        said = parse_name(name)
    except ValueError:
        return None
    collection, size = meta["collection-concept-id"], float(entry["size"])
    return Listed(name, said.start, said.version, meta["concept-id"], collection, size)


_RETRIES = Retry(total=5, backoff_factor=1, status_forcelist=(429, 502, 503, 504))


class _Patient(HTTPAdapter):
    """Adapter that gives up a silent server, which requests does not by itself."""

    def send(self, *arguments: Any, **options: Any) -> requests.Response:
        """Send with a time limit."""
        return super().send(*arguments, **{**options, "timeout": options.get("timeout") or 60})
