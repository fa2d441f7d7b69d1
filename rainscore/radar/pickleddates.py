"""Dates that NumPy has stored as a pickle. A pickle can run any code; this reader runs none."""

import pickle
import pickletools
from datetime import date, datetime
from io import BytesIO

import pandas as pd

MAX_BYTES = 4_000_000
"""Size above which a pickle of dates is refused: 20 times that of a month of 5-minute frames."""


PICKLE_ERRORS = (
    pickle.UnpicklingError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    EOFError,
    ArithmeticError,
    MemoryError,
)
"""Errors of pickle on content that is not one of dates."""


class _Array:
    """Stand-in for an array of NumPy: keeps the state that the pickle gives it."""

    state: tuple = ()

    def __setstate__(self, state: tuple) -> None:
        self.state = state


class _Type:
    """Stand-in for a data type of NumPy: ignores what it is given."""

    def __init__(self, *arguments: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


def _reconstruct(*arguments: object) -> _Array:
    """Stand-in for NumPy's function that allocates an array of any shape."""
    return _Array()


def _encode(text: str, encoding: str) -> bytes:
    """Bytes of a date in the pickles of Python 2."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"its dates are encoded as {encoding[:20]!r}")
    return text.encode("latin1")


CLASSES = {
    ("datetime", "datetime"): datetime,
    ("datetime", "date"): date,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("_codecs", "encode"): _encode,
}
"""Classes and functions that the pickle may name, and what is called in their place."""


class _Unpickler(pickle.Unpickler):
    """Unpickler of `CLASSES` only."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in CLASSES:
            raise pickle.UnpicklingError(f"its dates contain {module}.{name}")
        return CLASSES[module, name]


def load_dates(content: bytes) -> pd.DatetimeIndex:
    """Dates of a pickled array of `datetime` or `date`.

    Args:
        content: The pickle, at most `MAX_BYTES`.

    Raises:
        ValueError: The content is not a pickle of dates.
    """
    try:
        _check_sizes(content)
        array = _Unpickler(BytesIO(content)).load()
        dates = array.state[-1]
        if not isinstance(dates, list) or not all(isinstance(d, date) for d in dates):
            raise ValueError("it contains other objects than dates")
        return pd.DatetimeIndex(dates).as_unit("ns")
    except PICKLE_ERRORS as error:
        raise ValueError(f"its dates cannot be read: {error}") from error


def _check_sizes(content: bytes) -> None:
    """Raise ValueError if the pickle asks for more memory than its own size."""
    if len(content) > MAX_BYTES:
        raise ValueError(f"{len(content)} bytes of dates")
    for opcode, argument, _ in pickletools.genops(content):
        if "PUT" in opcode.name and int(argument or 0) > len(content):
            raise ValueError(f"the pickle has an entry {argument} in {len(content)} bytes")
