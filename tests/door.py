"""An address that notices of simulators come to: it answers what it is told to, in turn, and remembers what came."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Knocked:
    """A request as it came; names of headers are lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


class Door(ThreadingHTTPServer):
    """`answers` are the statuses to give next, then 200; `came` is set when something came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.answers: list[int] = []
        self.requests: list[Knocked] = []
        self.came = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Request(BaseHTTPRequestHandler):
    server: Door

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append(Knocked(self.path, headers, body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.came.set()


@contextmanager
def opened() -> Iterator[Door]:
    """A door that is open during the block."""
    made = Door()
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()
