"""Access to Icechunk repositories with the optional package icechunk, and its errors."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from zarr.abc.store import Store

from rainscore.download.storecatalogue import StorePlace, bucket_of
from rainscore.download.transfer import ArchiveBusy
from rainscore.errors import RainscoreError
from rainscore.paths import CHECKOUT

NEEDS_V2 = (
    "the store is in the format of Icechunk 2, which needs the package icechunk 2 and Python 3.12 "
    "or newer (there, in the folder of rainscore: pip install '.[open-data]'); docs/download.md"
)

_LATER = "try again later (files that have arrived are kept)"

log = logging.getLogger("rainscore")


def _package() -> Any:
    """The package icechunk, which is optional."""
    try:
        import icechunk
    except ImportError as error:
        raise RainscoreError(
            "reading open stores needs the package icechunk: in the folder of rainscore, pip "
            "install '.[open-data]' (Python 3.12 or newer; docs/download.md)"
        ) from error
    icechunk.set_logs_filter("error")
    return icechunk


@contextmanager
def store_errors(address: str) -> Iterator[None]:
    """Convert the errors of icechunk and of the network.

    Args:
        address: Address of the store, for the messages.

    Raises:
        ArchiveBusy: The store cannot be reached or read.
        RainscoreError: There is no store, or it needs a newer package.
    """
    icechunk = _package()
    try:
        yield
    except icechunk.IcechunkError as error:
        text = str(error)
        if "v2 format" in text or "spec version" in text:
            raise RainscoreError(f"{address}: {NEEDS_V2}") from None
        if "doesn't exist" in text:
            raise RainscoreError(
                f"{address}: there is no Icechunk store; correct the address, or the dataset and "
                "its version"
            ) from None
        raise ArchiveBusy(
            f"{address}: the store cannot be read ({_cause(text)}); check the network, and {_LATER}"
        ) from None
    except (OSError, TimeoutError) as error:
        raise ArchiveBusy(
            f"{address}: the store cannot be read ({type(error).__name__}); {_LATER}"
        ) from None


def _cause(text: str) -> str:
    """Last cause in the message of icechunk, which has several lines, and a list of calls."""
    message = text.partition("\ncontext:")[0]
    lines = [line.strip(" |`->x") for line in message.splitlines() if line.strip(" |`->x")]
    return lines[-1][:200] if lines else "no reason given"


def open_snapshot(place: StorePlace, snapshot: str | None) -> tuple[Store, str]:
    """Open a snapshot of a repository for reading.

    Args:
        place: Address of the repository.
        snapshot: Identifier of the snapshot; None, or one that no longer exists, for the newest.

    Returns:
        Zarr store, and the identifier of its snapshot.

    Raises:
        RainscoreError: The package icechunk or the folder does not exist, or the package is too
            old for the address.
    """
    icechunk = _package()
    repository = icechunk.Repository.open(_storage(place))
    if snapshot is not None:
        try:
            return repository.readonly_session(snapshot_id=snapshot).store, snapshot
        except icechunk.IcechunkError:
            log.info("%s: the snapshot %s no longer exists", place.address, snapshot)
    session = repository.readonly_session("main")
    return session.store, session.snapshot_id


def _storage(place: StorePlace) -> Any:
    """Storage of icechunk at an address."""
    icechunk, address = _package(), place.address
    if "://" not in address:
        folder = CHECKOUT / address
        if not folder.is_dir():  # icechunk would create it
            raise RainscoreError(f"{folder}: no such folder; correct the address of the store")
        return icechunk.local_filesystem_storage(str(folder))
    in_s3 = bucket_of(place)
    if in_s3 is not None:
        bucket, prefix, region = in_s3
        return icechunk.s3_storage(bucket=bucket, prefix=prefix, region=region, anonymous=True)
    if not hasattr(icechunk, "http_storage"):
        raise RainscoreError(f"{address}: {NEEDS_V2}")
    return icechunk.http_storage(address)
