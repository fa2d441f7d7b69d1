import numpy as np
import pytest
from sklearn.decomposition import PCA

from rainscore.evaluation.latentsizes import compare_latents
from rainscore.training.dataset import RainMaps
from rainscore.training.splits import split_blocks
from tests.world import autoencoder_card, training_file


def test_errors_stand_beside_those_of_as_many_principal_components(tmp_path):
    path, table = training_file(tmp_path, "2019-05-01", "2019-05-05")
    splits = split_blocks(
        table["time"].to_numpy(), pattern=["train", "validation"], block_hours=24, gap_hours=0
    )
    cards = [
        autoencoder_card(settings={"latent": size}, best_loss=loss)
        for size, loss in ((2, 0.5), (6, 0.25))
    ]
    result = compare_latents([path], splits, cards, seed=0)
    maps = {
        name: RainMaps([path], part["time"].to_numpy()).read(np.arange(len(part)))[0].numpy()
        for name, part in splits.groupby("split")
    }
    train, validation = (
        maps[name].reshape(len(maps[name]), -1) for name in ("train", "validation")
    )
    variance = ((validation - train.mean(axis=0)) ** 2).mean()
    for size, own in ((2, 0.5), (6, 0.25)):
        peer = PCA(size).fit(train)
        rebuilt = peer.inverse_transform(peer.transform(validation))
        error = ((rebuilt - validation) ** 2).mean()
        rows = result[result["latent"] == size].set_index("method")
        assert rows["error"].to_dict() == pytest.approx(
            {"auto-encoder": own, "principal components": error}, rel=1e-3
        )
        assert rows["share"].to_numpy() == pytest.approx(
            np.array([own, error]) / variance, rel=1e-3
        )
        assert rows["maps"].eq(len(validation)).all()
