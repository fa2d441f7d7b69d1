"""NetCDF files of regridding weights and their two grids."""

import json
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.sparse import csr_matrix

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.grids import Grid
from rainscore.io import write_netcdf
from rainscore.netcdffiles import open_netcdf
from rainscore.regridding.conservative import Weights

REMEDY = "delete the file, and rerun: compute_weights creates it"


def write_weights(weights: Weights, path: Path | str) -> None:
    """Write weights as a contiguous ragged array (CF conventions), one row per target pixel."""
    matrix = weights.matrix
    dataset = xr.Dataset(
        {
            "entries": (
                "target_pixel",
                np.diff(matrix.indptr).astype(np.int32),
                {
                    "units": "1",
                    "long_name": "number of source pixels that a target pixel touches",
                    "sample_dimension": "entry",
                },
            ),
            "source_pixel": (
                "entry",
                matrix.indices.astype(np.int32),
                {"units": "1", "long_name": "row * columns + column of the source pixel, from 0"},
            ),
            "share": (
                "entry",
                matrix.data,
                {"units": "1", "long_name": "share of the target pixel's area in the source pixel"},
            ),
        },
        attrs={
            "Conventions": "CF-1.11",
            "title": "First-order conservative regridding weights",
            "source_grid": weights.source.to_json(),
            "target_grid": weights.target.to_json(),
        },
    )
    write_netcdf(dataset, path)


def read_weights(path: Path | str, *, source: Grid, target: Grid) -> Weights:
    """Read the weights from `source` to `target`, written by `write_weights`.

    Raises:
        DamagedFile: The file contains no weights.
        RainscoreError: The weights are for other grids.
    """
    try:
        with open_netcdf(path) as file:
            stored = {name: json.loads(file.attrs[f"{name}_grid"]) for name in ("source", "target")}
            starts = np.concatenate([[0], np.cumsum(file["entries"].values, dtype=np.int32)])
            parts = file["share"].values, file["source_pixel"].values, starts
    except DamagedFile as error:
        raise DamagedFile(path, error.reason, REMEDY) from error
    except (KeyError, ValueError) as error:
        raise DamagedFile(path, f"not a file of regridding weights ({error})", REMEDY) from error
    for name, grid in (("source", source), ("target", target)):
        differ = [
            f"{key} {stored[name].get(key)} instead of {value}"
            for key, value in grid.as_dict().items()
            if stored[name].get(key) != value
        ]
        if differ:
            raise RainscoreError(
                f"{path}: weights for another {name} grid ({', '.join(differ)}); {REMEDY}"
            )
    return Weights(source, target, csr_matrix(parts, shape=(target.size, source.size)))
