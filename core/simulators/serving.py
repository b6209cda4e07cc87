"""The server: threads, HTTP/1.1 with connections that stay open, one write per answer, Nagle off.

With Nagle or two writes per answer every call on an open connection may wait 40 ms for the other side's ACK.
"""

from __future__ import annotations

import io
import json
import socket
import struct
import sys
import threading
import traceback
import urllib.request
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from core.i18n import _
from core.simulators.discovery import get
from core.simulators.faults import BadFault, Cut, parse_fault
from core.simulators.frame import Site
from core.simulators.settings import Configured

LIMIT = 64 * 1024 * 1024
# what the body is no longer, or what the environment holds already
UNPACKED = {"CONTENT_LENGTH", "CONTENT_TYPE", "CONTENT_ENCODING", "TRANSFER_ENCODING"}
DEFAULT_PORT = 9100


class Handler(BaseHTTPRequestHandler):
    """One connection: reads a request, calls the site, writes headers and body at once."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def answer(self) -> None:
        """Any method: run the site on this request."""
        try:
            body = self._body()
        except (ValueError, zlib.error):
            self.send_error(400)
            self.close_connection = True
            return
        try:
            status, headers, chunks = self._call(self._environ(body))
        except Cut as cut:
            self._cut(cut.reset)
            return
        except Exception:  # a mistake of the simulator: said on its terminal, and the server goes on
            traceback.print_exc()
            self._write("500 Internal Server Error", [("Content-Type", "text/plain")], b"error in the simulator")
            return
        self._write(status, headers, b"".join(chunks))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b"".join(self._chunks())
        else:
            length = int(self.headers.get("Content-Length") or 0)
            if not 0 <= length <= LIMIT:
                raise ValueError("too long")
            body = self.rfile.read(length)
            if len(body) < length:
                raise ConnectionError("the client went away")
        if self.headers.get("Content-Encoding", "").lower() == "gzip":
            body = zlib.decompress(body, 47)
        return body

    def _chunks(self) -> Iterator[bytes]:
        total = 0
        while size := int(self.rfile.readline(100).split(b";")[0], 16):
            total += size
            if total > LIMIT:
                raise ValueError("too long")
            yield self.rfile.read(size)
            self.rfile.readline(10)
        while self.rfile.readline(1000).strip():  # trailers
            pass

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _question, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command, "SCRIPT_NAME": "", "QUERY_STRING": query,
            "PATH_INFO": unquote(path, "latin-1"), "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "REMOTE_ADDR": self.client_address[0],
            "SERVER_NAME": str(self.server.server_address[0]), "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version, "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.multithread": True,
            "wsgi.multiprocess": False, "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            if key not in UNPACKED:
                environ[f"HTTP_{key}"] = value
        return environ

    def _call(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], list[bytes]]:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            started[:] = [status, headers]

        chunks = self.server.site(environ, start_response)
        try:
            body = list(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close:
                close()
        return started[0], started[1], body

    def _write(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _space, reason = status.partition(" ")
        self.send_response_only(int(code), reason)
        for name, value in headers:
            if name.lower() not in {"content-length", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _cut(self, reset: bool) -> None:
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)


class Server(ThreadingHTTPServer):
    """The simulators on one port. `stop` also ends the connections that clients keep open."""

    daemon_threads = True
    request_queue_size = 128
    block_on_close = False

    def __init__(self, host: str, port: int, site: Site) -> None:
        self.site = site
        self._open: set[socket.socket] = set()
        super().__init__((host, port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # a client that went away is no news
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Refuse new connections and end the open ones."""
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for mounted in self.site.mounted.values():
            if isinstance(mounted.service, Configured):
                mounted.service.release()


class Running:
    """Simulators in this process: where they are, and how to set them up."""

    def __init__(self, server: Server) -> None:
        self.server, self.site = server, server.site
        self.port: int = server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def post(self, name: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """`post("arca", "config", {...})` → POST /arca/_sim/config; raises urllib's HTTPError when refused."""
        request = urllib.request.Request(f"{self.url}/{name}/_sim/{path}", json.dumps(body or {}).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(json.load(answer))

    def fault(self, name: str, fault: str, **options: Any) -> None:
        """Put a fault in force; rate 0 ends it."""
        self.site.mounted[name].faults.set({"fault": fault, **options})

    def state(self, name: str, **query: Any) -> dict[str, Any]:
        """What the simulator holds."""
        return self.site.mounted[name].service.state({key: str(value) for key, value in query.items()})

    def reset(self, name: str) -> None:
        """Back to the start, without faults."""
        self.site.mounted[name].service.reset()
        self.site.mounted[name].faults.clear()


def make_server(names: Iterable[str] = (), port: int = 0, faults: Iterable[str] = (), *, folder: Path | None = None,
                host: str = "127.0.0.1") -> Server:
    """A server that does not run yet. `faults` are texts like arca:lost_answer=0.2; OSError if the port is taken."""
    site = Site(get(names), folder)
    for text in faults:
        name, fault = parse_fault(text)
        if name not in site.mounted:
            raise BadFault(_("To set a fault of %(name)s it must be served.", name=name))
        site.mounted[name].faults.set(fault)
    return Server(host, port, site)


@contextmanager
def running(names: Iterable[str] = (), port: int = 0, faults: Iterable[str] = (), *, folder: Path | None = None,
            host: str = "127.0.0.1") -> Iterator[Running]:
    """The simulators in threads of this process while the block runs; port 0 takes a free one."""
    server = make_server(names, port, faults, folder=folder, host=host)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True, name="simulators")
    thread.start()
    try:
        yield Running(server)
    finally:
        server.stop()
        thread.join()


def serve(names: Iterable[str] = (), port: int = DEFAULT_PORT, faults: Iterable[str] = (), *,
          folder: Path | None = None, host: str = "127.0.0.1") -> None:
    """Serve until the process is told to end."""
    make_server(names, port, faults, folder=folder, host=host).serve_forever()
