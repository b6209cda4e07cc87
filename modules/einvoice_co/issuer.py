"""Colombia's entry in the port `issuers`: through the provider that the company's profile names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal

import sqlalchemy as sa
from lxml import etree

from core.db import db
from core.errors import Unavailable
from core.scope import current_company
from modules.accounting.models import Invoice
from modules.einvoice import rehearsing
from modules.einvoice.models import Document
from modules.einvoice.models import Sequence as Numbering
from modules.einvoice.own_numbers import OwnNumbers, Wire
from modules.einvoice.ports import AtAuthority, Explanation, Listed, Opened
from modules.einvoice_co import access, bridge, delivery, explanations, rehearsal
from modules.einvoice_co.bridge import BY_SIIGO
from modules.einvoice_co.catalogs import KIND_NAMES
from modules.einvoice_co.findings import SIIGO, day
from modules.einvoice_co.models import Resolution
from modules.einvoice_co.parties import split_nit
from modules.einvoice_co.providers.hka.wire import HkaWire, Range
from modules.einvoice_co.providers.siigo.client import CREDIT_NOTES, INVOICES
from modules.einvoice_co.providers.siigo.wire import SiigoWire


class ColombianIssuer:
    """Documents validated by the DIAN, with CUFE or CUDE."""

    def open(self, invoice_ids: Sequence[int]) -> list[Opened]:
        """Requests of these invoices, from a handful of selects."""
        return bridge.open_invoices(invoice_ids)

    def work(self, sequence_id: int, keep: Callable[[], None]) -> None:
        """Number and send what is pending, several at once."""
        products: set[str] = set()
        prepared: set[str] = set()

        def connect(environment: str) -> Wire:
            series = _series(sequence_id)
            provider = "siigo" if series.startswith(BY_SIIGO) else "hka"
            if environment == "rehearsal" and not prepared:
                with rehearsing.alone("CO"):
                    rehearsal.enable_rehearsal()  # a simulator that was started anew has forgotten us
                prepared.add(environment)
            if provider == "siigo":
                profile = access.profile()
                return SiigoWire(access.siigo(environment), profile.siigo_salt, profile.siigo_account_group, products)
            return HkaWire(access.hka(environment), environment, _range(environment, series),
                           with_container=not delivery.is_mailed(access.profile().mailing))

        OwnNumbers(sequence_id, keep, connect).run()

    def last_number(self, environment: str, series: str, kind: str) -> int | None:
        """Neither provider tells."""
        return None

    def find(self, environment: str, series: str, kind: str, number: int) -> AtAuthority | None:
        """One document as the provider has it; None where it is not accepted."""
        if series.startswith(BY_SIIGO):
            return _at_siigo(environment, series, kind, number)
        hka = access.hka(environment)
        db.session.rollback()
        found = hka.status(f"{series}{number}")
        if found is None or not found.valid:
            return None
        root = etree.fromstring(hka.xml(f"{series}{number}"))
        date = day(found.moment)
        if date is None:
            raise Unavailable(found.message)
        buyer = next(next(root.iter("{*}AccountingCustomerParty")).iter("{*}CompanyID")).text or ""
        return AtAuthority(number, found.cufe, Decimal(next(root.iter("{*}PayableAmount")).text or "0"), date, buyer)

    def legal_number(self, series: str, kind: str, number: int) -> str:
        """SETP990000123; of documents that Siigo numbered its own."""
        if not series.startswith(BY_SIIGO):
            return f"{series}{number}"
        data = _data(series, kind, number)
        return str(data.get("name") or number)

    def kind_name(self, kind: str) -> str:
        """The law's name."""
        return KIND_NAMES.get(kind, kind)

    def explain(self, code: str, message: str) -> Explanation:
        """The DIAN's or the provider's refusal in our words."""
        return explanations.explanation(code, message)


def _series(sequence_id: int) -> str:
    return str(db.session.execute(sa.select(Numbering.series).where(Numbering.id == sequence_id)).scalar_one())


def _range(environment: str, series: str) -> Range | None:
    """The resolution of this prefix in use; its sequence begins with it."""
    found: Resolution | None = access.resolution(environment)
    if found is None or found.prefix != series:
        return None
    rehearsal.begin(environment, found)
    return Range(found.first, found.last, found.valid_until, found.technical_key,
                 split_nit(current_company().tax_id, "")[0])


def _data(series: str, kind: str, number: int) -> dict[str, object]:
    found = db.session.scalar(sa.select(Document.data).where(
        Document.series == series, Document.kind == kind, Document.number == number))
    return dict(found or {})


class SiigoListing:
    """Colombia's entry in the port `listings`: what Siigo has; The Factory HKA lists nothing."""

    def listed(self, first: dt.date, last: dt.date) -> list[Listed]:
        """Invoices and credit notes that the DIAN accepted; debit notes made by hand are in no list of Siigo's."""
        environment, provider = access.environment(), access.profile().provider
        if provider != SIIGO:
            return []
        siigo = access.siigo(environment)
        db.session.rollback()
        return [Listed(environment, kind, one.name, one.key, one.total, moment, one.customer)
                for path, kind in ((INVOICES, "01"), (CREDIT_NOTES, "91"))
                for one in siigo.dated(path, first.isoformat(), last.isoformat())
                if one.key and (moment := day(one.date))]


def _by_hand(environment: str, series: str, kind: str, number: int) -> AtAuthority:
    """A debit note by its XML: Siigo's interface has none that could be asked about."""
    row = db.session.execute(
        sa.select(Document.authorization_code, Document.issue_date, Invoice.total).join(
            Invoice, Invoice.id == Document.invoice_id).where(
            Document.environment == environment, Document.series == series, Document.kind == kind,
            Document.number == number)).one()
    db.session.rollback()
    return AtAuthority(number, row.authorization_code, row.total, row.issue_date, "")


def _at_siigo(environment: str, series: str, kind: str, number: int) -> AtAuthority | None:
    data = _data(series, kind, number)
    if data.get("handmade"):
        return _by_hand(environment, series, kind, number)
    key = str(data.get("siigo_id") or "")
    siigo = access.siigo(environment)
    db.session.rollback()
    if not key:
        return None
    found = siigo.document(CREDIT_NOTES if kind == "91" else INVOICES, key)
    date = day(found.date)
    if not found.key or date is None:
        return None
    return AtAuthority(number, found.key, found.total, date, found.customer)
