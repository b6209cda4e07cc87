"""Peru's entry in the port `cancellers`: comunicación de baja, or summary of boletas (peru.md, 2.9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from core import clock
from core.db import db
from core.errors import DomainError, Rejected
from core.i18n import _
from modules.einvoice.answers import No, Verdict, Wait, Yes
from modules.einvoice.ports import CancelOrder, CancelReason
from modules.einvoice_pe import access, client
from modules.einvoice_pe.catalogs import is_rejection
from modules.einvoice_pe.findings import LIMA

DAYS = 7
REASON, SECONDS, REHEARSAL = 100, 60, 2


class PeruvianCanceller:
    """Annuls what SUNAT has accepted and nobody has been given, within seven days."""

    def reasons(self, document: Any) -> Sequence[CancelReason]:
        """One, in free words; refused after seven days: then a credit note does it."""
        last = document.issue_date + dt.timedelta(days=DAYS)
        if clock.now().astimezone(LIMA).date() > last:
            raise DomainError(_("Annulling is not possible because SUNAT takes it only up to %(days)s days after the "
                                "issue. Issue a credit note instead.", days=DAYS))
        return (CancelReason("baja", str(_("Annulled before it was given to the customer")), needs_text=True),)

    def cancel(self, order: CancelOrder) -> Verdict:
        """generar_anulacion; one that was sent before is asked about."""
        nubefact = _connect(order)
        try:
            found = nubefact.annul(int(order.kind), order.series, order.number, order.text[:REASON])
        except Rejected as refusal:
            before = nubefact.consult_annulment(int(order.kind), order.series, order.number)
            if before is not None:
                return _judge(order, before)
            return No([{"code": refusal.code or "refused", "message": refusal.message}])
        return _judge(order, found)

    def ask(self, order: CancelOrder) -> Verdict | None:
        """consultar_anulacion."""
        found = _connect(order).consult_annulment(int(order.kind), order.series, order.number)
        return _judge(order, found) if found is not None else None


def _connect(order: CancelOrder) -> client.Nubefact:
    nubefact = access.connect(order.environment, order.series, int(order.kind))
    db.session.rollback()
    return nubefact


def _judge(order: CancelOrder, found: client.Answer) -> Verdict:
    if found.accepted:
        return Yes(found.ticket or found.text("enlace"), response=found.kept())
    if is_rejection(found.code) or (found.code.isdecimal() and int(found.code) > 0 and found.text("sunat_description")):
        return No([{"code": found.code, "message": found.text("sunat_description")}], found.kept())
    seconds = REHEARSAL if order.environment == "rehearsal" else SECONDS
    return Wait(seconds, found.text("sunat_soap_error"), found.kept())
