"""Latent vectors in tables."""

import numpy as np
import pandas as pd

from rainscore.clustering.latents import latent_columns


def test_latent_vectors_are_the_numbered_columns_in_their_order() -> None:
    names = [f"z{i}" for i in range(11)]
    table = pd.DataFrame([range(11), range(11, 22)], columns=names)
    table.insert(0, "wet_share", 0.5)
    table["zone"] = "north"
    vectors = latent_columns(table)
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, np.arange(22).reshape(2, 11))
