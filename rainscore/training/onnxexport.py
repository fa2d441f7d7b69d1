"""Export of the U-Net as ONNX, to run it without PyTorch."""

from pathlib import Path

import torch

from rainscore.io import replacing
from rainscore.training.unet import load_unet


def export_unet(stem: Path, path: Path) -> None:
    """Write the U-Net of a model file as ONNX.

    The input `inputs` (map, channel, y, x), float32, holds the channels named in the model card.
    The outputs are `masses` (map, mass, y, x), the distribution of the score before calibration
    (`scores.distribution`), and `hidden` (map, y, x), the logit of the probability of hidden rain.
    The number of maps is free; their size is that of the training maps.

    Args:
        stem: Path of the model file without extension.
        path: File to write.
    """
    model, card = load_unet(stem)
    # Two maps: with one, PyTorch would fix the number of maps.
    example = torch.zeros(2, len(card.channels), *card.grid.shape)
    program = torch.onnx.export(
        model,
        (example,),
        input_names=["inputs"],
        output_names=["masses", "hidden"],
        dynamic_shapes=({0: torch.export.Dim("map")},),
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise RuntimeError("PyTorch returned no ONNX program")
    with replacing(path) as temporary:
        program.save(temporary)
