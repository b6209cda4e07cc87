"""A month while the SRI misbehaves: every invoice is authorised once, numbers follow each other, nothing is doubled."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import Lease
from modules.einvoice.models import Sequence
from modules.einvoice_ec import wire
from tests.issuing import documents

FAULTS = ("lost_answer", "error_500", "timeout_before", "garbage", "html_maintenance_page", "internal_error_50",
          "already_registered", "received_then_lost", "two_authorizations", "unsigned_returned")


class Killed(BaseException):
    """The process ends here."""


def proven(sri: Any, count: int) -> None:
    rows = sorted(documents(), key=lambda one: one.number or 0)
    assert [one.state for one in rows] == ["authorized"] * count, [one.problems for one in rows if one.problems]
    assert [one.number for one in rows] == list(range(1, count + 1))
    state = sri.state("sri")
    assert state["states"] == {"AUTORIZADO": count}
    theirs = {one["clave"]: (one["secuencial"], one["total"]) for one in state["documents"]}
    assert theirs == {one.authorization_code: (f"{one.number:09d}", f"{one.invoice.total:.2f}") for one in rows}
    assert db.session.scalar(sa.select(Sequence.last_number).where(Sequence.kind == "01")) == count


def test_a_fifth_of_all_answers_is_lost_or_wrong(sri, issue, work):
    issue(*[f"{10 + index}.00" for index in range(40)])
    for seed, name in enumerate(FAULTS):
        sri.post("sri", "faults", {"fault": name, "rate": 0.08, "seed": seed, "seconds": 0.01})
    work(300)
    proven(sri, 40)


def test_the_process_is_killed_between_any_two_steps(sri, issue, work, monkeypatch):
    """Killed while numbering, sending or asking, and started anew."""
    issue(*[f"{10 + index}.00" for index in range(12)])
    calls = {"left": 0}
    for name in ("send", "ask", "numbered"):
        plain = getattr(wire.SriWire, name)

        def fragile(self: Any, *arguments: Any, _plain: Any = plain) -> Any:
            calls["left"] -= 1
            if calls["left"] == 0:
                raise Killed
            return _plain(self, *arguments)

        monkeypatch.setattr(wire.SriWire, name, fragile)
    monkeypatch.setattr(wire.SriWire, "width", 1)
    for steps in (3, 8, 14, 17, 20, 23, 5, 9, 2):
        calls["left"] = steps
        try:
            work(3)
        except Killed:
            db.session.rollback()
            db.session.execute(sa.delete(Lease))  # the dead process's lease counts no more
            db.session.commit()
    calls["left"] = -1
    work(60)
    proven(sri, 12)


@pytest.mark.parametrize("width", [1, 6])
def test_many_at_once_keep_their_order(sri, issue, work, monkeypatch, width):
    monkeypatch.setattr(wire.SriWire, "width", width)
    issue(*[f"{10 + index}.00" for index in range(20)])
    work()
    proven(sri, 20)
    assert sri.state("sri")["calls"]["validarComprobante"] == 20
