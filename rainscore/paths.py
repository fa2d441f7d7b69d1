"""Path of the checkout."""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
"""Folder that holds `config.yaml`, its schema and the Snakefile; relative paths start here."""
