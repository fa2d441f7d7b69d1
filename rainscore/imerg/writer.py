"""Granules in the exact layout of IMERG V07, cut to a box, for simulated satellites.

A file is the same but for its data, its time and its header, so its structure is built once, kept
as an HDF5 image in memory, and only the data, the time and the header are written for each one.
"""

import threading
import zlib
from functools import lru_cache
from pathlib import Path

import h5py
import numpy as np
import xarray as xr

from rainscore.imerg.names import RUNS
from rainscore.imerg.reader import SIMULATION, Box
from rainscore.io import replacing
from rainscore.times import HALF_HOUR

EPOCH = np.datetime64("1980-01-06", "ns")


SUFFIXES = {run: suffix or "" for suffix, run in RUNS.items()}


SINCE = "seconds since 1980-01-06 00:00:00 UTC"


NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable.         2"


INDENT = "\n                        "
"""The archive's descriptions keep the line breaks and indents of the text they were cut from."""


VARIABLES: dict[str, tuple[str, type, str, str]] = {
    "precipitation": (
        "precipitation",
        np.float32,
        "mm/hr",
        f"\nComplete merged microwave-infrared (gauge-adjusted){INDENT}"
        "precipitation estimate;  formerly precipitationCal\n",
    ),
    "random_error": (
        "randomError",
        np.float32,
        "mm/hr",
        f"\nRoot-mean-square error estimate for {INDENT}"
        f"complete merged microwave-infrared (gauge-adjusted){INDENT}precipitation\n",
    ),
    "liquid_probability": (
        "probabilityLiquidPrecipitation",
        np.int16,
        "percent",
        f"\nProbability of liquid precipitation;  estimated with{INDENT}"
        "a diagnostic parameterization using ancillary data\n",
    ),
    "quality_index": (
        "precipitationQualityIndex",
        np.float32,
        "",
        f"\nPrecipitation quality index; qualitative indicator{INDENT}"
        "of skill based on the microwave-infrared merging process\n",
    ),
    "mw_precipitation": (
        "Intermediate/MWprecipitation",
        np.float32,
        "mm/hr",
        f"Observed merged microwave precipitation estimate;{INDENT}formerly HQprecipitation",
    ),
    "mw_source": (
        "Intermediate/MWprecipSource",
        np.int16,
        "",
        f"Observed merged microwave satellite source;{INDENT}formerly HQprecipSource",
    ),
    "mw_minute": (
        "Intermediate/MWobservationTime",
        np.int16,
        "minutes",
        f"\nObserved merged microwave observation time after{INDENT}"
        "dataset start time;  formerly HQobservationTime\n",
    ),
    "ir_precipitation": (
        "Intermediate/IRprecipitation",
        np.float32,
        "mm/hr",
        "Infrared precipitation estimate",
    ),
    "ir_influence": (
        "Intermediate/IRinfluence",
        np.int16,
        "",
        f"\nRelative influence of infrared precipitation in the merged{INDENT}"
        "microwave-infrared precipitation estimate\n",
    ),
    "precipitation_uncal": (
        "Intermediate/precipitationUncal",
        np.float32,
        "mm/hr",
        f"Merged microwave-infrared {INDENT}precipitation estimate",
    ),
}
"""Field → variable below /Grid, type, unit, description."""


AXES = {
    "lon": {
        "LongName": "Longitude at the center of\n\t\t\t0.10 degree grid intervals of longitude "
        "\n\t\t\tfrom -180 to 180.",
        "units": "degrees_east",
        "axis": "X",
        "bounds": "lon_bnds",
        "standard_name": "longitude",
    },
    "lat": {
        "LongName": "Latitude at the center of\n\t\t\t0.10 degree grid intervals of latitude"
        "\n\t\t\tfrom -90 to 90.",
        "units": "degrees_north",
        "axis": "Y",
        "bounds": "lat_bnds",
        "standard_name": "latitude",
    },
    "time": {
        "LongName": f"\nRepresentative time of data in \n\t\t\t{SINCE}."
        "\n\t\t\tThe calculation of time does not add leap seconds."
        "\n\t\t\tThe difference due to leap seconds grows with time "
        "\n\t\t\tand in 2019 is less than 30 seconds.\n",
        "units": SINCE,
        "axis": "T",
        "bounds": "time_bnds",
        "calendar": "julian",
        "standard_name": "time",
    },
}


PAIRS = {"lon": ("lonv", "longitude"), "lat": ("latv", "latitude"), "time": ("nv", "time")}
"""Axis → dimension of length 2 of its bounds, and the axis in full."""


