import base64
import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from rainscore.errors import RainscoreError
from rainscore.report.figures.style import save
from rainscore.report.pictures import data_uri, shrink

XMLNS = 'xmlns="http://www.w3.org/2000/svg"'
XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
WEBP = "data:image/webp;base64,"


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    fig = Figure(figsize=(3, 2))
    ax = fig.subplots()
    ax.pcolormesh(np.arange(400).reshape(20, 20), rasterized=True)
    ax.plot([0, 20], [0, 20], marker="o", color="#123456")
    ax.set(title="100 % & 'more' #1", xlabel="rain [mm/h]")
    path = tmp_path / "drawn.svg"
    save(fig, path)
    return path


def pixels(uri: str) -> np.ndarray:
    file = io.BytesIO(base64.b64decode(uri.partition("base64,")[2]))
    return np.asarray(Image.open(file).convert("RGBA"))


def inside(svg: str) -> list[str]:
    return re.findall(r"data:image/\w+;base64,[^\"']+", svg)


def test_a_png_is_smaller_and_looks_the_same(tmp_path: Path) -> None:
    rows, columns = np.mgrid[:200, :300]
    colours = np.stack([rows, columns // 2, (rows + columns) // 3], axis=-1).astype(np.uint8)
    noise = np.random.default_rng(1).integers(-4, 5, colours.shape)
    colours = np.clip(colours + noise, 0, 255).astype(np.uint8)
    Image.fromarray(colours).save(tmp_path / "a.png")
    uri = data_uri(tmp_path / "a.png")
    assert uri.startswith(WEBP) and len(uri) < (tmp_path / "a.png").stat().st_size / 4
    difference = pixels(uri)[..., :3].astype(int) - colours
    assert pixels(uri).shape[:2] == (200, 300) and np.abs(difference).mean() < 4


def test_pixels_in_an_svg_are_unchanged_and_smaller(drawn: Path) -> None:
    before, after = inside(drawn.read_text()), inside(shrink(drawn.read_text()))
    assert len(before) == len(after) == 1 and after[0].startswith(WEBP)
    np.testing.assert_array_equal(pixels(before[0]), pixels(after[0]))
    assert len(after[0]) < len(before[0])


def test_an_svg_keeps_its_shapes_and_references(drawn: Path) -> None:
    before, after = drawn.read_text(), shrink(drawn.read_text())
    for tag in ("<path", "<use", "<image", "<clipPath", "#123456"):
        assert after.count(tag) == before.count(tag) > 0
    root = ElementTree.fromstring(after)
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:url\(|href=")#([^)"]+)', after)) == set(ids)
    assert len(after) < 0.8 * len(before)


def test_coordinates_are_rounded_and_scales_are_not() -> None:
    svg = (
        f'<svg {XMLNS} {XLINK}><!-- c --><defs><path id="M" d="M 1.23456 -0.00444 \nL 2 3 \nz\n"/>'
        '</defs><g id="unused"><use xlink:href="#M" style="fill: #abcdef" '
        'transform="translate(3.14159 0) scale(0.083333 -0.083333)"/></g></svg>'
    )
    assert shrink(svg) == (
        f'<svg {XMLNS}><defs><path id="i0" d="M1.23 -0.00L2 3z" /></defs><g>'
        '<use href="#i0" style="fill: #abcdef" '
        'transform="translate(3.14 0) scale(0.083333 -0.083333)" /></g></svg>'
    )


def test_the_place_of_a_letter_is_written_as_x_and_y() -> None:
    letters = (
        f'<svg {XMLNS} {XLINK}><defs><path id="A" d="M0 0z"/></defs>'
        '<use xlink:href="#A" transform="translate(63.625 0)"/>'
        '<use xlink:href="#A" x="1" transform="translate(2 -41.5)"/>'
        '<use xlink:href="#A" transform="translate(2 -41.5)"/></svg>'
    )
    places = re.findall(r'<use href="#i0"(.*?) />', shrink(letters))
    assert places == [' x="63.62"', ' x="1" transform="translate(2 -41.5)"', ' x="2" y="-41.5"']


def test_the_uri_of_an_svg_fits_into_an_attribute_and_can_be_decoded(drawn: Path) -> None:
    uri = data_uri(drawn)
    head, _, text = uri.partition(",")
    assert head == "data:image/svg+xml" and not set('"#&\n') & set(uri)
    back, meant = (
        ElementTree.fromstring(unquote(text)),
        ElementTree.fromstring(shrink(drawn.read_text())),
    )
    assert [(e.tag, e.attrib, e.text) for e in back.iter()] == [
        (e.tag, e.attrib, e.text) for e in meant.iter()
    ]


def test_a_missing_picture_and_an_unsupported_format_are_errors_that_name_the_file(
    tmp_path: Path,
) -> None:
    with pytest.raises(RainscoreError, match=r"lost.svg: .* missing; draw the figures"):
        data_uri(tmp_path / "lost.svg")
    with pytest.raises(RainscoreError, match=r"a.jpg: .* SVG and PNG"):
        data_uri(tmp_path / "a.jpg")
