"""Words and sentences of the binary protocol: a length of one to five bytes, then the bytes; an empty word ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Sentence = list[bytes]
# (length below, mark of the first byte, bytes in all), as the manual lists them
FORMS = ((0x80, 0x00, 1), (0x4000, 0x8000, 2), (0x200000, 0xC00000, 3), (0x10000000, 0xE0000000, 4))
RESERVED = 0xF8


class BadLength(ValueError):
    """A first byte that the protocol keeps for later."""


def length(size: int) -> bytes:
    """How the length of a word is written."""
    for limit, mark, count in FORMS:
        if size < limit:
            return (size | mark).to_bytes(count, "big")
    return b"\xf0" + size.to_bytes(4, "big")


def word(value: bytes) -> bytes:
    """A word with its length."""
    return length(len(value)) + value


def sentence(words: Iterable[bytes]) -> bytes:
    """A sentence with the empty word at its end."""
    return b"".join(word(one) for one in words) + b"\x00"


def read_length(read: Callable[[int], bytes]) -> int:
    """The length of the next word; `read(n)` gives exactly n bytes or raises. BadLength from 0xF8 on."""
    first = read(1)[0]
    if first < 0x80:
        return first
    if first < 0xC0:
        return (first & 0x3F) << 8 | read(1)[0]
    if first < 0xE0:
        return (first & 0x1F) << 16 | int.from_bytes(read(2), "big")
    if first < 0xF0:
        return (first & 0x0F) << 24 | int.from_bytes(read(3), "big")
    if first < RESERVED:
        return int.from_bytes(read(4), "big")
    raise BadLength(f"control byte {first:#x}")


def read_sentence(read: Callable[[int], bytes]) -> Sentence:
    """The words of the next sentence that is not empty."""
    found: Sentence = []
    while True:
        size = read_length(read)
        if size:
            found.append(read(size))
        elif found:
            return found
