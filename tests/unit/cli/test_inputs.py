import io
from pathlib import Path

import pytest

from rainscore.cli.inputs import expand_paths
from rainscore.errors import RainscoreError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.HDF5", "a.HDF5", "notes.txt", "sub/c.HDF5", ".hidden.HDF5"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def expand(*given: Path | str, listed: bytes = b"") -> list[Path]:
    paths = [Path(path) for path in given]
    return expand_paths(
        paths, io.BytesIO(listed), wanted=lambda path: path.suffix == ".HDF5", kind="granule"
    )


def test_a_folder_stands_for_its_granules_and_those_of_its_sub_folders(folder: Path) -> None:
    assert [path.name for path in expand(folder)] == ["a.HDF5", "b.HDF5", "c.HDF5"]


def test_a_pattern_stands_for_the_files_that_match(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert expand(folder / "*.HDF5") == [folder / "a.HDF5", folder / "b.HDF5"]
    monkeypatch.chdir(folder)
    assert expand("**/c.HDF?") == [Path("sub/c.HDF5")]


def test_a_dash_stands_for_the_list_on_standard_input(folder: Path) -> None:
    listed = f"{folder / 'b.HDF5'}\r\n\n{folder / 'sub'}\n".encode()
    assert expand("-", listed=listed) == [folder / "b.HDF5", folder / "sub/c.HDF5"]


def test_a_name_that_is_not_utf_8_is_read_from_standard_input() -> None:
    assert expand("-", listed=b"granule-\xe9.HDF5\n")[0].name == "granule-\udce9.HDF5"


def test_each_file_is_used_once_and_a_missing_file_is_kept(folder: Path) -> None:
    assert expand(folder / "a.HDF5", folder / "a.HDF5", "none.HDF5") == [
        folder / "a.HDF5", Path("none.HDF5"),
    ]  # fmt: skip


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(folder: Path) -> None:
    (folder / "map[1].HDF5").touch()
    assert expand(folder / "map[1].HDF5") == [folder / "map[1].HDF5"]


@pytest.mark.parametrize(
    ("given", "message"),
    [("none*", "no file matches"), ("-", "is empty"), ("empty", "has no granule")],
)
def test_what_stands_for_no_file_is_refused(given: str, message: str, folder: Path) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(RainscoreError, match=message):
        expand(given if given == "-" else folder / given)
