"""Errors that a user can act on: the message says what is wrong, where, and what to do."""

from pathlib import Path


class RainscoreError(Exception):
    """Base class of all errors that rainscore raises on purpose."""


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
        self.file, self.reason, self.remedy = str(file), reason, remedy

    def __str__(self) -> str:
        """Return file, reason and remedy in one line."""
        return f"{self.file}: {self.reason}; {self.remedy}"


class DomainError(RainscoreError):
    """The requested window lies outside the file."""
