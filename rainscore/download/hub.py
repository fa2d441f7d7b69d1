"""The French radar mosaic from the Hugging Face hub: yearly archives, streamed, not kept."""

import errno
import hashlib
import logging
import re
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

import huggingface_hub
import numpy as np
import pandas as pd
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.hf_api import RepoFile

from rainscore.download.journal import Journal, remove_parts
from rainscore.download.transfer import ArchiveBusy
from rainscore.errors import DamagedFile, RainscoreError
from rainscore.imerg.manifests import COLUMNS, ORIGIN
from rainscore.io import replacing
from rainscore.radar.fr_radar import NAME, FrRadarRainfall
from rainscore.runtime import progress_bar

REPOSITORY = "meteofrance/fr-radar-rainfall"


BLOCK = 16 << 20


PADDING = 1 << 20
"""An archive may end with less than so much padding [bytes]."""


LARGEST = 64 << 20
"""No frame is larger [bytes]; a member that says so is not one."""


log = logging.getLogger("rainscore")


def year_archives(year: str, repository: str = REPOSITORY) -> list[RepoFile]:
    """Archives of a year in the hub, with their sizes.

    Raises:
        ArchiveBusy: The hub does not answer.
        RainscoreError: It has none of that year.
    """
    try:
        tree = huggingface_hub.HfApi().list_repo_tree(
            repository, repo_type="dataset", recursive=True
        )
        files = [f for f in tree if isinstance(f, RepoFile) and f.path.endswith(".tar")]
    except (HfHubHTTPError, OSError) as error:
        raise ArchiveBusy(
            f"huggingface.co: {repository} cannot be listed ({type(error).__name__}); "
            "run again later"
        ) from None
    found = [f for f in files if re.search(rf"(?<!\d){year}", PurePosixPath(f.path).name)]
    if not found:
        names = ", ".join(sorted(f.path for f in files)) or "no archive"
        raise RainscoreError(
            f"{repository} has {names}, none of {year}: choose other months, or radar.source zarr"
        )
    return sorted(found, key=lambda file: file.path)


