"""Input channels of the networks, on the learning grid, from IMERG alone."""

import numpy as np

from rainscore.imerg.passes import MAX_AGE_H, SOURCES
from rainscore.regridding.conservative import Weights

CHANNELS = (
    "rain",
    "mw_rain",
    "source_imager",
    "source_ssmis",
    "source_sounder",
    "age_last",
    "age_next",
    "age_known",
    "ir_influence",
    "liquid",
    "quality_index",
    "valid",
)


RAIN_CHANNELS = ("rain", "valid")
"""Channels that are available in files with rain as the only field."""


PARTIAL_FILES = (
    RAIN_CHANNELS,
    (*RAIN_CHANNELS, "quality_index"),
    tuple(name for name in CHANNELS if name != "quality_index"),
)
"""Channels that are available in files without some of IMERG's fields: those with rain only, those
of the open stores (rain and quality index), and those before V06 (no quality index)."""


RAIN_UNIT, RAIN_DECADES = 0.1, 3.0
"""Parameters of the scaled rain, log10(1 + rate / RAIN_UNIT) / RAIN_DECADES [mm/h; 1]."""


AGE_UNIT = 1.0
"""Parameter of the scaled age, age / (age + AGE_UNIT), which resolves small ages best [h]."""


NORMALISATION = {
    "rain_unit": RAIN_UNIT,
    "rain_decades": RAIN_DECADES,
    "age_unit": AGE_UNIT,
    "max_age_h": MAX_AGE_H,
}
"""Scales of the channels, as model files record them."""


def scale_rain(rate: np.ndarray) -> np.ndarray:
    """Scaled rain [1]: 0 for dry, about 1 at 100 mm/h; NaN stays."""
    return np.log10(1.0 + np.maximum(rate, 0.0) / RAIN_UNIT) / RAIN_DECADES


def unscale_rain(scaled: np.ndarray) -> np.ndarray:
    """Rain rate [mm/h] of scaled rain."""
    return RAIN_UNIT * (10.0 ** (RAIN_DECADES * scaled.astype(np.float32)) - 1.0)


def scale_age(age: np.ndarray) -> np.ndarray:
    """Scaled age [1] of an age [h]: 0 at the pass, 1 for an infinite or unknown (NaN) age."""
    return np.nan_to_num(age / (age + AGE_UNIT), nan=1.0)


def unscale_age(scaled: np.ndarray) -> np.ndarray:
    """Age [h] of scaled ages; NaN where it is unknown."""
    is_finite = scaled < 1
    return np.where(is_finite, AGE_UNIT * scaled / np.where(is_finite, 1 - scaled, 1), np.nan)


def build_inputs(
    fields: dict[str, np.ndarray],
    ages: np.ndarray,
    *,
    rain: np.ndarray,
    to_learning: Weights,
) -> np.ndarray:
    """Input channels of successive half-hours, scaled to about [0, 1], without NaN.

    Args:
        fields: Fields of IMERG on its cells, dims (time, lat, lon), NaN missing.
        ages: Ages of `pass_ages` on the cells, dims (2, time, lat, lon) [h].
        rain: IMERG precipitation on the learning grid, dims (time, y, x) [mm/h], NaN missing.
        to_learning: Regridding weights from the cells to the learning grid.

    Returns:
        Channels in the order of `CHANNELS`, dims (time, channel, y, x), float32. Missing values
        are 0, and `valid` is 1 where rain is not missing; an unknown age is 1 with `age_known` 0.
        The quality index is a correlation that is positive wherever there is an estimate, so that
        0 means missing.
    """
    sample = to_learning.sample
    source = np.nan_to_num(sample(fields["mw_source"]))
    last, following = sample(ages[0]), sample(ages[1])
    out = {
        "rain": scale_rain(rain),
        "mw_rain": scale_rain(to_learning.apply(fields["mw_precipitation"], min_valid=0.01)[0]),
        **{name: np.isin(source, codes) for name, codes in SOURCES.items()},
        "age_last": scale_age(last),
        "age_next": scale_age(following),
        "age_known": np.isfinite(last),
        "ir_influence": sample(fields["ir_influence"]) / 100.0,
        "liquid": sample(fields["liquid_probability"]) / 100.0,
        "quality_index": sample(fields["quality_index"]),
        "valid": np.isfinite(rain),
    }
    return np.stack([np.nan_to_num(out[name]).astype(np.float32) for name in CHANNELS], axis=1)


def source_class(inputs: np.ndarray) -> np.ndarray:
    """Class of the source of each pixel.

    Args:
        inputs: Channels, dims (..., channel, y, x).

    Returns:
        Dims (..., y, x), int8: 0 imager, 1 SSMIS, 2 sounder, 3 morphed, 4 mainly infrared
        (weight of at least 50 %).
    """
    index = [CHANNELS.index(name) for name in SOURCES]
    kinds = np.take(inputs, index, axis=-3) > 0.5
    infrared = np.take(inputs, CHANNELS.index("ir_influence"), axis=-3) >= 0.5
    return np.where(kinds.any(axis=-3), kinds.argmax(axis=-3), 3 + infrared).astype(np.int8)


def known_quality(inputs: np.ndarray) -> np.ndarray:
    """Quality index of IMERG [1], dims (map, y, x), NaN where missing.

    Args:
        inputs: Channels, dims (map, channel, y, x).
    """
    quality = inputs[:, CHANNELS.index("quality_index")].astype(np.float32)
    return np.where(quality > 0, quality, np.float32(np.nan))


def wet_share(inputs: np.ndarray, threshold: float) -> np.ndarray:
    """Share of the valid pixels of each map with rain at or above a threshold.

    Args:
        inputs: Channels, dims (map, channel, y, x).
        threshold: Rain rate [mm/h].

    Returns:
        Dims (map,); NaN for a map without valid pixels.
    """
    # In half precision, as in the training files, so that training and prediction agree.
    rain = inputs[:, CHANNELS.index("rain")].astype(np.float16)
    valid = inputs[:, CHANNELS.index("valid")] > 0.5
    wet = valid & (rain >= scale_rain(np.array(threshold)).astype(np.float16))
    count = valid.sum(axis=(1, 2))
    return np.where(count, wet.sum(axis=(1, 2)) / np.maximum(count, 1), np.nan)
