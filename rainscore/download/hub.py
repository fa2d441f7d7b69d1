"""Download of the French radar mosaic from the yearly archives in the Hugging Face hub."""

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

from rainscore.download.amounts import size_text
from rainscore.download.journal import Journal, utc_now
from rainscore.download.transfer import RETRY_LATER, ArchiveBusy
from rainscore.errors import DamagedFile, RainscoreError
from rainscore.imerg.manifests import COLUMNS, ORIGIN
from rainscore.io import replacing
from rainscore.radar.fr_radar import FRAME_NAME, FrRadarRainfall
from rainscore.runtime import progress_bar
from rainscore.writing import disk_is_full, remove_partial_files

REPOSITORY = "meteofrance/fr-radar-rainfall"

BLOCK = 16 << 20
"""Size of the blocks in which an archive is read [bytes]."""

MAX_PADDING = 1 << 20
"""Largest padding at the end of an archive [bytes]."""

MAX_FRAME = 64 << 20
"""Largest size of a frame [bytes]; larger members are not frames."""

log = logging.getLogger("rainscore")


def year_archives(year: str, repository: str = REPOSITORY) -> list[RepoFile]:
    """List the archives of a year in the hub, with their sizes.

    Raises:
        ArchiveBusy: If the hub does not answer.
        RainscoreError: If the hub has no archive of the year.
    """
    try:
        tree = huggingface_hub.HfApi().list_repo_tree(
            repository, repo_type="dataset", recursive=True
        )
        files = [f for f in tree if isinstance(f, RepoFile) and f.path.endswith(".tar")]
    except (HfHubHTTPError, OSError) as error:
        raise ArchiveBusy(
            f"huggingface.co: {repository} cannot be listed ({type(error).__name__}); {RETRY_LATER}"
        ) from None
    of_year = [f for f in files if re.search(rf"(?<!\d){year}", PurePosixPath(f.path).name)]
    if not of_year:
        names = ", ".join(sorted(f.path for f in files)) or "no archive"
        raise RainscoreError(
            f"{repository} has {names}, and none of {year}: choose other months in "
            "period.months, or radar.source: zarr"
        )
    return sorted(of_year, key=lambda file: file.path)


