"""E-mail addresses and phone numbers as people type them, taken apart and brought into one form. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType

from modules.crm import names

# Deliberately simple: something, one @, a domain with a point; the mail server has the last word.
_EMAIL = re.compile(r"[^\s@,;<>()\[\]\"]+@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_BETWEEN_EMAILS = re.compile(r"[;,/\s|]+| y | e ")
_BETWEEN_PHONES = re.compile(r"[;|\n]|\s*/\s*|\s+y\s+|\s+o\s+|,\s*")
_KINDS = {PhoneNumberType.MOBILE: "mobile", PhoneNumberType.FIXED_LINE: "fixed",
          PhoneNumberType.FIXED_LINE_OR_MOBILE: "either"}


@dataclass(frozen=True)
class ParsedPhone:
    """A number as typed; `e164` is "" where it cannot be understood (no area code, too short)."""

    typed: str
    e164: str
    kind: str


def split_emails(text: str | Iterable[str] | None) -> tuple[list[str], list[str]]:
    """(addresses in lower case, each once, in their order; the pieces that are none)."""
    good: list[str] = []
    bad: list[str] = []
    for piece in _pieces(text, _BETWEEN_EMAILS, needs="@"):
        bare = piece.lower().removeprefix("mailto:").strip("<>()\"'.,")
        if _EMAIL.fullmatch(bare) and bare.isascii() and len(bare) <= 254:
            good.append(bare)
        else:
            bad.append(piece)
    return list(dict.fromkeys(good)), bad


def split_phones(text: str | Iterable[str] | None, country: str) -> tuple[list[ParsedPhone], list[str]]:
    """(numbers, each once; the pieces with too few digits to be one). `country` is the ISO code of the company's."""
    good: dict[str, ParsedPhone] = {}
    bad: list[str] = []
    for piece in _pieces(text, _BETWEEN_PHONES):
        if len(names.digits(piece)) < 6:
            bad.append(piece)
            continue
        phone = parse_phone(piece, country)
        good.setdefault(phone.e164 or names.digits(piece), phone)
    return list(good.values()), bad


def parse_phone(typed: str, country: str) -> ParsedPhone:
    """One number, understood with the habits of the country (the Argentine 0 and 15 among them)."""
    typed = names.tidy(typed)[:60]
    try:
        number = phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException:
        return ParsedPhone(typed, "", "unknown")
    if not phonenumbers.is_valid_number(number):
        return ParsedPhone(typed, "", "unknown")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return ParsedPhone(typed, e164, _KINDS.get(phonenumbers.number_type(number), "unknown"))


def readable(e164: str, country: str) -> str:
    """A number as people of the country write it: national at home, international abroad."""
    try:
        number = phonenumbers.parse(e164, country)
    except phonenumbers.NumberParseException:
        return e164
    home = phonenumbers.region_code_for_number(number) == country
    style = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def _pieces(text: str | Iterable[str] | None, between: re.Pattern[str], needs: str = "") -> list[str]:
    """The pieces of each text; a text without what every piece needs stays whole, to be quoted whole."""
    texts = [text] if isinstance(text, str) else list(text or [])
    split = (between.split(one) if needs in one else [one] for one in texts)
    return [piece for pieces in split for piece in (names.tidy(p) for p in pieces) if piece]
