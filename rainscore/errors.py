"""Errors that a user can act on: the message says what is wrong, where, and what to do."""

from pathlib import Path


def printable(text: object) -> str:
    r"""Text in one line without control characters, which a terminal would obey.

    Characters that are not printable, and bytes of file names that are not UTF-8, are escaped.

    >>> printable("cluster \x1b[2J of\nrain → snow")
    'cluster \\x1b[2J of rain → snow'
    """
    line = " ".join(str(text).split("\n"))
    if line.isprintable():
        return line
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in line
    )


class RainscoreError(Exception):
    """Base class of all errors that rainscore raises on purpose.

    Its text is one line of printable characters, whatever the content of the file it is about.
    """

    def __str__(self) -> str:
        """Return the message."""
        return printable(super().__str__())


class DamagedFile(RainscoreError):
    """A file exists but cannot be used: truncated, of another format, or without its variable.

    Args:
        file: Path of the file.
        reason: What is wrong with it.
        remedy: What the user can do.
    """

    def __init__(self, file: Path | str, reason: str, remedy: str) -> None:
        """Store the three parts of the message."""
        super().__init__(str(file), reason, remedy)
        self.file, self.reason, self.remedy = str(file), printable(reason), remedy

    def __str__(self) -> str:
        """Return file, reason and remedy in one line."""
        return printable(f"{self.file}: {self.reason}; {self.remedy}")


class DomainError(RainscoreError):
    """The requested window lies outside the file."""
