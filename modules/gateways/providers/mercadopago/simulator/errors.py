"""Refusals in the service's words: {"message", "error", "status", "cause": [{"code", "description", "data"}]} (1.8)."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.wrappers import Response

from core.exact_json import as_json

WORDS = {400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "conflict",
         422: "unprocessable_entity", 423: "locked", 429: "too_many_requests"}


class Refused(Exception):
    """A request that is not done. `code` is that of the cause, where the service gives one."""

    def __init__(self, message: str, status: int = 400, code: int | str = "", headers: Mapping[str, str] | None = None,
                 error: str = "") -> None:
        super().__init__(message)
        self.message, self.status, self.code, self.headers = message, status, code, dict(headers or {})
        self.error = error or WORDS.get(status, "bad_request")


def answer(refused: Refused) -> Response:
    """The refusal as the service sends it."""
    cause = [{"code": refused.code, "description": refused.message, "data": None}] if refused.code else []
    body = {"message": refused.message, "error": refused.error, "status": refused.status, "cause": cause}
    return Response(as_json(body), refused.status, headers=refused.headers, content_type="application/json")
