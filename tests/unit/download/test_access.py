"""Accounts, refusals and secrets of the archive of IMERG."""

import json
from pathlib import Path

import pytest

from rainscore.download.granules import fetch_month
from rainscore.download.transfer import AccessRefused, ArchiveBusy
from rainscore.imerg.manifests import write_manifest
from tests.archives import (
    CMR,
    DAY,
    URS,
    Earthdata,
    imerg_request,
)
from tests.servers import Answer, Loopback


@pytest.mark.parametrize(
    "fault", ["account", "password", "application", "loop", "401", "403", "token"]
)
def test_a_refused_account_is_an_error_that_explains_the_three_steps(
    fault: str,
    earthdata: tuple[Earthdata, Loopback],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nasa, _ = earthdata
    if fault == "account":
        monkeypatch.delenv("EARTHDATA_USERNAME")
    if fault == "password":
        monkeypatch.setenv("EARTHDATA_PASSWORD", "another")
    nasa.approved = fault != "application"
    nasa.keeps_sessions = fault != "loop"
    nasa.refuses = int(fault) if fault.isdigit() else 0
    if fault == "token":
        monkeypatch.setenv("EARTHDATA_TOKEN", "0ld-t0ken")
    with pytest.raises(AccessRefused, match=r"three steps: 1.*2.*GESDISC.*3") as raised:
        fetch_month(tmp_path / "2019-06", *DAY, imerg_request())
    for secret in (nasa.password, nasa.token, "another", "0ld-t0ken"):
        assert secret not in str(raised.value)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


@pytest.mark.parametrize(
    ("variables", "netrc", "message"),
    [
        ({"EARTHDATA_USERNAME": "ada"}, None, "EARTHDATA_USERNAME is set without EARTHDATA_PASSW"),
        ({"EARTHDATA_TOKEN": "0ld-t0ken"}, None, "EARTHDATA_TOKEN is used without an account"),
        ({}, None, "not set and .*netrc does not exist"),
        ({}, b"machine urs.earthdata.nasa.gov\nlogn ada\n", r"netrc cannot be parsed \(line 2\)"),
        ({}, b"machine example.com login ada password s3cret-word\n", "no login and password for"),
        ({}, b"machine urs.earthdata.nasa.gov login \xff\xfe password \x00\xc3", "three steps"),
    ],
)
def test_what_is_wrong_with_the_account_is_named(
    variables: dict[str, str],
    netrc: bytes | None,
    message: str,
    earthdata: tuple[Earthdata, Loopback],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in earthdata[0].account:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    if netrc is not None:
        (tmp_path / "netrc").write_bytes(netrc)
    with pytest.raises(AccessRefused, match=message) as raised:
        fetch_month(tmp_path / "2019-06", *DAY, imerg_request())
    assert "s3cret-word" not in str(raised.value)


def test_the_message_of_a_refusal_is_shown(
    earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    earthdata[0].refuses = 403
    with pytest.raises(AccessRefused, match=r'answers 403 \("EULA Acceptance Failure"\)'):
        fetch_month(tmp_path / "2019-06", *DAY, imerg_request())


@pytest.mark.parametrize("body", [b'{"status": "down"}', b"[]", b"<html>Maintenance</html>"])
@pytest.mark.parametrize("host", [URS, CMR])
def test_a_status_page_in_place_of_the_login_or_the_catalogue_is_named(
    body: bytes, host: str, earthdata: tuple[Earthdata, Loopback], tmp_path: Path
) -> None:
    earthdata[1].archives[host] = lambda _: Answer(200, body, {"Content-Type": "text/html"})
    with pytest.raises(ArchiveBusy, match=rf"{host}.*run the workflow again later"):
        fetch_month(tmp_path / "2019-06", *DAY, imerg_request())


def test_the_account_can_be_a_token_or_in_netrc(
    earthdata: tuple[Earthdata, Loopback], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nasa, _ = earthdata
    monkeypatch.delenv("EARTHDATA_USERNAME")
    monkeypatch.setenv("EARTHDATA_TOKEN", nasa.token)
    table = fetch_month(tmp_path / "a", "2019-06-03", "2019-06-03T01:00", imerg_request())
    assert list(table["state"]) == ["present"] * 2
    monkeypatch.delenv("EARTHDATA_TOKEN")
    monkeypatch.delenv("EARTHDATA_PASSWORD")
    account = f"machine urs.earthdata.nasa.gov login {nasa.user} password {nasa.password}\n"
    (tmp_path / "netrc").write_text(account)
    table = fetch_month(tmp_path / "b", "2019-06-03", "2019-06-03T01:00", imerg_request())
    assert list(table["state"]) == ["present"] * 2


def test_no_secret_is_written_anywhere(
    earthdata: tuple[Earthdata, Loopback], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nasa, _ = earthdata
    nasa.faults = {"2019-06-03T02:00": ["cut", "always"]}
    caplog.set_level("DEBUG", logger="rainscore")
    caplog.set_level("DEBUG", logger="earthaccess")
    table = fetch_month(tmp_path / "2019-06", *DAY, imerg_request())
    write_manifest(table, tmp_path / "2019-06.parquet")
    written = [f.read_bytes() for f in tmp_path.rglob("*") if f.is_file() and f.suffix != ".pem"]
    written += [caplog.text.encode(), json.dumps(table.astype(str).to_dict()).encode()]
    for secret in (nasa.password, nasa.token, "c0de"):
        assert not any(secret.encode() in content for content in written)
