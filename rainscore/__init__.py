"""Scores of satellite precipitation maps."""

from rainscore.compilercache import use_writable_cache

# Numba chooses its cache when a compiled function is defined, that is while modules are imported.
use_writable_cache()
