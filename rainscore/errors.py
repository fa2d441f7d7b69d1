"""Errors that a user can act on: each says what is wrong, where, and what to do."""

from pathlib import Path


class RainscoreError(Exception):
    """Any error that rainscore raises on purpose."""


class DamagedFile(RainscoreError):
    """A file is there and cannot be used: truncated, not what its name says, without its variable.

    Args:
        file: The file.
        reason: What is wrong with it.
        remedy: What the user can do.
    """

    def __init__(self, file: Path | str, reason: str, remedy: str) -> None:
        """Keep the three parts, of which the message is made."""
        super().__init__(str(file), reason, remedy)
        self.file, self.reason, self.remedy = str(file), reason, remedy

    def __str__(self) -> str:
        """Return file, reason and remedy in one line."""
        return f"{self.file}: {self.reason}; {self.remedy}"


class DomainError(RainscoreError):
    """The window that was asked for lies outside the file."""
