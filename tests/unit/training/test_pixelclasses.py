import numpy as np

from rainscore.analysis.classes import AGE_CLASSES, AGE_NAMES, age_class, quality_class
from rainscore.training.channels import CHANNELS, scale_age
from rainscore.training.pixelclasses import pixel_classes


def test_classes_of_age_and_quality() -> None:
    ages = np.array([0, 0.5, 0.6, 4.5, 6, np.nan])
    names = [AGE_NAMES[i] for i in age_class(ages)]
    assert names == ["now", "0–0.5 h", "0.5–1 h", "3–4.5 h", "> 4.5 h", "unknown"]
    assert len(AGE_NAMES) == AGE_CLASSES
    channels = np.zeros((1, len(CHANNELS), 1, ages.size), np.float32)
    channels[0, CHANNELS.index("age_last"), 0] = scale_age(ages).astype(np.float16)
    channels[0, CHANNELS.index("quality_index"), 0, 1] = 0.51
    classes = pixel_classes(channels)
    np.testing.assert_array_equal(classes["age"][0, 0], age_class(ages))
    assert classes["quality"][0, 0].tolist() == [40, 20, 40, 40, 40, 40]
    np.testing.assert_array_equal(quality_class(np.array([0, 0.5, 1.0, np.nan])), [0, 20, 39, 40])
