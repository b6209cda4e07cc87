"""Logs: one JSON line per event, with ids, without secrets wherever they hide."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from core import logs

pytestmark = pytest.mark.once
Lines = Callable[[], list[Any]]


@pytest.mark.parametrize("name, secret", [
    ("password", True), ("access_token", True), ("accessToken", True), ("X-Api-Key", True), ("apiKey", True),
    ("Authorization", True), ("Sign", True), ("private_key", True), ("client_secret", True), ("Set-Cookie", True),
    ("design", False), ("key", False), ("job_key", False), ("public_key", False), ("assigned", False),
    ("pinned", False), ("company_id", False), ("tokens_left", False)])
def test_a_field_is_secret_by_its_words_and_not_by_its_letters(name: str, secret: bool) -> None:
    assert logs.is_secret(name) is secret


def test_secrets_are_hidden_however_deep_they_are() -> None:
    found = logs.redact({"user": "ana", "card": [{"cvv": "123", "n": 1}], "token": "", "password": None})
    assert found == {"user": "ana", "card": [{"cvv": logs.HIDDEN, "n": 1}], "token": "", "password": None}


@pytest.mark.parametrize("url, shown", [
    ("https://ana:hush@host:1/x?page=2&token=hush#hush", "https://ana:********@host:1/x?page=2&token=********"),
    ("http://host/x", "http://host/x"), ("redis://:hush@host/0", "redis://:********@host/0")])
def test_addresses_are_shown_without_their_secrets(url: str, shown: str) -> None:
    assert logs.redact_url(url) == shown


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[Any]]]:
    """Log as a process of the product does; `lines()` are the events."""
    root, stream = logging.getLogger(), io.StringIO()
    kept = root.handlers[:], root.level
    monkeypatch.setattr("core.logs.sys.stderr", stream)
    logs.init("INFO")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = kept
    structlog.reset_defaults()


def test_each_event_is_one_json_line_with_its_ids_and_without_secrets(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1", job_id=7):
        logs.get("x").info("paid", amount="12.30", token="hush", customer="Ñandú")
    (line,) = lines()
    assert (line["event"], line["request_id"], line["job_id"], line["customer"]) == ("paid", "r-1", 7, "Ñandú")
    assert line["token"] == logs.HIDDEN and line["level"] == "info" and line["timestamp"].endswith("Z")


def test_a_traceback_shows_no_values_of_variables(lines: Lines) -> None:
    def fail(password: str) -> None:
        raise ValueError("it broke")

    try:
        fail("hush")
    except ValueError as error:
        logs.get("x").error("failed", exc_info=error)
    (line,) = lines()
    assert "it broke" in json.dumps(line) and "hush" not in json.dumps(line)


def test_other_libraries_log_the_same_way_and_the_noisy_ones_less(lines: Lines) -> None:
    logging.getLogger("somebody").warning("watch %s", "out")
    logging.getLogger("alembic").info("chatter")
    assert [line["event"] for line in lines()] == ["watch out"]
