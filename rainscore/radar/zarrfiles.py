"""Zarr stores from unknown sources: checked before anything is decoded."""

import os
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rainscore.errors import DamagedFile

if TYPE_CHECKING:
    import zarr

CODECS = {
    "adler32", "bitround", "blosc", "bytes", "bz2", "crc32", "crc32c", "delta", "fixedscaleoffset",
    "fletcher32", "gzip", "jenkins_lookup3", "lz4", "lzma", "packbits", "quantize",
    "sharding_indexed", "shuffle", "transpose", "vlen-utf8", "zlib", "zstd",
}  # fmt: skip
"""Codecs that decode numbers and text and run no code of the file, unlike `pickle`."""


MAX_VALUES = 100_000_000
"""Number of values of a map or a chunk above which a file is refused."""


MAX_AXIS = 10_000_000
"""Number of values of an axis above which a file is refused: a century of 5-minute frames."""


def check_store(group: "zarr.Group", name: Path | str) -> None:
    """Check the arrays of a store by their metadata.

    Raises:
        DamagedFile: An array has objects of Python, an unknown codec, or a chunk above
            `MAX_VALUES`.
    """
    for array_name, array in group.arrays():
        unknown = sorted(codec_names(array) - CODECS)
        is_text = "vlen-utf8" in codec_names(array)
        if unknown or (array.dtype.kind in "OV" and not is_text):
            raise DamagedFile(
                name,
                f"{array_name} has the type {array.dtype} and the codecs "
                f"{', '.join(unknown) or 'of no text'}, which can run code or are unknown",
                "write the store with numbers and the usual codecs",
            )
        check_sizes(array_name, array.shape, array.chunks, name)


def check_sizes(
    array: str, shape: tuple[int, ...], chunks: tuple[int, ...] | None, file: Path | str
) -> None:
    """Raise DamagedFile if a chunk, a map (last two dims) or an axis is larger than any real one.

    Only the last two dims are limited: an archive may hold any number of maps.
    """
    is_long = len(shape) == 1 and shape[0] > MAX_AXIS
    if is_long or max(prod(shape[-2:]), prod(chunks or ())) > MAX_VALUES:
        raise DamagedFile(
            file,
            f"{array} has the shape {shape} and chunks of {chunks}, more than {MAX_VALUES:,} "
            f"values in a map or a chunk, or than {MAX_AXIS:,} along an axis",
            "write it with smaller maps and chunks; if it is damaged, copy or download it again",
        )


def check_links(store: Path) -> None:
    """Raise DamagedFile if a local store contains symbolic links, which can lead anywhere."""
    for folder, folders, files in os.walk(store):
        for entry in (*folders, *files):
            if (Path(folder) / entry).is_symlink():
                raise DamagedFile(
                    store, f"it contains the link {entry}", "copy the store with its content"
                )


def codec_names(array: "zarr.Array") -> set[str]:
    """Names of the filters, compressors and codecs of an array, also inside of shards."""
    metadata = array.metadata
    if metadata.zarr_format == 2:
        codecs = (*(metadata.filters or ()), metadata.compressor)
        return {str(codec.codec_id) for codec in codecs if codec is not None}
    return _names([codec.to_dict() for codec in metadata.codecs])


def _names(codecs: list) -> set[str]:
    """Names of the codecs in the metadata of Zarr 3, without the prefix of the package."""
    names = set()
    for codec in codecs:
        names.add(str(codec["name"]).removeprefix("numcodecs."))
        configuration = codec.get("configuration", {})
        for inner in ("codecs", "index_codecs"):
            names |= _names(configuration.get(inner, []))
    return names


def read_written(
    array: "zarr.Array", selection: tuple, missing: list[np.generic]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Read a part of an array, and which of its values are in the store.

    A chunk that is not in the store has the array's `fill_value`. The array is read a second time
    with another `fill_value`: values that differ are not in the store.

    Args:
        array: Array of numbers.
        selection: Indices and slices of all dims.
        missing: Stored values that mean missing.

    Returns:
        Stored values, and a mask, False where the store has no value; None where the array's own
        `fill_value` means missing.
    """
    import zarr

    values = np.asarray(array[selection])
    fill = array.metadata.fill_value
    if fill is not None and (fill != fill or fill in missing):  # NaN differs from itself
        return values, None
    other = array.dtype.type(1 if fill is None or fill == 0 else 0)
    metadata = replace(array.metadata, fill_value=other)
    twin: zarr.Array = zarr.Array(zarr.AsyncArray(metadata, array.async_array.store_path))
    again = np.asarray(twin[selection])
    return values, (values == again) | ((values != values) & (again != again))
