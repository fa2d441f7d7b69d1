"""Types and options that several commands share."""

import math
from pathlib import Path

import click

PATH = click.Path(path_type=Path)
"""Path of a file or folder, which need not exist yet."""


class Finite(click.ParamType):
    """A number that is neither NaN nor infinite."""

    name = "number"

    def convert(self, value, param, ctx) -> float:
        """Read the number."""
        try:
            number = float(value)
        except ValueError:
            self.fail(f"{value} is not a number", param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


class SeveralValues(click.Command):
    """Command whose repeatable options also take several values at once: `--scored A B`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the name of such an option before each of its values."""
        names = {name for p in self.params if getattr(p, "multiple", False) for name in p.opts}
        expanded: list[str] = []
        option = ""
        for position, text in enumerate(args):
            if text == "--":
                expanded += args[position:]
                break
            if text.startswith("-") and text != "-":
                option = text if text in names else ""
            elif option and expanded[-1] != option:
                expanded.append(option)
            expanded.append(text)
        return super().parse_args(ctx, expanded)


def bbox_option(text: str):
    """Option `--bbox` with the given help text."""
    return click.option(
        "--bbox", type=Finite(), nargs=4, metavar="WEST SOUTH EAST NORTH", help=text
    )


def out_option(default: str, text: str):
    """Option `--out` for the folder of the results."""
    return click.option(
        "--out", type=PATH, default=default, show_default=True, metavar="DIR", help=text
    )


def model_option():
    """Option `--model` for the folder of the models."""
    return click.option(
        "--model",
        type=PATH,
        metavar="DIR",
        help="Folder of the models of a run, such as results/models. By default the model that is "
        "part of the package.",
    )
