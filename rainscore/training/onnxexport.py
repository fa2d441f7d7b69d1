"""The U-Net as ONNX, for those who run it without PyTorch."""

from pathlib import Path

import torch

from rainscore.io import replacing
from rainscore.training.models import load_unet


def export_unet(stem: Path, path: Path) -> None:
    """Write the U-Net of a model file as ONNX.

    Its input `inputs` (map, channel, y, x), float32, holds the channels that the model's card
    names. Its outputs are `quantiles` (map, level, y, x) of the score, before any calibration, and
    `hidden` (map, y, x), the logit of the probability of hidden rain. Any number of maps, of the
    size of those of the training.

    Args:
        stem: Model file without ending.
        path: Where to write.
    """
    model, card = load_unet(stem)
    grid = card["grid"]
    # Two maps: a single one would be taken for a fixed size.
    example = torch.zeros(2, len(card["channels"]), grid["ny"], grid["nx"])
    program = torch.onnx.export(
        model,
        (example,),
        input_names=["inputs"],
        output_names=["quantiles", "hidden"],
        dynamic_shapes=({0: torch.export.Dim("map")},),
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise RuntimeError("PyTorch gave no ONNX program")
    with replacing(path) as temporary:
        program.save(temporary)
