import pandas as pd
import pytest

from rainscore.errors import RainscoreError
from rainscore.imerg.names import granule_name
from rainscore.imerg.versions import check_versions
from rainscore.times import steps


def months(kinds: list[tuple[str, str]]) -> pd.DataFrame:
    """Manifests of months with one run and version each; one half-hour of each is missing."""
    parts = []
    for i, (run, version) in enumerate(kinds, 1):
        times = steps(f"2020-0{i}-01", f"2020-0{i}-01T01:30")
        files = [f"2020-0{i}/{granule_name(run, time, version)}" for time in times[:2]]
        part = pd.DataFrame({"time": times, "file": [*files, ""], "version": [version] * 2 + [""]})
        parts.append(part.assign(state=["present", "present", "missing"]))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        (
            [("final", "V07B"), ("early", "V07B")],
            r"mix the runs early \(2 half-hours, 2020-02-01 to 2020-02-01\) and final",
        ),
        ([("final", "V06B"), ("final", "V07B")], r"mix the versions V06 .* and V07"),
    ],
)
def test_months_of_several_runs_or_versions_are_refused(
    kinds: list[tuple[str, str]], message: str
) -> None:
    with pytest.raises(RainscoreError, match=message):
        check_versions(months(kinds))


def test_letters_of_a_version_may_differ_between_months_and_are_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    check_versions(months([("final", "V07B"), ("final", "V07B")]))
    assert not caplog.text
    check_versions(months([("final", "V07B"), ("final", "V07A")]))
    expected = "mixes V07A (2 half-hours, 2020-02-01 to 2020-02-01) and V07B (2 half-hours"
    assert expected in caplog.text


def test_files_without_the_name_of_the_archive_have_no_run_or_version() -> None:
    table = months([("final", "V07B"), ("final", "V07B")])
    table.loc[0, ["file", "version"]] = "mine.nc4", "unknown"
    check_versions(table)
