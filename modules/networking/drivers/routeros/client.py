"""A session with a router through librouteros: TLS, login, and every fault as one of the three outcomes."""

from __future__ import annotations

import hashlib
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import librouteros
from librouteros.exceptions import ConnectionClosed, FatalError, LibRouterosError, MultiTrapError, TrapError

from core.errors import Rejected, Unavailable, Unknown
from core.i18n import _
from modules.networking.ports import Access

CONNECT_SECONDS, READ_SECONDS = 5, 15
# between sentences that write: what is stored goes to flash, and small processors are slow
PAUSE = 0.02
GONE_ALREADY = "no such item"
THERE_ALREADY = "already have such entry"


class Refused(Exception):
    """The router said no to one sentence; the session goes on."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Client:
    """Sentences to a router that let us in. `fingerprint` is that of the certificate it showed, "" without one.

    `beat` is called before each sentence that goes out, and with each row that comes in: many may be slow.
    """

    def __init__(self, api: Any, fingerprint: str, beat: Callable[[], None]) -> None:
        self._api, self.fingerprint, self._wrote, self._beat = api, fingerprint, False, beat
        receive = api.protocol.readSentence

        def read() -> Any:
            beat()
            return receive()

        api.protocol.readSentence = read

    def read(self, menu: str, fields: Sequence[str], query: Mapping[str, str] | None = None) -> list[dict[str, str]]:
        """Rows of a menu with these fields, as texts; a menu that the router lacks is empty."""
        words = {".proplist": ",".join(fields)} if fields else {}
        queries = [f"?={name}={value}" for name, value in (query or {}).items()]
        try:
            rows = self._ask(f"{menu}/print", words, queries)
        except Refused as refusal:
            if "no such command" in refusal.message:
                return []
            raise Rejected(refusal.message, code="no_rights") from refusal
        return [{name: _text(value) for name, value in row.items()} for row in rows]

    def write(self, path: str, values: Mapping[str, str]) -> None:
        """One sentence that writes; Refused with the router's words. Unknown where no answer came."""
        self._beat()
        self._wrote = True
        time.sleep(PAUSE)
        self._ask(path, values, ())

    def _ask(self, path: str, values: Mapping[str, str], queries: Sequence[str]) -> list[dict[str, Any]]:
        try:
            if queries:
                words = [f"={name}={value}" for name, value in values.items()]
                return list(self._api.rawCmd(path, *words, *queries))
            return list(self._api(path, **values))
        except (TrapError, MultiTrapError) as trap:
            message = _message(trap)
            if "not enough permissions" in message:
                raise Rejected(_("The router's user may not do this (%(command)s): give it the rights read, write and "
                                 "api.", command=path), code="no_rights") from trap
            raise Refused(message) from trap
        except UnicodeEncodeError as error:
            raise Refused(_("only letters without accents can be written onto a router")) from error
        except (LibRouterosError, OSError, ValueError, IndexError, TypeError) as error:
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> Exception:
        words = _("The connection to the router was lost (%(reason)s).", reason=_reason(error))
        return Unknown(words) if self._wrote else Unavailable(words)


def _message(trap: Any) -> str:
    traps = getattr(trap, "traps", None) or [trap]
    return "; ".join(str(getattr(one, "message", one)) for one in traps)


def _text(value: Any) -> str:
    """librouteros casts; we compare texts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return _("no answer in time")
    if isinstance(error, ConnectionRefusedError):
        return _("connection refused")
    if isinstance(error, ConnectionClosed | ConnectionResetError):
        return _("closed by the router")
    return str(error)[:200] or type(error).__name__


@contextmanager
def session(access: Access, beat: Callable[[], None] = lambda: None) -> Iterator[Client]:
    """Log in, and close at the end. A dead router costs one connect limit, login included."""
    seen: list[str] = []
    api = _login(access, seen)
    with suppress(OSError, AttributeError):
        api.protocol.transport.sock.settimeout(READ_SECONDS)
    try:
        yield Client(api, seen[0] if seen else "", beat)
    finally:
        with suppress(OSError, LibRouterosError):
            api.close()


def _login(access: Access, seen: list[str]) -> Any:
    try:
        return librouteros.connect(host=access.host, username=access.username, password=access.password,
                                   port=access.port, timeout=CONNECT_SECONDS, encoding=access.encoding,
                                   **_wrapping(access, seen))
    except TrapError as trap:
        raise Rejected(_("The router does not accept user and password: %(said)s", said=trap.message),
                       code="bad_login") from trap
    except ssl.SSLEOFError as error:
        raise Unavailable(_("The router closed the connection before anything was said.")) from error
    except ssl.SSLError as error:
        raise Rejected(_("The router does not speak TLS in the way that is set (%(reason)s).",
                         reason=error.reason or str(error)), code="setting") from error
    except FatalError as error:
        raise Unavailable(_("The router ended the session: %(reason)s", reason=str(error))) from error
    except (LibRouterosError, OSError, ValueError, UnicodeError) as error:
        raise Unavailable(_("%(host)s, port %(port)s: %(reason)s.", host=access.host, port=access.port,
                            reason=_reason(error))) from error


def _wrapping(access: Access, seen: list[str]) -> dict[str, Any]:
    if access.tls == "plain":
        return {}

    def wrap(connection: socket.socket) -> ssl.SSLSocket:
        wrapped = _context(access).wrap_socket(connection, server_hostname=access.host)
        certificate = wrapped.getpeercert(True)
        if certificate:
            seen.append(hashlib.sha256(certificate).hexdigest())
        # before any login goes out
        if access.tls == "tls_pinned" and access.fingerprint and seen != [access.fingerprint]:
            wrapped.close()
            raise Rejected(_("The certificate of the router is not the one of the first contact. Nothing was sent to "
                             "it."), code="fingerprint")
        return wrapped

    wrapper: Callable[[socket.socket], ssl.SSLSocket] = wrap
    return {"ssl_wrapper": wrapper}


def _context(access: Access) -> ssl.SSLContext:
    """Two kinds of context, never one for both: RouterOS without certificate speaks anonymous Diffie-Hellman only."""
    if access.tls == "tls_ca":
        return ssl.create_default_context(cadata=access.ca or None)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if access.tls == "tls_anonymous":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ADH:@SECLEVEL=0")
    return context
