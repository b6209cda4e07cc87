"""What a payer can do on his page beside paying: promise to pay, send the proof that he paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import render_template

from core.db import db, find
from core.forms import parse_decimal
from core.i18n import _
from modules.arrears import deciding, promising, proofs, reading, services, wording
from modules.arrears.errors import BadProof, NoPromise
from modules.arrears.facts import ARREARS, Debtor, Moment
from modules.arrears.models import Proof
from modules.arrears.reading import Context
from modules.contracts.models import Contract


@dataclass(frozen=True)
class _Here:
    """The services of who opened the page that are overdue, with what the rules say of them."""

    known: Context
    moment: Moment
    late: Sequence[Debtor]

    @property
    def is_cut(self) -> bool:
        return any(one.suspended_by == ARREARS for one in self.late)

    def possible(self) -> list[Debtor]:
        return [one for one in self.late if not promising.refusal(one, self.moment, online=True)]

    def promised_until(self) -> dt.datetime | None:
        return max((held.until for one in self.late if (held := one.promised(self.moment.local))), default=None)

    def why_not(self) -> str:
        """The first reason why none of them can be promised."""
        return next((why for one in self.late if (why := promising.refusal(one, self.moment, online=True))), "")


def _here(customer: Any, invoice: Any | None) -> _Here:
    known, moment = reading.context(), promising.now()
    late = [one for one in reading.debtors(known, [customer.id]) if deciding.overdue(one, moment.day)]
    if invoice is not None:
        late = [one for one in late if any(debt.invoice_id == invoice.id for debt in one.debts)]
    return _Here(known, moment, late)


class PromiseHere:
    """The button "I promise to pay": all services of the page at once."""

    def part(self, customer: Any, invoice: Any | None, url: str) -> Any:
        here = _here(customer, invoice)
        if not here.late:
            return ""
        possible = here.possible()
        until = promising.ends(possible[0], here.known, here.moment) if possible else None
        held = here.promised_until()
        return render_template("arrears/payer_promise.html", url=url, cut=here.is_cut, until=until, held=held,
                               why="" if possible or held or not here.is_cut else here.why_not(),
                               words=wording.moment)

    def offered(self, customer: Any, invoice: Any | None) -> Mapping[str, Any]:
        here = _here(customer, invoice)
        possible, held = here.possible(), here.promised_until()
        until = promising.ends(possible[0], here.known, here.moment) if possible else None
        return {"possible": bool(possible), "why_not": "" if possible else here.why_not(), "cut": here.is_cut,
                "would_last_until": until.isoformat() if until else None,
                "promised_until": held.isoformat() if held else None}

    def act(self, customer: Any, invoice: Any | None, form: Mapping[str, str], files: Mapping[str, bytes],
            channel: str) -> tuple[str, Mapping[str, Any]]:
        here = _here(customer, invoice)
        possible = here.possible()
        until = here.promised_until()
        if not possible and until is None:
            raise NoPromise(here.why_not() or _("A promise of payment is not necessary: nothing is overdue."))
        for one in possible:
            until = services.promise(find(Contract, one.contract_id), channel=channel).until
        assert until is not None
        return (_("Thank you. Your service is on until %(moment)s; please pay by then.", moment=wording.moment(until)),
                {"until": until.isoformat()})


class ProofHere:
    """Sending a picture or PDF of a payment that did not arrive yet."""

    def part(self, customer: Any, invoice: Any | None, url: str) -> Any:
        here = _here(customer, invoice)
        waiting = _waiting(customer.id)
        if not here.late and waiting is None:
            return ""
        return render_template("arrears/payer_proof.html", url=url, cut=here.is_cut, waiting=waiting,
                               words=wording.moment)

    def offered(self, customer: Any, invoice: Any | None) -> Mapping[str, Any]:
        return {"possible": True, "waits": _waiting(customer.id) is not None, "types": ["image/jpeg", "image/png",
                                                                                       "image/webp", "application/pdf"]}

    def act(self, customer: Any, invoice: Any | None, form: Mapping[str, str], files: Mapping[str, bytes],
            channel: str) -> tuple[str, Mapping[str, Any]]:
        row = proofs.take(customer, files.get("proof", b""), said_in(form), channel=channel)
        if row.state != "waiting":
            raise BadProof(_("This proof was sent and decided before. Send the one of your new payment."),
                           field="proof")
        return _("Thank you. We look at your proof as soon as we can; you need do nothing more."), {"proof": row.id}


def said_in(form: Mapping[str, str]) -> proofs.Said:
    """What a form says of a payment; what cannot be understood is left out, since the picture says it."""
    amount = parse_decimal(form.get("amount", ""))
    try:
        day = dt.date.fromisoformat(form.get("paid_on", ""))
    except ValueError:
        day = None
    fits = amount is not None and 0 < amount < Decimal(10) ** 12
    return proofs.Said(amount.quantize(Decimal("0.01")) if amount is not None and fits else None, day,
                       form.get("operation", ""), form.get("notes", ""))


def _waiting(customer_id: int) -> Proof | None:
    return db.session.scalar(sa.select(Proof).where(Proof.customer_id == customer_id, Proof.state == "waiting")
                             .order_by(Proof.id.desc()).limit(1))
