"""What repeats in a file, without holding its records. Pure."""

from __future__ import annotations

from hashlib import blake2b


class Repeats:
    """Numbers records that are equal, in a small number of bytes per record.

    Two equal lines of a payment file are two payments, the same two in every reading; two equal debts are a mistake.
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._more: dict[int, int] = {}

    def number(self, key: str) -> int:
        """1 for the first record of this key, 2 for the second …"""
        short = int.from_bytes(blake2b(key.encode(), digest_size=8).digest())
        if short not in self._seen:
            self._seen.add(short)
            return 1
        self._more[short] = self._more.get(short, 1) + 1
        return self._more[short]
