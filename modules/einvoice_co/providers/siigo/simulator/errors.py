"""Siigo's refusals: HTTP status, code, message, parameters (reference 3.2)."""

from __future__ import annotations

import csv
import json
from functools import lru_cache
from pathlib import Path

from werkzeug.wrappers import Response

DETAIL = "Check the API documentation: https://developer.siigo.com/introduction/codigos-de-error/"


class Refused(Exception):
    """One refusal; its HTTP status is that of the list of codes."""

    def __init__(self, code: str, message: str, *params: str) -> None:
        super().__init__(message)
        self.code, self.message, self.params = code, message, params


@lru_cache(maxsize=1)
def statuses() -> dict[str, int]:
    """{code: HTTP status}"""
    with (Path(__file__).parents[3] / "data" / "siigo_codigos.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: int(row["http_probable"]) for row in csv.DictReader(file)}


def answer(refused: Refused, small: bool) -> Response:
    """The error's body; both spellings of the keys occur."""
    status = statuses().get(refused.code, 400)
    one = {"Code": refused.code, "Message": refused.message, "Params": list(refused.params),
           "Detail": DETAIL + refused.code}
    body = {"Status": status, "Errors": [one]}
    if small:
        body = {"status": status, "errors": [{name.lower(): value for name, value in one.items()}]}
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json")
