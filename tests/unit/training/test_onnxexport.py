from dataclasses import asdict

import numpy as np
import onnxruntime
import torch

from rainscore.training.channels import CHANNELS, NORMALISATION
from rainscore.training.dataset import input_channels
from rainscore.training.modelfiles import save_model
from rainscore.training.onnxexport import export_unet
from rainscore.training.unet import UNet, UNetSettings


def test_onnxruntime_gives_the_values_of_the_network_for_any_number_of_maps(tmp_path):
    torch.manual_seed(0)
    channels = input_channels(CHANNELS)
    mean, spread = torch.rand(2, len(channels)).tolist()
    model = UNet(UNetSettings(len(channels), width=8, depth=3, mean=mean, spread=spread)).eval()
    grid = {"ny": 20, "nx": 28}
    card = {
        "kind": "unet",
        "settings": asdict(model.settings),
        "channels": channels,
        "grid": grid,
        "normalisation": NORMALISATION,
    }
    save_model(tmp_path / "unet", model.state_dict(), card)
    export_unet(tmp_path / "unet", tmp_path / "unet.onnx")
    session = onnxruntime.InferenceSession(
        tmp_path / "unet.onnx", providers=["CPUExecutionProvider"]
    )
    for maps in (1, 3):
        inputs = torch.rand(maps, len(channels), 20, 28)
        with torch.inference_mode():
            expected = model(inputs)
        found = session.run(["quantiles", "hidden"], {"inputs": inputs.numpy()})
        for here, there in zip(found, expected, strict=True):
            np.testing.assert_allclose(here, there.numpy(), atol=1e-4)
