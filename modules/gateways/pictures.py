"""Bar codes and QR codes as pictures of a page: SVG as data URI, without styles."""

from __future__ import annotations

import base64
from functools import lru_cache

import segno

# reportlab's names; its Interleaved 2 of 5 and Codabar would add a check digit by themselves
NAMES = {"code128": "Code128", "i2of5": "I2of5", "codabar": "Codabar"}
# modules that stay white beside the bars, so that a reader finds their ends
QUIET, HEIGHT = 10, 60


@lru_cache(maxsize=256)
def bars(value: str, symbology: str) -> str:
    """The bars of a code, one unit wide per module; "" for a symbology that is not drawn here."""
    name = NAMES.get(symbology)
    if name is None or not value:
        return ""
    from reportlab.graphics.barcode import createBarcodeDrawing  # late: importing it takes a second
    from reportlab.graphics.shapes import Rect

    options = {"code128": {}, "i2of5": {"checksum": 0, "bearers": 0}, "codabar": {"checksum": 0}}[symbology]
    drawing = createBarcodeDrawing(name, value=value, barWidth=1, barHeight=HEIGHT, quiet=0, humanReadable=0, **options)
    rects = [one for part in drawing.contents for one in part.draw().contents
             if isinstance(one, Rect) and one.fillColor]  # the first one is the ground, without a colour
    drawn = "".join(f'<rect x="{one.x + QUIET:.2f}" y="0" width="{one.width:.2f}" height="{HEIGHT}"/>' for one in rects)
    width = drawing.width + 2 * QUIET
    return _uri(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.2f} {HEIGHT}" '
                f'preserveAspectRatio="none" shape-rendering="crispEdges"><rect width="{width:.2f}" height="{HEIGHT}" '
                f'fill="#fff"/>{drawn}</svg>')


@lru_cache(maxsize=256)
def qr(text: str) -> str:
    """A QR code."""
    return str(segno.make(text, error="m", micro=False).svg_data_uri(border=2, light="#fff"))


def _uri(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
