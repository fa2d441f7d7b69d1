"""Web pages in the place of data: login and error pages of servers."""


def is_web_page(start: bytes) -> bool:
    """Whether the first bytes of a file are those of an HTML or XML page."""
    return start.lstrip().lower().startswith((b"<!doctype html", b"<html", b"<?xml"))