GRID_HEADER = (
    "BinMethod=ARITHMETIC_MEAN;\nRegistration=CENTER;\nLatitudeResolution=0.1;\n"
    "LongitudeResolution=0.1;\nNorthBoundingCoordinate=90;\nSouthBoundingCoordinate=-90;\n"
    "EastBoundingCoordinate=180;\nWestBoundingCoordinate=-180;\nOrigin=SOUTHWEST;\n"
)


FILE_INFO = (
    "DataFormatVersion=7e;\nTKCodeBuildVersion=0;\nMetadataVersion=7e;\n"
    "FormatPackage=HDF5-1.10.5;\nBlueprintFilename=GPM.V7.3IMERGHH.blueprint.xml;\n"
    "BlueprintVersion=BV_69;\nTKIOVersion=3.100;\nMetadataStyle=PVL;\nEndianType=LITTLE_ENDIAN;\n"
)


def granule_name(run: str, start: np.datetime64, version: str = "V07B") -> str:
    """Name that GES DISC gives a granule.

    Args:
        run: `final`, `late` or `early`.
        start: Start of the half-hour, UTC.
        version: Product version.

    >>> granule_name("late", np.datetime64("2019-06-02T10:30"))
    '3B-HHR-L.MS.MRG.3IMERG.20190602-S103000-E105959.0630.V07B.HDF5'
    """
    day, clock = str(start.astype("datetime64[m]")).split("T")
    end = str(start.astype("datetime64[s]") + HALF_HOUR - 1).split("T")[1]
    minute = int(clock[:2]) * 60 + int(clock[3:])
    return (
        f"3B-HHR{SUFFIXES[run]}.MS.MRG.3IMERG.{day.replace('-', '')}-S{clock.replace(':', '')}00"
        f"-E{end.replace(':', '')}.{minute:04d}.{version}.HDF5"
    )


