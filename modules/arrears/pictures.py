"""What is sent as a proof of payment: judged by its content; a picture is drawn anew, a PDF is read."""

from __future__ import annotations

import io
import logging

from core.i18n import _
from modules.arrears.errors import BadProof

LARGEST = 10 * 2**20
# dots in all, before and after: a small file can hold a picture that takes gigabytes once it is opened
LARGEST_PICTURE, SIDE = 40_000_000, 1800
MOST_PAGES = 20
FORMATS = ("JPEG", "PNG", "WEBP")
# what a PDF may do by itself when it is opened, or carry along
ACTIVE = (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/RichMedia")


def clean(data: bytes) -> tuple[bytes, str, str]:
    """(content, media type, ending) of what is kept; BadProof says what the file is and what is wanted.

    A picture loses all that is not seen (places, programs); a PDF is kept as it is where it can do nothing by itself.
    """
    if not data:
        raise BadProof(_("To send a proof you must choose a picture or a PDF."), field="proof")
    if len(data) > LARGEST:
        raise BadProof(_("To send this proof you must make the file smaller: it has %(size)s MB, 10 MB are allowed.",
                         size=f"{len(data) / 2**20:.1f}"), field="proof")
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return _pdf(data), "application/pdf", "pdf"
    return _picture(data), "image/jpeg", "jpg"


def _picture(data: bytes) -> bytes:
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > LARGEST_PICTURE:
                raise BadProof(_("To send this picture you must make it smaller: it has %(width)s x %(height)s dots.",
                                 width=picture.width, height=picture.height), field="proof")
            picture.draft("RGB", (SIDE * 2, SIDE * 2))
            upright = ImageOps.exif_transpose(picture).convert("RGB")
            upright.thumbnail((SIDE, SIDE))
            out = io.BytesIO()
            upright.save(out, "JPEG", quality=80, optimize=True)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadProof(_("To send a proof you must choose a picture (JPEG, PNG, WebP) or a PDF: this file is neither, "
                         "or it is damaged."), field="proof") from error
    return out.getvalue()


def _pdf(data: bytes) -> bytes:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.ERROR)
    try:
        reader = PdfReader(io.BytesIO(data))
        pages = 0 if reader.is_encrypted else len(reader.pages)
    except (PyPdfError, OSError, ValueError, KeyError, RecursionError, AttributeError, TypeError) as error:
        raise BadProof(_("To send this PDF you must save it again: it cannot be read."), field="proof") from error
    if not pages or pages > MOST_PAGES:
        raise BadProof(_("To send this PDF it must have no password and at most %(count)s pages.", count=MOST_PAGES),
                       field="proof")
    if any(word in data for word in ACTIVE):
        raise BadProof(_("This PDF is not taken because it holds a program or another file. Send a picture of it."),
                       field="proof")
    return data
