"""Pictures inside a page: data URIs as small as they get without looking any different."""

import base64
import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from rainscore.errors import RainscoreError

SVG = "{http://www.w3.org/2000/svg}"


XLINK = "{http://www.w3.org/1999/xlink}"


INSIDE = re.compile(r"data:image/png;base64,(.*)", re.DOTALL)


REFERENCE = re.compile(r"(?<=url\(#)[^)]+|(?<=^#).+")


PLAIN = "".join(map(chr, range(0x20, 0x7F))).translate(dict.fromkeys(map(ord, '%#&"')))
"""What may stand in a data URI between double quotes as it is."""


def data_uri(path: Path | str) -> str:
    """A picture as a data URI that can stand between double quotes in HTML.

    An SVG becomes text without comments and with short names, its coordinates to a hundredth of a
    point; pixels, inside it or of a PNG, become lossless WebP.

    Raises:
        RainscoreError: The file is missing, or is neither SVG nor PNG.
    """
    path = Path(path)
    if path.suffix not in (".svg", ".png"):
        raise RainscoreError(f"{path}: the report takes SVG and PNG pictures only")
    if not path.exists():
        raise RainscoreError(
            f"{path}: this picture of the report is missing; draw the figures first"
        )
    if path.suffix == ".png":
        return _webp(path.read_bytes())
    # Single quotes inside, since the double ones end the attribute of the page.
    text = shrink(path.read_text()).replace("'", "&apos;").replace('"', "'")
    return f"data:image/svg+xml,{quote(text, safe=PLAIN)}"


def shrink(svg: str) -> str:
    """An SVG that looks the same and takes less: in the form that matplotlib writes, no text."""
    root = ElementTree.fromstring(svg)  # leaves out comments and the document type
    for metadata in root.findall(f"{SVG}metadata"):
        root.remove(metadata)
    names = _short_names(root)
    for element in root.iter():
        element.tail = None
        if element.tag != f"{SVG}style":
            element.text = None
        given = dict(element.attrib)
        element.attrib.clear()
        for key, value in given.items():
            if key != "id" or value in names:
                element.set(key.replace(XLINK, ""), _shorter(key, value, names))
    ElementTree.register_namespace("", SVG.strip("{}"))
    return ElementTree.tostring(root, encoding="unicode")


def _short_names(root: ElementTree.Element) -> dict[str, str]:
    """A short name for each id that something refers to."""
    used = {m for e in root.iter() for v in e.attrib.values() for m in REFERENCE.findall(v)}
    ids = [name for e in root.iter() if (name := e.get("id", "")) in used]
    return {name: f"i{number}" for number, name in enumerate(ids)}


def _shorter(key: str, value: str, names: dict[str, str]) -> str:
    """An attribute's value with short names, rounded coordinates and single spaces."""
    if inside := INSIDE.match(value):
        return _webp(base64.b64decode(inside[1]))
    if key == "id":
        return names[value]
    value = REFERENCE.sub(lambda found: names.get(found[0], found[0]), value)
    if key == "d":
        value = re.sub(r"\s*([A-Za-z])\s*", r"\1", value)
    if key in ("d", "x", "y"):
        value = _rounded(value)
    elif key == "transform":  # a scale keeps its digits
        value = re.sub(r"translate\([^)]*\)", lambda found: _rounded(found[0]), value)
    return " ".join(value.split())


def _rounded(value: str) -> str:
    """Numbers to a hundredth."""
    return re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", value)


def _webp(png: bytes) -> str:
    """The same pixels as a data URI of lossless WebP."""
    file = io.BytesIO()
    Image.open(io.BytesIO(png)).save(file, "WEBP", lossless=True)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
