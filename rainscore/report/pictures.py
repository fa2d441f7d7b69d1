"""Pictures embedded in a page as compact data URIs."""

import base64
import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import quote

import numpy as np
from PIL import Image

from rainscore.errors import RainscoreError

SVG = "{http://www.w3.org/2000/svg}"


XLINK = "{http://www.w3.org/1999/xlink}"


EMBEDDED = re.compile(r"data:image/png;base64,(.*)", re.DOTALL)


MOVED = re.compile(r"translate\(([-.\d]+) ([-.\d]+)\)")
"""Transformation of a letter within a line of text."""


REFERENCE = re.compile(r"(?<=url\(#)[^)]+|(?<=^#).+")


QUALITY = 75
"""Quality of a PNG written as WebP: no difference can be seen, at a quarter of the size."""


WIDTH = 1500
"""Largest width of a PNG [pixel]: the page shows it in 992 pixels of CSS."""


PLAIN = "".join(map(chr, range(0x20, 0x7F))).translate(dict.fromkeys(map(ord, '%#&"')))
"""Characters that need no escape in a data URI between double quotes."""


def data_uri(path: Path | str) -> str:
    """Return a picture as a data URI for an HTML attribute in double quotes.

    An SVG is written without comments, with short names and with coordinates rounded to 0.01
    points, and pixels embedded in it as lossless WebP: its appearance is unchanged. A PNG is
    written as WebP with the quality `QUALITY`, not wider than `WIDTH`.

    Args:
        path: SVG or PNG file.

    Raises:
        RainscoreError: The file is missing, or is neither SVG nor PNG.
    """
    path = Path(path)
    if path.suffix not in (".svg", ".png"):
        raise RainscoreError(f"{path}: the report accepts SVG and PNG pictures only")
    if not path.exists():
        raise RainscoreError(
            f"{path}: this picture of the report is missing; draw the figures first"
        )
    if path.suffix == ".png":
        return _webp(path.read_bytes(), quality=QUALITY)
    # Single quotes within the SVG: a double quote would end the attribute of the page.
    text = shrink(path.read_text("utf-8")).replace("'", "&apos;").replace('"', "'")
    return f"data:image/svg+xml,{quote(text, safe=PLAIN)}"


def shrink(svg: str) -> str:
    """Return a smaller SVG with the same appearance.

    Args:
        svg: SVG written by matplotlib, with texts as paths: text elements are not kept.
    """
    root = ElementTree.fromstring(svg)  # drops comments and the document type
    for metadata in root.findall(f"{SVG}metadata"):
        root.remove(metadata)
    names = _short_names(root)
    for element in root.iter():
        element.tail = None
        if element.tag != f"{SVG}style":
            element.text = None
        attributes = dict(element.attrib)
        if element.tag == f"{SVG}use":
            attributes = _moved(attributes)
        element.attrib.clear()
        for key, value in attributes.items():
            if key != "id" or value in names:
                element.set(key.replace(XLINK, ""), _shorter(key, value, names))
    ElementTree.register_namespace("", SVG.strip("{}"))
    return ElementTree.tostring(root, encoding="unicode")


def _moved(attributes: dict[str, str]) -> dict[str, str]:
    """Attributes of a letter with its place as x and y, which mean the same and are shorter."""
    place = MOVED.fullmatch(attributes.get("transform", ""))
    if place is None or {"x", "y"} & set(attributes):
        return attributes
    others = {key: value for key, value in attributes.items() if key != "transform"}
    return others | {key: value for key, value in zip("xy", place.groups(), strict=True)
                     if float(value)}  # fmt: skip


def _short_names(root: ElementTree.Element) -> dict[str, str]:
    """Return a short name for each id that is referred to."""
    used = {m for e in root.iter() for v in e.attrib.values() for m in REFERENCE.findall(v)}
    ids = [name for e in root.iter() if (name := e.get("id", "")) in used]
    return {name: f"i{np.base_repr(number, 36)}" for number, name in enumerate(ids)}


def _shorter(key: str, value: str, names: dict[str, str]) -> str:
    """Return the value of an attribute with short names, rounded coordinates, single spaces."""
    if embedded := EMBEDDED.match(value):
        return _webp(base64.b64decode(embedded[1]))
    if key == "id":
        return names[value]
    value = REFERENCE.sub(lambda match: names.get(match[0], match[0]), value)
    if key == "d":
        value = re.sub(r"\s*([A-Za-z])\s*", r"\1", value)
    if key in ("d", "x", "y"):
        value = _rounded(value)
    elif key == "transform":  # scales keep their digits
        value = re.sub(r"translate\([^)]*\)", lambda match: _rounded(match[0]), value)
    return " ".join(value.split())


def _rounded(value: str) -> str:
    """Round the numbers of a text to 0.01."""
    return re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", value)


def _webp(png: bytes, *, quality: int | None = None) -> str:
    """Return the pixels of a PNG as a data URI of WebP; lossless without a quality."""
    file = io.BytesIO()
    picture: Image.Image = Image.open(io.BytesIO(png))
    if quality is not None and picture.width > WIDTH:
        picture = picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)))
    picture.save(file, "WEBP", lossless=quality is None, quality=quality or 80, method=6)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
