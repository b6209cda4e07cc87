"""Logos: a picture that somebody chose becomes a small PNG, or is refused with words that say what it is."""

from __future__ import annotations

import io

from core.errors import DomainError
from core.i18n import _

# what paper needs: each document carries the logo
WIDTH, HEIGHT = 400, 120
LARGEST_FILE = 2 * 2**20
# dots in all; a small file can hold a picture that takes gigabytes once it is opened
LARGEST_PICTURE = 25_000_000
FORMATS = ("PNG", "JPEG")
_SIGNS = ((b"%PDF", "PDF"), (b"GIF8", "GIF"), (b"RIFF", "WebP"), (b"<svg", "SVG"), (b"<?xml", "SVG"), (b"BM", "BMP"))


class BadLogo(DomainError):
    """This file cannot be a logo; the message says what it is and what is wanted."""

    code = "bad_logo"

    def __init__(self, message: str) -> None:
        super().__init__(message, field="logo")


def scaled(data: bytes) -> bytes:
    """A PNG of at most 400 x 120 dots, drawn anew, so that nothing else that the file held is kept."""
    from PIL import Image, ImageOps

    if len(data) > LARGEST_FILE:
        raise BadLogo(_("To use this logo you must choose a file of at most 2 MB: this one has %(size)s MB.",
                        size=f"{len(data) / 2**20:.1f}"))
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > LARGEST_PICTURE:
                raise BadLogo(_("To use this logo you must make the picture smaller: it has %(width)s x %(height)s "
                                "dots, 400 x 120 are enough.", width=picture.width, height=picture.height))
            picture.draft("RGB", (WIDTH * 2, HEIGHT * 2))
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
            upright.thumbnail((WIDTH, HEIGHT))
            out = io.BytesIO()
            upright.save(out, "PNG", optimize=True)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadLogo(_("To use this logo you must choose a PNG or JPEG picture: this file is %(found)s.",
                        found=_what(data))) from error
    return out.getvalue()


def _what(data: bytes) -> str:
    """What a file seems to be, for the refusal."""
    if not data:
        return _("empty")
    if data[:8] == b"\x89PNG\r\n\x1a\n" or data[:3] == b"\xff\xd8\xff":
        return _("damaged")
    head = data[:200].lstrip().lower()
    return next((name for sign, name in _SIGNS if head.startswith(sign.lower())), _("something else"))
