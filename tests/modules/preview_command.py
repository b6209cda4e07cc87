"""`abona einvoice preview CASE.json --json`, run here: for tables of cases of any country."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from modules.einvoice.case import BadCase
from modules.einvoice.preview import ERROR
from modules.einvoice.previewing import preview


def ask(data: Any) -> dict[str, Any]:
    """What the command answers; its exit code says the same as `valid`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "CASE.json"
        file.write_text(json.dumps(data, default=str), encoding="utf-8")
        ran = CliRunner().invoke(preview, [str(file), "--json"], standalone_mode=False)
    if ran.exception:
        raise ran.exception
    answer: dict[str, Any] = json.loads(ran.stdout)
    assert ran.return_value == (0 if answer["valid"] else 1)
    return answer


def found(data: Any, severity: str = ERROR) -> set[tuple[str, str]]:
    """(field, the authority's code) of every problem of a severity."""
    return {(one["field"], one["authority_code"]) for one in ask(data)["problems"] if one["severity"] == severity}


def accepted(data: Any) -> dict[str, Any]:
    """The answer to what nobody refuses."""
    answer = ask(data)
    assert [one for one in answer["problems"] if one["severity"] == ERROR] == []
    return answer


def unreadable(data: Any) -> set[str]:
    """The fields of a case that cannot be read."""
    try:
        ask(data)
    except BadCase as error:
        return {one.path for one in error.faults}
    return set()
