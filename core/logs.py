"""Structured logs: one JSON line per event, with the ids of request and job, without secrets."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

SECRET_WORDS = ("password", "secret", "token", "authorization", "sign", "private_key", "cookie", "cms")


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
    """Replace the values of fields whose name speaks of a secret."""
    for name in list(event):
        if any(word in name.lower() for word in SECRET_WORDS) and event[name]:
            event[name] = "********"
    return event


def get(name: str) -> Any:
    """A logger; call it with an event name and fields."""
    return structlog.get_logger(name)
