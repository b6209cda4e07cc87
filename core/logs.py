"""Structured logs: one JSON line per event, with the ids of request and job, without secrets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import structlog
from structlog.tracebacks import ExceptionDictTransformer

SECRET_WORDS = frozenset({"password", "passwd", "pwd", "secret", "token", "authorization", "sign", "signature",
                          "cookie", "cms", "credential", "credentials", "cvv", "pin"})
# "key" alone is what a job is called; with one of these it opens something
KEY_OF = frozenset({"api", "private", "secret", "access", "encryption"})
HIDDEN = "********"


def init(level: str = "INFO") -> None:
    """Route structlog and the standard library to standard error as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    # without locals: they hold passwords, tokens and keys
                    structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
                    structlog.processors.JSONRenderer(ensure_ascii=False)],
    ))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("alembic", "zeep", "urllib3", "xhtml2pdf", "fontTools", "PIL", "rq.worker"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def hide_secrets(logger: Any, method: str, event: Any) -> Any:
    """Replace the values of fields whose name speaks of a secret, however deep they are."""
    for name, value in list(event.items()):
        if is_secret(name) and value:
            event[name] = HIDDEN
        elif isinstance(value, (dict, list)):
            event[name] = redact(value)
    return event


def is_secret(name: str) -> bool:
    """Whether a field of this name holds a secret: access_token, apiKey, X-Api-Key, but not design or job_key."""
    words = {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}
    return bool(words & SECRET_WORDS) or "apikey" in words or ("key" in words and bool(words & KEY_OF))


def redact(value: Any) -> Any:
    """The same value with the secrets of its dictionaries hidden."""
    if isinstance(value, Mapping):
        return {name: HIDDEN if isinstance(name, str) and is_secret(name) and inner else redact(inner)
                for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(inner) for inner in value]
    # a body of bytes may hold secrets in any place: XML with tokens in it
    return f"{len(value)} bytes" if isinstance(value, bytes) else value


def redact_url(url: str) -> str:
    """The address without the password of its user and the secrets of its query."""
    parts = urlsplit(url)
    shown = [(name, HIDDEN if is_secret(name) else value) for name, value in parse_qsl(parts.query)]
    user, at, host = parts.netloc.rpartition("@")
    place = f"{user.split(':')[0]}:{HIDDEN}@{host}" if at and ":" in user else parts.netloc
    return urlunsplit((parts.scheme, place, parts.path, urlencode(shown, safe="*"), ""))


def get(name: str) -> Any:
    """A logger; call it with an event name and fields."""
    return structlog.get_logger(name)
