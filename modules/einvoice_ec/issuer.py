"""Ecuador's entries in the ports `issuers` and `cancellers`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from lxml import etree

from core.db import db
from modules.einvoice.models import Document
from modules.einvoice.own_numbers import OwnNumbers
from modules.einvoice.ports import AtAuthority, Explanation, Opened
from modules.einvoice_ec import access, bridge, explanations, rehearsal
from modules.einvoice_ec.catalogs import KINDS_BY_CODE
from modules.einvoice_ec.clave_acceso import date_of
from modules.einvoice_ec.client import Sri
from modules.einvoice_ec.endpoints import base
from modules.einvoice_ec.wire import Situation, SriWire

TOTALS = ("importeTotal", "valorModificacion", "valorTotal")


class EcuadorianIssuer:
    """Vouchers authorised by the SRI under the key that their issuer made."""

    def open(self, invoice_ids: Sequence[int]) -> list[Opened]:
        """Vouchers of these invoices, from a handful of selects."""
        return bridge.open_invoices(invoice_ids)

    def work(self, sequence_id: int, keep: Callable[[], None]) -> None:
        """Number, sign and send what is pending, several at once."""
        situation = Situation()

        def connect(environment: str) -> SriWire:
            if environment == "rehearsal" and not situation.prepared:
                rehearsal.ensure()  # a simulator that was started anew has forgotten us
                situation.prepared = True
            key, profile = access.key(environment, situation.keys), access.profile()
            return SriWire(environment, key, profile.signature_method, profile.digest, situation)

        OwnNumbers(sequence_id, keep, connect).run()

    def last_number(self, environment: str, series: str, kind: str) -> int | None:
        """The SRI does not tell: it knows keys, not sequences."""
        return None

    def find(self, environment: str, series: str, kind: str, number: int) -> AtAuthority | None:
        """One voucher as the SRI has it, asked for by the key that we gave it; None where it is not authorised."""
        clave = _key_of(environment, series, kind, number)
        if not clave:
            return None
        found = next((one for one in Sri(base(environment)).autorizacion(clave) if one.authorized), None)
        if found is None:
            return None
        info: Any = etree.fromstring(found.comprobante.encode())[1] if found.comprobante else etree.Element("none")
        total = next((info.findtext(name) for name in TOTALS if info.findtext(name)), "0")
        return AtAuthority(number, found.numero or clave, Decimal(total), date_of(clave),
                           info.findtext("identificacionComprador") or "")

    def legal_number(self, series: str, kind: str, number: int) -> str:
        """001-002-000000123"""
        return f"{series}-{number:09d}"

    def kind_name(self, kind: str) -> str:
        """As the SRI names it."""
        found = KINDS_BY_CODE.get(kind)
        return found.name if found else kind

    def explain(self, code: str, message: str) -> Explanation:
        """The SRI's refusal in our words."""
        return explanations.explanation(code, message)


def _key_of(environment: str, series: str, kind: str, number: int) -> str:
    """The key under which we sent it; no transaction is left open."""
    row = db.session.execute(
        sa.select(Document.authorization_code, Document.request).where(
            Document.environment == environment, Document.series == series, Document.kind == kind,
            sa.func.coalesce(Document.number, Document.tried_number) == number)).first()
    db.session.rollback()
    return (row.authorization_code or str(row.request.get("clave") or "")) if row else ""
