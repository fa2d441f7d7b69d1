"""Paths of the checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: where `config.yaml`, its schema and the Snakefile lie."""
