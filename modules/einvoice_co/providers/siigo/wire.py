"""The talk with Siigo about one document: the same Idempotency-Key is the way to ask (reference 3.7)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from core import clock
from core.errors import Rejected
from core.exact_json import as_json, read
from core.i18n import _
from modules.einvoice.answers import Answer, No, Taken, Wait, Yes
from modules.einvoice.own_numbers import Row, Stop
from modules.einvoice_co.catalogs import NOBODY
from modules.einvoice_co.providers.siigo.client import ACCEPTED, DRAFT, REJECTED, AccessRefused, Siigo, Stamped

PATIENCE = ((60, 60), (360, 300), (1260, 900))
SELDOM = 3600
# seconds after which a draft is sent to the DIAN again
DRAFT_AGAIN = 300
ACCESS, TOO_OLD, ALREADY_SENT = "siigo_access", "invalid_date", "update_not_allowed"
_RULE = re.compile(r"Regla:\s*(\w+),\s*\w+:\s*(.*)", re.DOTALL)


class SiigoWire:
    """own_numbers' wire; its numbers only count our documents, the legal number is Siigo's."""

    # a hundred calls in a minute, of which a document takes two or three
    width = 2

    def __init__(self, siigo: Siigo, salt: str, account_group: int | None, known: set[str]) -> None:
        self.siigo, self.salt, self.account_group, self.known = siigo, salt, account_group, known

    def day(self, row: Row, today: dt.date) -> dt.date:
        """Siigo takes nothing dated before today."""
        return max(row.issue_date, today)

    def numbered(self, row: Row, number: int, date: dt.date) -> dict[str, Any]:
        """With its date; a due date is never before it."""
        body = read(row.request["body"])
        body["date"] = date.isoformat()
        for payment in body["payments"]:
            if payment.get("due_date"):
                payment["due_date"] = max(payment["due_date"], body["date"])
        return {**row.request, "body": as_json(body)}

    def key(self, row: Row) -> str:
        """The Idempotency-Key: letters and digits, 30 at most."""
        return f"{self.salt}{row.id}"[:30]

    def send(self, row: Row) -> Answer | Taken:
        """The customer, the products, then the document."""
        path, body = str(row.request["path"]), read(row.request["body"])
        try:
            customer = read(row.request["customer"])
            if customer["identification"] != NOBODY:  # that one every company has in Siigo Nube
                self.siigo.ensure_customer(customer)
            self._ensure_products(body)
            return self._settled(row, path, body, self.siigo.create(path, body, self.key(row)))
        except AccessRefused as error:
            raise Stop(ACCESS, error.message) from error
        except Rejected as error:
            return _no(error)

    def ask(self, row: Row) -> Answer | Taken | None:
        """Sending again under the same key gives what was created, or creates it; a refusal says it never came.

        Nothing else is written before: a customer or product that Siigo refuses by now says nothing of the document.
        """
        path, body = str(row.request["path"]), read(row.request["body"])
        try:
            found = self.siigo.create(path, body, self.key(row))
        except AccessRefused as error:
            raise Stop(ACCESS, error.message) from error
        except Rejected:
            return None
        try:
            if found.status not in (ACCEPTED, REJECTED):  # the key gives the first answer, not today's state
                found = self.siigo.document(path, found.id)
            return self._settled(row, path, body, found)
        except AccessRefused as error:
            raise Stop(ACCESS, error.message) from error
        except Rejected as error:
            return None if error.code == TOO_OLD else _no(error)

    def _settled(self, row: Row, path: str, body: dict[str, Any], found: Stamped) -> Answer | Taken:
        """What became of what is there, after it was corrected or sent on where it needs that."""
        if self._goes_again(row, found):
            found = self._edited(path, body, found)
        return self._answer(row, path, body, found)

    def _edited(self, path: str, body: dict[str, Any], found: Stamped) -> Stamped:
        """Corrected; where the DIAN has it meanwhile, as it is there."""
        try:
            return self.siigo.edit(found.id, body)
        except Rejected as error:
            if error.code != ALREADY_SENT:
                raise
            return self.siigo.document(path, found.id)

    def _ensure_products(self, body: dict[str, Any]) -> None:
        if not self.account_group:
            return
        for item in body["items"]:
            if item["code"] not in self.known:
                self.siigo.ensure_product({
                    "code": item["code"], "name": str(item.get("description") or item["code"])[:100],
                    "account_group": self.account_group, "type": "Service", "stock_control": False, "active": True})
                self.known.add(item["code"])

    def _goes_again(self, row: Row, found: Stamped) -> bool:
        """A document that was refused before is corrected; a draft that was left lying is sent to the DIAN."""
        if row.request["path"] != "/v1/invoices":
            return False
        passed = (clock.now() - row.sent_at).total_seconds() if row.sent_at else 0
        return (found.status == REJECTED and row.attempts > 1) or (found.status == DRAFT and passed > DRAFT_AGAIN)

    def _answer(self, row: Row, path: str, body: dict[str, Any], found: Stamped) -> Answer | Taken:
        paid = sum(one["value"] for one in body["payments"])
        if found.total != paid:
            return Taken(_("Siigo has %(name)s for %(theirs)s under our key, and the document says %(ours)s.",
                           name=found.name, theirs=f"{found.total:.2f}", ours=f"{paid:.2f}"), alarm=True)
        data = {"siigo_id": found.id, "prefix": found.prefix, "number": found.number, "name": found.name,
                "url": found.url}
        if found.status == ACCEPTED and found.key:
            return Yes(found.key, response=found.answer, data=data)
        if found.status == REJECTED:
            said = [_problem(text) for text in self.siigo.stamp_errors(path, found.id)]
            return No(said or [{"code": "stamp", "message": found.status}], found.answer)
        return Wait(_patience(row), found.status, found.answer)


def _no(error: Rejected) -> No:
    return No([{"code": error.code, "message": error.message}])


def _problem(text: str) -> dict[str, str]:
    match = _RULE.match(text.strip())
    return {"code": match.group(1) if match else "stamp", "message": match.group(2) if match else text}


def _patience(row: Row) -> float:
    passed = (clock.now() - row.sent_at).total_seconds() if row.sent_at else 0
    return next((wait for until, wait in PATIENCE if passed < until), SELDOM)
