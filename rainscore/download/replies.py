"""Text that a server sends in place of a file: a web page, or a message as JSON or XML."""

import html
import json
import re

from rainscore.webpages import is_web_page

_LENGTH = 200
_KEYS = ("message", "error_description", "description", "error", "detail", "title", "status")
"""Keys of a JSON message that are shown; others could hold a secret, such as a token."""


def describe_reply(start: bytes, *, accepts_xml: bool = False) -> str:
    """Describe the text that arrived instead of a file; empty where it can be the file.

    Args:
        start: First bytes of the content.
        accepts_xml: Whether the file may be XML.
    """
    content = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    is_xml = content.startswith(b"<?xml") and b"<html" not in content.lower()
    if is_web_page(content) and not is_xml:
        return _quoted("a web page", _tag(content, "title"))
    if content.startswith((b"{", b"[")):
        return _quoted("a JSON message", _json_message(content))
    if content.startswith(b"<") and not accepts_xml:
        return _quoted("an XML message", _tag(content, "Message") or _tag(content, "Code"))
    return ""


def reply_message(start: bytes) -> str:
    """Message or title in the text of a server, in brackets; empty where there is none."""
    described = describe_reply(start)
    return f" ({described.partition(': ')[2]})" if ": " in described else ""


def _json_message(content: bytes) -> str:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    if isinstance(value, dict):
        return "; ".join(str(value[k]) for k in _KEYS if isinstance(value.get(k), str | int))
    return ""


def _tag(content: bytes, name: str) -> str:
    """Text of the first element of a name."""
    pattern = rf"<{name}[^>]*>(.*?)</{name}>".encode()
    match = re.search(pattern, content, re.IGNORECASE | re.DOTALL)
    return html.unescape(match[1].decode(errors="replace")) if match else ""


def _quoted(kind: str, message: str) -> str:
    """Kind of a text and its message, as one short line of printable characters."""
    words = "".join(c if c.isprintable() else " " for c in message).split()
    return f'{kind}: "{" ".join(words)[:_LENGTH]}"' if words else kind
