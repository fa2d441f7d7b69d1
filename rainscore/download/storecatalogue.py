"""Addresses of the open Icechunk stores of IMERG and MRMS, from the catalogue of dynamical.org."""

import logging
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import requests

from rainscore.errors import RainscoreError

BUCKETS = {"nasa-imerg": "dynamical-nasa-imerg", "noaa-mrms": "dynamical-noaa-mrms"}
"""Buckets of the stores, by the first words of the dataset; used if the catalogue is silent."""

REGION = "us-west-2"
"""Region of the buckets."""

_AWS_HOST = ".s3."
_TIMEOUT = 20  # s
_UNUSABLE = (ValueError, KeyError, TypeError, AttributeError)

log = logging.getLogger("rainscore")


OPTIONS = {
    "address": "--store", "version": "--store", "rain": "--store", "quality": "--store",
    "dataset": "--run", "centre": "--centre",
}  # fmt: skip
"""Options of `rainscore latest` by the setting that they give."""

PLACES = {"centre": "domain.centre", "months": "period.months"}
"""Keys of the configuration outside the section `icechunk`."""


@dataclass(frozen=True)
class StoreSettings:
    """Section `icechunk` of `imerg` or `radar` in the configuration.

    Attributes:
        address: Address of the store (`s3://…` without an account, `https://…`) or a local folder;
            empty for that in the catalogue.
        catalogue: Address of the STAC catalogue.
        dataset: Identifier of the dataset in the catalogue.
        version: Version of the dataset; empty for any.
        rain: Name of the variable of the rain rate.
        quality: Name of the variable of IMERG's quality index; empty for none.
        by_command: Whether they are given by the options of `rainscore latest`.
    """

    address: str
    catalogue: str
    dataset: str
    version: str
    rain: str
    quality: str = ""
    by_command: bool = False

    def at(self, address: str) -> "StoreSettings":
        """The settings with another address."""
        return replace(self, address=address)

    def name_of(self, key: str) -> str:
        """Name by which the user has given a setting, for messages.

        Args:
            key: `centre`, `months`, or the name of an attribute.
        """
        if self.by_command:
            return OPTIONS[key]
        return PLACES.get(key, f"the key {key} of the section icechunk")


IMERG = StoreSettings(
    address="",
    catalogue="https://stac.dynamical.org/catalog.json",
    dataset="nasa-imerg-analysis-{run}",
    version="0.1.0",
    rain="precipitation_surface",
    quality="precipitation_quality_index_surface",
)
"""Default settings of IMERG, as in `config.yaml` (checked by a test)."""


class StorePlace(NamedTuple):
    """Address of a store, and the region of its bucket."""

    address: str
    region: str = REGION


class _NoAnswer(Exception):
    """The catalogue does not answer, or answers with something else."""


def find_store(settings: StoreSettings) -> StorePlace:
    """Find the address of a store: that of the configuration, or that in the catalogue.

    Where the catalogue does not answer, the bucket that held the dataset in August 2026 is used.

    Raises:
        RainscoreError: The catalogue does not have the dataset, or has no Icechunk store of it.
    """
    if settings.address:
        return StorePlace(settings.address)
    try:
        return _in_catalogue(settings)
    except _NoAnswer as error:
        place = _by_convention(settings)
        if place is None:
            raise RainscoreError(
                f"{settings.catalogue}: {error}, and no address of {settings.dataset} is known; "
                f"give the address of the store by {settings.name_of('address')}"
            ) from error
        log.warning("%s: %s; the usual address is used: %s", settings.catalogue, error, place[0])
        return place


def _by_convention(settings: StoreSettings) -> StorePlace | None:
    """Address of a dataset in its usual bucket; None for an unknown dataset or any version."""
    for start, bucket in BUCKETS.items():
        if settings.dataset.startswith(start) and settings.version:
            path = f"{settings.dataset}/v{settings.version}.icechunk"
            return StorePlace(f"s3://{bucket}/{path}")
    return None


def _in_catalogue(settings: StoreSettings) -> StorePlace:
    """Address of the Icechunk store of a collection."""
    catalogue = _get_json(settings.catalogue)
    try:
        children = [link["href"] for link in catalogue["links"] if link["rel"] == "child"]
        by_name = {urljoin("/", href).split("/")[-2]: href for href in map(str, children)}
    except (*_UNUSABLE, IndexError) as error:
        raise _NoAnswer(f"it is not a catalogue ({type(error).__name__})") from error
    if not by_name:
        raise _NoAnswer("it lists no dataset")
    if settings.dataset not in by_name:
        raise RainscoreError(
            f"{settings.catalogue} has no dataset {settings.dataset}; it has "
            f"{', '.join(sorted(by_name))}: correct {settings.name_of('dataset')}"
        )
    address = urljoin(settings.catalogue, by_name[settings.dataset])
    assets = _get_json(address).get("assets")
    if not assets:
        raise _NoAnswer(f"{address} lists nothing")
    return _place(assets, address)


def _place(assets: Any, address: str) -> StorePlace:
    """Address in the assets of a collection: that of the bucket, otherwise the one over HTTPS."""
    for name in ("icechunk", "icechunk-https"):
        try:
            asset = assets[name]
            href = str(asset["href"]).rstrip("/")
        except _UNUSABLE:
            continue
        try:
            region = str(asset["xarray:storage_options"]["client_kwargs"]["region_name"])
        except _UNUSABLE:
            region = REGION
        if href.startswith(("s3://", "https://")):
            return StorePlace(href, region)
    raise RainscoreError(
        f"{address}: the dataset has no Icechunk store; choose another dataset, or give an address"
    )


def _get_json(url: str) -> dict:
    """JSON object at an address."""
    try:
        answer = requests.get(url, timeout=_TIMEOUT, headers={"User-Agent": "rainscore"})
        answer.raise_for_status()
        content = answer.json()
    except requests.RequestException as error:
        raise _NoAnswer(f"the catalogue does not answer ({type(error).__name__})") from None
    if not isinstance(content, dict):
        raise _NoAnswer("the catalogue sends no JSON object")
    return content


def bucket_of(place: StorePlace) -> tuple[str, str, str] | None:
    """Bucket, prefix and region of an address in S3; None for other addresses.

    Addresses of AWS over HTTPS are those of a bucket, too.

    >>> bucket_of(StorePlace("https://rain.s3.us-west-2.amazonaws.com/a/v1.icechunk"))
    ('rain', 'a/v1.icechunk', 'us-west-2')
    """
    parts = urlsplit(place.address)
    prefix = parts.path.strip("/")
    if parts.scheme == "s3":
        return parts.netloc, prefix, place.region
    bucket, is_aws, rest = parts.netloc.partition(_AWS_HOST)
    if is_aws and rest.endswith("amazonaws.com"):
        return bucket, prefix, rest.removesuffix("amazonaws.com").strip(".") or place.region
    return None
