"""Texts of errors, whatever the content of the file they are about."""

import os

import pytest

from rainscore.errors import DamagedFile, RainscoreError, printable


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("40 % → 0.2 mm/h", "40 % → 0.2 mm/h"),
        ("\x1b[2Jred", r"\x1b[2Jred"),
        ("a\nb\r\0", r"a b\r\x00"),
        (os.fsdecode(b"\xe9.HDF5"), r"\udce9.HDF5"),
        ("right to left \u202e", r"right to left \u202e"),
    ],
)
def test_an_error_is_one_line_of_printable_characters(text: str, line: str) -> None:
    assert printable(text) == line
    assert str(RainscoreError(text)) == line
    damaged = DamagedFile("a.h5", text, "ask")
    assert str(damaged) == f"a.h5: {line}; ask"
    assert damaged.reason == line
