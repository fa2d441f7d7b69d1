"""Command line `rainscore`: score IMERG maps, verify and monitor them, and look into files."""

from rainscore.cli.commands import main

__all__ = ["main"]
