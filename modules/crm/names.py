"""Texts in the form that searching compares: lower case, no accents, marks as blanks."""

from __future__ import annotations

import re
import unicodedata

_OTHER = re.compile(r"[^a-z0-9@.+&]+")
_ACCENTS = re.compile("[\u0300-\u036f]+")


def fold(text: str | None) -> str:
    """'GÓMEZ, María  José S.R.L.' is 'gomez maria jose srl'; ñ is n, as people type it on any keyboard."""
    if not text:
        return ""
    plain = text if text.isascii() else _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    words = _OTHER.sub(" ", plain.lower()).split()
    if "." not in plain:
        return " ".join(words)
    kept = (word if "@" in word else word.replace(".", "") for word in words)
    return " ".join(word for word in kept if word)


def digits(text: str | None) -> str:
    """Only the digits."""
    return "".join(char for char in text or "" if char.isdecimal())


def tidy(text: str | None) -> str:
    """The text as typed with blanks at the ends and double blanks removed."""
    return " ".join((text or "").replace("\u00a0", " ").split())