def fetch_year(
    folder: Path, year: str, months: list[str], repository: str = REPOSITORY
) -> pd.DataFrame:
    """Stream the archives of a year and write the frames of some months.

    The archives are not stored. A second call, also after a kill, resumes where the first one
    stopped. A member of an archive is written only if its name is that of a frame of these months,
    under that name in the folder of its month.

    Args:
        folder: Folder of the months and of the journal `hub-{year}.jsonl`.
        year: Year, such as "2020".
        months: Months, such as "2020-01".
        repository: Data set in the hub.

    Returns:
        Table with one row per frame: `time` (from its name), `state`, `file` (relative to
        `folder`), `size`, `sha256`, `detail`, `source`, `fetched`.

    Raises:
        ArchiveBusy: If the hub cannot be reached; frames that have arrived are kept.
        RainscoreError: If the hub has no archive of the year, or there is not enough disk space.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for month in months:
        remove_partial_files(folder / month)
    journal = Journal(folder / f"hub-{year}.jsonl")
    for archive in year_archives(year, repository):
        begin = resume_offset(journal, archive, months)
        if begin < archive.size:
            _require_space(folder, (archive.size - begin) * len(months) // 12)
            _stream(folder, repository, archive, begin, months, journal)
    rows = [r for r in journal.read().values() if PurePosixPath(r["file"]).parent.name in months]
    columns = ["key", "state", "file", "size", "sha256", "detail", "source", "fetched"]
    table = pd.DataFrame(rows, columns=columns).sort_values("key", ignore_index=True)
    table.insert(0, "time", pd.to_datetime(table.pop("key"), format="%Y%m%d%H%M").dt.as_unit("ns"))
    return table


def month_manifest(
    frames: pd.DataFrame, times: np.ndarray, *, shift_minutes: int = 0
) -> pd.DataFrame:
    """Build the manifest of a month from the frames of its year.

    Args:
        frames: Table of frames, from `fetch_year`.
        times: Expected starts of accumulation, UTC.
        shift_minutes: Time from the start of accumulation to the time of the frame [min].
    """
    frame_times = pd.DatetimeIndex(times) + pd.Timedelta(minutes=shift_minutes)
    table = frames.set_index("time").reindex(frame_times).reset_index(drop=True)
    absent = {"state": "missing", "file": "", "size": 0, "sha256": "", "source": "",
              "detail": "not in the archive"}  # fmt: skip
    table = table.fillna(absent).astype({"size": "int64", "fetched": "datetime64[ns]"})
    table = table.assign(time=times, index=0, version="fr-radar-rainfall")
    return table[COLUMNS + ORIGIN]


def extract_frames(file: IO[bytes], months: list[str]) -> Iterator[tuple[str, bytes | None, int]]:
    """Read an archive from the current position of a file to its end.

    Yields:
        For each member: the time stamp of its frame (empty if it is not a frame), its content (None
        if it is not a frame of the months), and the offset of the next member.

    Raises:
        tarfile.TarError: If the file is not an archive or is truncated.
    """
    with tarfile.open(fileobj=file, mode="r:") as archive:
        while (member := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # or 100 000 stay in memory
            name = FRAME_NAME.fullmatch(PurePosixPath(member.name).name)
            stamp = name[1] if name and member.isreg() and member.size <= MAX_FRAME else ""
            month = f"{stamp[:4]}-{stamp[4:6]}"
            content = None
            if month in months and (reader := archive.extractfile(member)):
                content = reader.read()
                if len(content) < member.size:
                    raise tarfile.ReadError("unexpected end of data")
            elif not stamp and not member.isdir():
                log.warning("ignored in the archive, not a frame: %.100r", member.name)
            yield stamp, content, archive.offset


def _stream(
    folder: Path,
    repository: str,
    archive: RepoFile,
    begin: int,
    months: list[str],
    journal: Journal,
) -> None:
    """Write the frames of an archive from an offset on."""
    address = f"datasets/{repository}/{archive.path}"
    log.info("%s: %s to stream", address, size_text(archive.size - begin))
    entry = {"asked": " ".join(months), "file": ""}
    recorded_end = begin
    total = archive.size
    bar = progress_bar(desc=archive.path, total=total, initial=begin, unit="B", unit_scale=True)
    try:
        with huggingface_hub.HfFileSystem().open(address, "rb", block_size=BLOCK) as file, bar:
            file.seek(begin)
            end = begin
            for stamp, content, end in extract_frames(file, months):
                if content is not None:
                    record = _write_frame(folder, stamp, content)
                    journal.add({"key": stamp, "source": address, **record})
                if content is not None or end > recorded_end + BLOCK:
                    journal.add({"key": archive.path, "end": end, **entry})
                    recorded_end = end
                bar.update(end - bar.n)
    except (HfHubHTTPError, OSError, tarfile.TarError) as error:
        raise _stream_error(error, folder, archive.path) from None
    if archive.size - end > MAX_PADDING:
        raise RainscoreError(
            f"{archive.path}: not readable as an archive from byte {end} on; delete "
            f"{journal.path} and run the workflow again, or use radar.source: zarr"
        )
    journal.add({"key": archive.path, "end": archive.size, **entry})


def _stream_error(error: Exception, folder: Path, name: str) -> RainscoreError:
    """Error for the user, given the error that ended the transfer of an archive."""
    if disk_is_full(error):  # the journal could not be written
        return RainscoreError(
            f"{folder}: the disk is full; free some space and run the workflow again "
            "(frames that have arrived are kept)"
        )
    return ArchiveBusy(
        f"huggingface.co: the transfer of {name} was interrupted ({type(error).__name__}); "
        f"{RETRY_LATER}"
    )


def resume_offset(journal: Journal, archive: RepoFile, months: list[str]) -> int:
    """Offset at which to resume an archive [bytes]: 0 unless an earlier call had these months."""
    entry = journal.read().get(archive.path, {"asked": "", "end": 0})
    return entry["end"] if set(months) <= set(entry["asked"].split()) else 0


def _write_frame(folder: Path, stamp: str, content: bytes) -> dict:
    """Check a frame and write it; return its record."""
    name = f"{stamp[:4]}-{stamp[4:6]}/{stamp}.npz"
    state, detail = "present", ""
    try:
        with replacing(folder / name) as partial:
            partial.write_bytes(content)
            FrRadarRainfall().read(partial)
    except DamagedFile as error:
        state, detail = "damaged", error.reason
    return {
        "state": state,
        "file": name,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "detail": detail,
        "fetched": utc_now(),
    }


def _require_space(folder: Path, needed: int) -> None:
    """Raise RainscoreError where the disk has less free space than needed [bytes]."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise RainscoreError(
            f"{folder}: the frames need about {size_text(needed)}, but only "
            f"{size_text(free)} are free; free some space, or choose fewer months"
        )
