"""Names, types, attributes and headers of an IMERG V07 granule."""

import numpy as np

EPOCH = np.datetime64("1980-01-06", "ns")
"""Origin of the time axis."""


TIME_UNITS = "seconds since 1980-01-06 00:00:00 UTC"


NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable.         2"
"""`NAME` of a dimension scale without coordinates."""


INDENT = "\n                        "
"""Line break and indent inside the archive's descriptions."""


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
"""Of each field: variable in the group /Grid, type, unit, description."""


AXES: dict[str, dict[str, str]] = {
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
        "LongName": f"\nRepresentative time of data in \n\t\t\t{TIME_UNITS}."
        "\n\t\t\tThe calculation of time does not add leap seconds."
        "\n\t\t\tThe difference due to leap seconds grows with time "
        "\n\t\t\tand in 2019 is less than 30 seconds.\n",
        "units": TIME_UNITS,
        "axis": "T",
        "bounds": "time_bnds",
        "calendar": "julian",
        "standard_name": "time",
    },
}
"""Attributes of the axes."""


BOUNDS_DIMS = {"lon": ("lonv", "longitude"), "lat": ("latv", "latitude"), "time": ("nv", "time")}
"""Of each axis: dimension of length 2 of its bounds, and the name of the axis in words."""


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
