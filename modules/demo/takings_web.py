"""The product's web for a while, for gateways only: they send notices and networks ask before people are served."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from waitress.server import create_server

from modules.demo.surroundings import free_port


@contextmanager
def served() -> Iterator[str]:
    """Answer at the public address, or at a free port where that is taken or elsewhere; the address."""
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    settings = app.extensions["abona"]
    address = settings.public_url.rstrip("/") if _is_ours(settings.public_url) else f"http://127.0.0.1:{free_port()}"
    wanted = urlsplit(address)
    server = create_server(_gateways_only(app), host=wanted.hostname, port=wanted.port, threads=4, ident="abona")
    thread = threading.Thread(target=server.run, daemon=True, name="web of the demonstration")
    thread.start()
    app.extensions["abona"] = replace(settings, public_url=address)
    try:
        yield address
    finally:
        app.extensions["abona"] = settings
        server.task_dispatcher.shutdown()
        server.close()
        thread.join(10)


def _gateways_only(app: Any) -> Any:
    """For people the demonstration is not ready yet."""

    def answer(environ: Any, start: Any) -> Any:
        if environ.get("PATH_INFO", "").startswith("/gateways/"):
            return app(environ, start)
        start("503 Service Unavailable", [("Content-Type", "text/plain"), ("Retry-After", "5")])
        return [b""]

    return answer


def _is_ours(url: str) -> bool:
    """Whether it is a port of this machine that nobody listens on."""
    wanted = urlsplit(url)
    if wanted.scheme != "http" or wanted.hostname not in ("127.0.0.1", "localhost") or wanted.port is None:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((wanted.hostname, wanted.port))
        except OSError:
            return False
    return True