def write_granule(
    path: Path | str, dataset: xr.Dataset, *, run: str, version: str = "V07B", level: int = 1
) -> None:
    """Write a dataset as an IMERG V07 granule, whole or not at all. Threads may write at once.

    Args:
        path: File to write; `granule_name` gives the archive's name.
        dataset: The fields of `VARIABLES`, dims (lat, lon), in the units of a granule that
            `rainscore.imerg` reads (`precipitation_uncal`: mm/h), NaN where missing; `lat` and
            `lon` are the centres of IMERG's cells, ascending; scalar coordinate `time` is the start
            of the half-hour.
        run: `final`, `late` or `early`.
        version: Product version.
        level: Deflate level, 1 to 9.
    """
    start = np.datetime64(dataset["time"].values.astype("datetime64[ns]").item(), "ns")
    lat, lon = dataset["lat"].values, dataset["lon"].values
    box = Box(round(lat[0] * 10 + 899.5), round(lon[0] * 10 + 1799.5), lat.size, lon.size)
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fapl_core(backing_store=False)
    access.set_file_image(_image(box, run, version, level))
    file = h5py.File(h5py.h5f.open(_memory_name(), h5py.h5f.ACC_RDWR, access))
    with file:
        header = np.bytes_(_header(run, start, version))
        h5py.h5a.open(file.id, b"FileHeader").write(np.array(header))
        grid = file["Grid"]
        seconds = int((start - EPOCH) // np.timedelta64(1, "s"))
        grid["time"][:] = seconds
        grid["time_bnds"][:] = seconds, seconds + 1800
        for field, (variable, dtype, _, _) in VARIABLES.items():
            data = _encode(dataset[field].values, dtype)
            # The chunk is the whole field: compressed here, it passes HDF5's slow filter by.
            grid[variable].id.write_direct_chunk((0, 0, 0), zlib.compress(data, level))
        file.flush()
        content = file.id.get_file_image()
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def _memory_name() -> bytes:
    """Name of a file in memory: to HDF5, images of one name are one file, also between threads."""
    return f"granule of thread {threading.get_ident()}".encode()


def _encode(values: np.ndarray, dtype: type) -> bytes:
    """Bytes of a field (lat, lon), NaN where missing, in the file's order (lon, lat)."""
    fill = -9999.9 if dtype is np.float32 else -9999
    values = values if dtype is np.float32 else np.round(values)
    return np.where(np.isnan(values), fill, values).T.astype(dtype).tobytes()


def _header(run: str, start: np.datetime64, version: str) -> str:
    """Header of a granule; its length is the same for all of one run."""
    stop = f"{start.astype('datetime64[s]') + HALF_HOUR - 1}.999Z"
    return (
        f"DOI=10.5067/GPM/IMERG/3B-HH{SUFFIXES[run]}/07;\nDOIauthority=http://dx.doi.org/;\n"
        "DOIshortName=3IMERGHH;\nAlgorithmID=3IMERGHH;\nAlgorithmVersion=3IMERGH_7.0;\n"
        f"FileName={granule_name(run, start, version)};\n"
        "SatelliteName=MULTI;\nInstrumentName=MERGED;\n"
        # The time of writing would make two identical runs differ.
        f"GenerationDateTime={stop};\n"
        f"StartGranuleDateTime={start.astype('datetime64[s]')}.000Z;\n"
        f"StopGranuleDateTime={stop};\nGranuleNumber=;\nNumberOfSwaths=0;\nNumberOfGrids=1;\n"
        # NASA's say PPS: the one mark by which a simulated granule can be told from a real one.
        f"GranuleStart=;\nTimeInterval=HALF_HOUR;\nProcessingSystem={SIMULATION};\n"
        f"ProductVersion={version};\nEmptyGranule=NOT_EMPTY;\nMissingData=;\n"
    )


@lru_cache(maxsize=4)
def _image(box: Box, run: str, version: str, level: int) -> bytes:
    """HDF5 image of a granule over a box, without data."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fapl_core(backing_store=False)
    creation = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    creation.set_obj_track_times(False)  # the time of writing would make two identical runs differ
    identifier = h5py.h5f.create(_memory_name(), h5py.h5f.ACC_TRUNC, fcpl=creation, fapl=access)
    file = h5py.File(identifier)
    with file:
        _describe(file, FileHeader=_header(run, EPOCH, version), FileInfo=FILE_INFO)
        grid = file.create_group("Grid")
        _describe(grid, GridHeader=GRID_HEADER)
        _write_axes(grid, box)
        for variable, dtype, unit, description in VARIABLES.values():
            data = grid.create_dataset(
                variable,
                (1, box.nx, box.ny),
                dtype,
                chunks=(1, box.nx, box.ny),
                compression=level,
            )
            _describe(data, DimensionNames="time,lon,lat", coordinates="time lon lat")
            _describe(data, LongName=description)
            if unit:
                _describe(data, Units=unit, units=unit)
            fill = "-9999.9" if dtype is np.float32 else "-9999"
            _describe(data, CodeMissingValue=fill)
            data.attrs["_FillValue"] = dtype(fill)
            for axis, name in enumerate(("time", "lon", "lat")):
                data.dims[axis].attach_scale(grid[name])
        file.flush()
        return file.id.get_file_image()


def _write_axes(grid: h5py.Group, box: Box) -> None:
    """Write the axes, their bounds and the bounds' own dimensions."""
    edges = {
        "lat": (np.arange(box.south, box.south + box.ny + 1) - 900) / 10,
        "lon": (np.arange(box.west, box.west + box.nx + 1) - 1800) / 10,
        "time": np.zeros(2),
    }
    for name, (pair, noun) in PAIRS.items():
        dtype = np.int32 if name == "time" else np.float32
        edge = edges[name]
        centres = edge[:1] if name == "time" else (edge[:-1] + edge[1:]) / 2
        axis = grid.create_dataset(name, data=centres.astype(dtype), chunks=centres.shape)
        axis.make_scale("")
        _describe(axis, DimensionNames=name, Units=AXES[name]["units"], **AXES[name])
        bounds = np.stack([edge[:-1], edge[1:]], axis=1).astype(dtype)
        limits = grid.create_dataset(f"{name}_bnds", data=bounds, chunks=bounds.shape)
        unit = AXES[name]["units"]
        _describe(limits, DimensionNames=f"{name},{pair}", coordinates=f"{name} {pair}")
        _describe(limits, Units=unit, units=unit)
        two = grid.create_dataset(pair, data=np.zeros(2, np.int32), chunks=(2,))
        two.make_scale(NO_VARIABLE)
        _describe(two, DimensionNames=pair, LongName=f"Number of {noun} bounds.")
        _describe(two, standard_name=f"number{name}bnds")
        limits.dims[0].attach_scale(axis)
        limits.dims[1].attach_scale(two)


def _describe(item: h5py.HLObject, **attributes: str) -> None:
    """Set attributes as fixed-length bytes, as the archive has them."""
    for name, value in attributes.items():
        item.attrs[name] = np.bytes_(value)
