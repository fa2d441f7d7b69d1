"""Scores of satellite precipitation maps.

The public names are `score`, `load_model`, `read_granule`, `compare` and `RainscoreError`
(docs/api.md). They are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rainscore.compilercache import use_writable_cache

if TYPE_CHECKING:
    from rainscore.api import load_model, score
    from rainscore.errors import RainscoreError
    from rainscore.imerg.reader import read_granule
    from rainscore.scores.fieldscores import compare

__all__ = ["RainscoreError", "compare", "load_model", "read_granule", "score"]

_MODULES = {
    "score": "rainscore.api",
    "load_model": "rainscore.api",
    "read_granule": "rainscore.imerg.reader",
    "compare": "rainscore.scores.fieldscores",
    "RainscoreError": "rainscore.errors",
}
"""Module of each public name."""

# Numba chooses its cache when a compiled function is defined, that is while modules are imported.
use_writable_cache()


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'rainscore' has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
