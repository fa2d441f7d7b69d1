import os
import pickle
import struct
from datetime import date, datetime
from io import BytesIO

import numpy as np
import pandas as pd
import pytest

from rainscore.radar.pickleddates import load_dates

DATES = [datetime(2016, 8, 21, 0, 5), datetime(2016, 8, 21, 0, 10)]


@pytest.mark.parametrize("protocol", range(6))
def test_dates_are_read_from_pickles_of_all_protocols(protocol: int) -> None:
    content = pickle.dumps(np.array(DATES, object), protocol)
    assert list(load_dates(content)) == [pd.Timestamp(d) for d in DATES]


def test_dates_of_the_pickles_of_numpy_1_are_read() -> None:
    content = pickle.dumps(np.array([date(2016, 8, 21)], object), 2)
    old = content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert list(load_dates(old)) == [pd.Timestamp("2016-08-21")]


class Call:
    """Object whose unpickling calls a function."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple:
        return self.call


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Call(os.mkdir, "trapped")),
        pickle.dumps(Call(np.ndarray, (10**12,))),
        pickle.dumps(Call(eval, "1")),
        b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b"x.",  # bytes of 2⁴⁰
        b"\x80\x04\x8d" + struct.pack("<Q", 2**40) + b"x.",  # text of 2⁴⁰
        b"\x80\x04\x95" + struct.pack("<Q", 2**40) + b"N.",  # frame of 2⁴⁰
        b"\x80\x02Nr" + struct.pack("<I", 2**32 - 1) + b".",  # memo of 2³² entries
        b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"x.",  # integer of 2³¹ bytes
        pickle.dumps("text"),
        pickle.dumps(np.array(["2016"], object)),
        pickle.dumps(np.array([None], object)),
        pickle.dumps(np.arange(3)),
        b"",
        b".",
        b"\x00" * 100,
        b"(" * 100_000,
        bytes(5_000_000),
    ],
)  # fmt: skip
def test_other_pickles_are_refused_without_running_or_allocating_anything(
    content: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.chdir(str(tmp_path))
    with pytest.raises(ValueError, match="its dates cannot be read"):
        load_dates(content)
    assert os.listdir(".") == []  # noqa: PTH208  # the folder that a pickle would have written to


@pytest.mark.parametrize("seed", range(5))
def test_flipped_bits_give_dates_or_a_value_error(seed: int) -> None:
    rng = np.random.default_rng(seed)
    buffer = BytesIO()
    np.save(buffer, np.array(DATES * 10, object), allow_pickle=True)
    good = buffer.getvalue()[128:]
    for _ in range(300):
        content = bytearray(good)
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
        try:
            assert load_dates(bytes(content)).size > 0
        except ValueError as error:
            assert "its dates cannot be read" in str(error)
