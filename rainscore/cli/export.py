"""Command `rainscore export`: write the U-Net as ONNX."""

from pathlib import Path

import click

from rainscore.cli.parameters import PATH, model_option


@click.command("export", short_help="Write the U-Net as ONNX.")
@click.argument("file", type=PATH)
@model_option()
def export_command(file: Path, model: Path | None) -> int:
    """Write the U-Net as ONNX to FILE, such as unet.onnx, to run it without PyTorch.

    Needs the packages onnx and onnxscript.
    """
    from rainscore.prediction.scoringmodels import model_folder
    from rainscore.training.onnxexport import export_unet

    export_unet(model_folder(model) / "unet", file)
    return 0
