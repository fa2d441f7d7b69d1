"""The archive of IMERG as a loopback server, for all tests of the download."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rainscore.times import steps
from tests.archives import Earthdata
from tests.servers import Loopback


@pytest.fixture
def earthdata(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Earthdata, Loopback]]:
    nasa = Earthdata(times=steps("2019-06-03", "2019-06-05"))
    with Loopback(nasa.archives(), tmp_path) as server:
        for name, value in {**server.environment, **nasa.account}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("EARTHDATA_TOKEN", raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        yield nasa, server
