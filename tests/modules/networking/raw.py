"""A client of RouterOS' protocol written by hand, which knows nothing of the product nor of librouteros."""

from __future__ import annotations

import socket


class Raw:
    """Sends sentences as bytes and reads replies; `replies` reads up to the `!done` of a tag, or `!fatal`."""

    def __init__(self, port: int, wrap: object = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        if wrap is not None:
            self.socket = wrap(self.socket)  # type: ignore[operator]
        self.ahead = b""

    def send(self, *words: str, pieces: int = 0) -> None:
        self.bytes(b"".join(self.coded(one.encode("latin-1")) for one in (*words, "")), pieces)

    def bytes(self, data: bytes, pieces: int = 0) -> None:
        for at in range(0, len(data), pieces or len(data)):
            self.socket.sendall(data[at:at + (pieces or len(data))])

    @staticmethod
    def coded(word: bytes) -> bytes:
        size = len(word)
        if size <= 0x7F:
            return bytes([size]) + word
        if size <= 0x3FFF:
            return bytes([0x80 | size >> 8, size & 0xFF]) + word
        if size <= 0x1FFFFF:
            return bytes([0xC0 | size >> 16, size >> 8 & 0xFF, size & 0xFF]) + word
        return bytes([0xE0 | size >> 24, size >> 16 & 0xFF, size >> 8 & 0xFF, size & 0xFF]) + word

    def _exactly(self, count: int) -> bytes:
        while len(self.ahead) < count:
            more = self.socket.recv(4096)
            if not more:
                raise EOFError(self.ahead)
            self.ahead += more
        found, self.ahead = self.ahead[:count], self.ahead[count:]
        return found

    def _length(self) -> int:
        first = self._exactly(1)[0]
        more = 0 if first < 0x80 else 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
        mask = (0x7F, 0x3F, 0x1F, 0x0F, 0x00)[more]
        return int.from_bytes(bytes([first & mask]) + self._exactly(more), "big")

    def reply(self) -> list[str]:
        words = []
        while size := self._length():
            words.append(self._exactly(size).decode("latin-1"))
        return words

    def replies(self, tag: str = "") -> list[list[str]]:
        found = []
        while True:
            one = self.reply()
            found.append(one)
            if one[0] == "!fatal" or (one[0] == "!done" and (not tag or f".tag={tag}" in one)):
                return found

    def ask(self, *words: str) -> list[list[str]]:
        self.send(*words)
        return self.replies()

    def login(self, password: str = "secreta") -> list[list[str]]:
        return self.ask("/login", "=name=abona", f"=password={password}")
