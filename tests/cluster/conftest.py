"""A Slurm for all tests of this folder."""

from collections.abc import Iterator

import pytest

from rainscore.runtime import raise_stop_signals
from tests.cluster.localslurm import Slurm, reason_to_skip


@pytest.fixture(scope="session")
def slurm(tmp_path_factory) -> Iterator[Slurm]:
    """A running Slurm of two nodes with a GPU each and one without."""
    if reason := reason_to_skip():
        pytest.skip(reason)
    raise_stop_signals()  # Slurm is also stopped, and its configuration removed, after SIGTERM
    cluster = Slurm(tmp_path_factory.mktemp("slurm"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