def fetch_year(
    folder: Path, year: str, months: list[str], repository: str = REPOSITORY
) -> pd.DataFrame:
    """Stream the archives of a year and keep the frames of some months.

    An archive is read once from its start to its end; a second call, also after a kill, goes on
    where the first one stopped. Only members whose name is that of a frame of those months are
    written, under that name in the folder of their month: nothing else in an archive counts.

    Args:
        folder: Where the folders of the months go, and `hub-{year}.jsonl`, which remembers.
        year: Such as `2020`.
        months: Such as `2020-01`.
        repository: Data set of the hub.

    Returns:
        One row a frame: `time` (of its name), `state`, `file` (relative to `folder`), `size`,
        `sha256`, `detail`, `source`, `fetched`.

    Raises:
        ArchiveBusy: The hub cannot be reached; what has arrived is kept.
        RainscoreError: It has no archive of that year, or the disk is too small.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for month in months:
        remove_parts(folder / month)
    journal = Journal(folder / f"hub-{year}.jsonl")
    for archive in year_archives(year, repository):
        begin = resumed(journal, archive, months)
        if begin < archive.size:
            _require_space(folder, (archive.size - begin) * len(months) // 12)
            _stream(folder, repository, archive, begin, months, journal)
    wanted = tuple(f"{month}/" for month in months)
    rows = [r for r in journal.read().values() if r["file"].startswith(wanted)]
    columns = ["key", "state", "file", "size", "sha256", "detail", "source", "fetched"]
    table = pd.DataFrame(rows, columns=columns).sort_values("key", ignore_index=True)
    table.insert(0, "time", pd.to_datetime(table.pop("key"), format="%Y%m%d%H%M").dt.as_unit("ns"))
    return table


def month_manifest(
    frames: pd.DataFrame, times: np.ndarray, *, shift_minutes: int = 0
) -> pd.DataFrame:
    """Build the manifest of a month from the frames of its year.

    Args:
        frames: As `fetch_year` returns them.
        times: Starts of accumulation that the month should have, UTC.
        shift_minutes: From a start of accumulation to the stamp of its frame.
    """
    stamps = pd.DatetimeIndex(times) + pd.Timedelta(minutes=shift_minutes)
    table = frames.set_index("time").reindex(stamps).reset_index(drop=True)
    absent = {"state": "missing", "file": "", "size": 0, "sha256": "", "source": "",
              "detail": "not in the archive"}  # fmt: skip
    table = table.fillna(absent).astype({"size": "int64", "fetched": "datetime64[ns]"})
    table = table.assign(time=times, index=0, version="fr-radar-rainfall")
    return table[COLUMNS + ORIGIN]


def extract_frames(file: IO[bytes], months: list[str]) -> Iterator[tuple[str, bytes | None, int]]:
    """Walk through an archive, from where `file` stands to its end.

    Yields:
        Of each member: the stamp of its frame, its content, and where the next member begins.
        Content is None for what is not a frame of the months.

    Raises:
        tarfile.TarError: It is not an archive, or is cut off.
    """
    with tarfile.open(fileobj=file, mode="r:") as archive:
        while (member := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # else 100 000 stay in memory
            name = NAME.fullmatch(PurePosixPath(member.name).name)
            stamp = name[1] if name and member.isreg() and member.size <= LARGEST else ""
            month = f"{stamp[:4]}-{stamp[4:6]}"
            content = None
            if month in months and (reader := archive.extractfile(member)):
                content = reader.read()
                if len(content) < member.size:
                    raise tarfile.ReadError("unexpected end of data")
            elif not stamp and not member.isdir():
                log.warning("passed over in the archive, not a frame: %.100r", member.name)
            yield stamp, content, archive.offset


def _stream(
    folder: Path,
    repository: str,
    archive: RepoFile,
    begin: int,
    months: list[str],
    journal: Journal,
) -> None:
    """Take the frames of an archive, from an offset on."""
    address = f"datasets/{repository}/{archive.path}"
    log.info("%s: %.1f GB to stream", address, (archive.size - begin) / 1e9)
    entry = {"asked": " ".join(months), "file": ""}
    remembered = begin
    total = archive.size
    bar = progress_bar(desc=archive.path, total=total, initial=begin, unit="B", unit_scale=True)
    try:
        with huggingface_hub.HfFileSystem().open(address, "rb", block_size=BLOCK) as file, bar:
            file.seek(begin)
            end = begin
            for stamp, content, end in extract_frames(file, months):
                if content is not None:
                    journal.add({"key": stamp, "source": address, **_keep(folder, stamp, content)})
                if content is not None or end > remembered + BLOCK:
                    journal.add({"key": archive.path, "end": end, **entry})
                    remembered = end
                bar.update(end - bar.n)
    except (HfHubHTTPError, OSError, tarfile.TarError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise RainscoreError(
                f"{folder}: the disk is full; make room and run again, what has arrived is kept"
            ) from None
        raise ArchiveBusy(
            f"huggingface.co: {archive.path} broke off ({type(error).__name__}); run again later, "
            "what has arrived is kept"
        ) from None
    if archive.size - end > PADDING:
        raise RainscoreError(
            f"{archive.path}: cannot be read as an archive from byte {end} on; delete "
            f"{folder / 'hub-*.jsonl'} and run again, or take radar.source zarr"
        )
    journal.add({"key": archive.path, "end": archive.size, **entry})


def resumed(journal: Journal, archive: RepoFile, months: list[str]) -> int:
    """Where an earlier call, which wanted these months too, stopped."""
    known = journal.read().get(archive.path, {"asked": "", "end": 0})
    return known["end"] if set(months) <= set(known["asked"].split()) else 0


def _keep(folder: Path, stamp: str, content: bytes) -> dict:
    """Check a frame and write it; return its record."""
    name = f"{stamp[:4]}-{stamp[4:6]}/{stamp}.npz"
    state, detail = "present", ""
    try:
        with replacing(folder / name) as part:
            part.write_bytes(content)
            FrRadarRainfall().read(part)
    except DamagedFile as error:
        state, detail = "damaged", error.reason
    return {
        "state": state,
        "file": name,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "detail": detail,
        "fetched": f"{pd.Timestamp.now('UTC').tz_localize(None):%Y-%m-%dT%H:%M:%S}",
    }


def _require_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise RainscoreError(
            f"{folder}: the frames need about {needed / 1e9:.0f} GB and {free / 1e9:.0f} GB are "
            "free; make room, or choose fewer months"
        )
