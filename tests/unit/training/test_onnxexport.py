from dataclasses import asdict, replace

import numpy as np
import onnxruntime
import torch

from rainscore.training.channels import CHANNELS
from rainscore.training.modelfiles import save_model
from rainscore.training.onnxexport import export_unet
from rainscore.training.timecontext import input_channels
from rainscore.training.unet import UNet, UNetSettings
from tests.world import LEARNING, unet_card


def test_onnxruntime_gives_the_values_of_the_network_for_any_number_of_maps(tmp_path):
    torch.manual_seed(0)
    channels = input_channels(CHANNELS)
    mean, spread = torch.rand(2, len(channels)).tolist()
    model = UNet(UNetSettings(len(channels), width=8, depth=3, mean=mean, spread=spread)).eval()
    card = unet_card(settings=asdict(model.settings), grid=replace(LEARNING, ny=20, nx=28))
    save_model(tmp_path / "unet", model.state_dict(), card.as_dict())
    export_unet(tmp_path / "unet", tmp_path / "unet.onnx")
    session = onnxruntime.InferenceSession(
        tmp_path / "unet.onnx", providers=["CPUExecutionProvider"]
    )
    for maps in (1, 3):
        inputs = torch.rand(maps, len(channels), 20, 28)
        with torch.inference_mode():
            expected = model(inputs)
        result = session.run(["masses", "hidden"], {"inputs": inputs.numpy()})
        for output, reference in zip(result, expected, strict=True):
            np.testing.assert_allclose(output, reference.numpy(), atol=1e-4)
