import json

import numpy as np
import pytest
import torch

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.training.devices import to_device
from rainscore.training.modelfiles import (
    load_arrays,
    load_model,
    read_part,
    restore,
    save_arrays,
    save_model,
    write_part,
)
from rainscore.training.unet import UNet, UNetSettings


def test_a_network_comes_back_with_its_settings_and_the_same_bits(tmp_path):
    torch.manual_seed(0)
    model = UNet(UNetSettings(in_channels=3, width=4, depth=1))
    model = to_device(model, torch.device("cpu"))
    save_model(tmp_path / "v1.2", model.state_dict(), {"settings": vars(model.settings)})
    weights, card = load_model(tmp_path / "v1.2")
    again = UNet(UNetSettings(**card["settings"]))
    again.load_state_dict(weights)
    x = torch.rand(1, 3, 8, 8)
    assert again.settings == model.settings
    assert torch.allclose(again(x)[0], model(x)[0], atol=1e-6)
    assert all(torch.equal(weights[k], v) for k, v in model.state_dict().items())


def test_the_same_weights_give_the_same_files(tmp_path):
    for name in ("a", "b"):
        save_model(tmp_path / name, {"w": torch.arange(4.0)}, {"score": "fss"})
    for ending in ("safetensors", "json"):
        contents = [(tmp_path / f"{name}.{ending}").read_bytes() for name in ("a", "b")]
        assert contents[0] == contents[1]
    assert len(list(tmp_path.iterdir())) == 4


def test_arrays_come_back_whatever_their_order_in_memory(tmp_path):
    centres = np.arange(6.0).reshape(2, 3)
    arrays = {"centres": centres.T, "every_second": np.arange(6)[::2], "k": np.array(3)}
    save_arrays(tmp_path / "kmeans", arrays, {"method": "kmeans"})
    again, card = load_arrays(tmp_path / "kmeans")
    assert card["method"] == "kmeans"
    assert again["k"].shape == ()
    assert all(np.array_equal(again[name], array) for name, array in arrays.items())


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RainscoreError, match=r"unet\.safetensors: no such model file"):
        load_model(tmp_path / "unet")
    save_model(tmp_path / "unet", {"w": torch.zeros(1)}, {})
    (tmp_path / "unet.json").unlink()
    with pytest.raises(RainscoreError, match=r"unet\.json: no such model file"):
        load_model(tmp_path / "unet")


def test_weights_of_another_training_are_refused(tmp_path):
    save_model(tmp_path / "a", {"w": torch.zeros(2)}, {})
    save_model(tmp_path / "b", {"w": torch.ones(2)}, {})
    (tmp_path / "b.safetensors").replace(tmp_path / "a.safetensors")
    with pytest.raises(DamagedFile, match=r"a\.safetensors.*does not match the digest in a\.json"):
        load_model(tmp_path / "a")


@pytest.mark.parametrize("text", ["<html>", "{}", "[1]"])
def test_a_file_that_is_no_card_is_refused(tmp_path, text):
    save_model(tmp_path / "a", {"w": torch.zeros(2)}, {})
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DamagedFile, match="not a model card"):
        load_model(tmp_path / "a")


@pytest.mark.parametrize(
    ("old", "new"), [('"threshold": 0.2', '"threshold": 5.0'), ('"x0": 0', '"x0": 100'), ("é", "e")]
)
def test_an_edited_card_is_refused(old, new, tmp_path):
    card = {"threshold": 0.2, "grid": {"x0": 0}, "sizes": (1, 2), "names": {3: "été"}}
    save_model(tmp_path / "a", {"w": torch.zeros(2)}, card)
    path = tmp_path / "a.json"
    content = path.read_text("utf-8")
    assert load_model(tmp_path / "a")[1]["threshold"] == 0.2
    path.write_text(content.replace(old, new, 1), "utf-8")
    with pytest.raises(DamagedFile, match=r"a\.json: it was edited or is damaged"):
        load_model(tmp_path / "a")


def test_a_card_with_nan_is_refused_and_leaves_the_old_model_whole(tmp_path):
    save_model(tmp_path / "a", {"w": torch.zeros(2)}, {"loss": 1.0})
    with pytest.raises(ValueError, match="JSON"):
        save_model(tmp_path / "a", {"w": torch.ones(2)}, {"loss": float("nan")})
    weights, card = load_model(tmp_path / "a")
    assert weights["w"].sum() == 0 and card["loss"] == 1.0
    assert json.loads((tmp_path / "a.json").read_text())["loss"] == 1.0


@pytest.mark.parametrize(
    "settings",
    [{"width": 1024, "depth": 8}, {"width": 8}, {"depth": 2}, {"in_channels": 2**40},
     {"width": -1}, {"depth": 2**62}, {"width": "4"}, {"width": None}, {"levels": 5}],
)  # fmt: skip
def test_settings_that_are_not_those_of_the_weights_are_refused_before_memory_is_used(
    settings: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitting: dict = {"in_channels": 3, "width": 4, "depth": 1}
    weights = UNet(UNetSettings(**fitting)).state_dict()
    built = []
    monkeypatch.setattr(
        "rainscore.training.unet.nn.init.kaiming_normal_", lambda weight, **_: built.append(weight)
    )
    with pytest.raises(DamagedFile, match=r"unet\.json: its settings are not those of the weights"):
        restore(lambda: UNet(UNetSettings(**{**fitting, **settings})), weights, "unet.json")
    assert built == []
    restored = restore(lambda: UNet(UNetSettings(**fitting)), weights, "unet.json")
    assert all(torch.equal(weights[name], x) for name, x in restored.state_dict().items())


def test_a_part_of_a_model_that_was_edited_is_refused(tmp_path):
    path = tmp_path / "unet_calibration.json"
    write_part({"margins": [0.1, 0.2]}, path)
    assert read_part(path) == {"margins": [0.1, 0.2]}
    path.write_text(path.read_text("utf-8").replace("0.1", "0.3"), "utf-8")
    with pytest.raises(DamagedFile, match=r"unet_calibration\.json: it was edited or is damaged"):
        read_part(path)
