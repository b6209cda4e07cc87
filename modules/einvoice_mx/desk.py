"""The PAC on the home page and among the outside services."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import render_template, url_for
from markupsafe import Markup

from core import clock
from core.db import db
from core.i18n import _, format_date
from core.outside import Standing
from core.scope import current_company
from core.slots import NOTICE
from modules.einvoice.models import Document
from modules.einvoice_mx import access
from modules.einvoice_mx.endpoints import PRODUCTION
from modules.einvoice_mx.models import Certificate, GlobalInvoice, PaymentReceipt, PublicSale

# days before its end from which a digital seal is told, and from which in red
TOLD, URGENT = 60, 7
# timbres that are left from which it is told, and from which in red
FEW, VERY_FEW = 500, 50


def certificates(_company: Any) -> Markup:
    """Digital seals in use that end soon or have ended; a rehearsal's renews itself."""
    if current_company().country != "MX":
        return Markup("")
    rows = db.session.scalars(sa.select(Certificate).where(
        Certificate.active, Certificate.environment == PRODUCTION,
        Certificate.valid_until < clock.now() + dt.timedelta(days=TOLD)).order_by(Certificate.valid_until))
    return Markup("").join(NOTICE.format(*_ending(row)) for row in rows)


def _ending(row: Certificate) -> tuple[str, str, str]:
    left, day = (row.valid_until - clock.now()).days, format_date(clock.local(row.valid_until).date())
    text = (_("The digital seal %(number)s has ended on %(day)s: renew it at the SAT to go on issuing.",
              number=row.number, day=day) if left < 0 else
            _("The digital seal %(number)s ends on %(day)s, in %(left)s days: renew it at the SAT.", number=row.number,
              day=day, left=left))
    return "bad" if left < URGENT else "warn", url_for("einvoice.enable", step="production.csd"), text


def stamps(_company: Any) -> Markup:
    """Timbres that run out; nothing where nobody said how many were bought, for the PAC has no question for it."""
    if current_company().country != "MX" or (left := stamps_left()) is None or left > FEW:
        return Markup("")
    text = _("About %(count)s timbres are left at the PAC: buy more, and say so in the fiscal profile.",
             count=max(left, 0))
    return NOTICE.format("bad" if left <= VERY_FEW else "warn", url_for("einvoice.documents"), text)


def stamps_left() -> int | None:
    """What was bought less what was stamped since; None where it was never said."""
    profile = access.profile()
    if profile.stamps_bought is None or profile.stamps_counted_at is None:
        return None
    since = profile.stamps_counted_at
    used = db.session.scalar(sa.select(sa.func.count()).select_from(Document).where(
        Document.environment == PRODUCTION, Document.authorization_code != "", Document.decided_at >= since)) or 0
    for model in (PaymentReceipt, GlobalInvoice):
        used += db.session.scalar(sa.select(sa.func.count()).select_from(model).where(
            model.environment == PRODUCTION, model.uuid != "", model.created_at >= since)) or 0
    return profile.stamps_bought - used


def refused_receipts(_company: Any) -> Markup:
    """Receipts of payment that the SAT refused."""
    if current_company().country != "MX":
        return Markup("")
    count = db.session.scalar(sa.select(sa.func.count()).select_from(PaymentReceipt).where(
        PaymentReceipt.state == "rejected")) or 0
    if not count:
        return Markup("")
    return NOTICE.format("bad", url_for("einvoice_mx.payment_receipts"), _(
        "%(count)s receipts of payment were refused: look at them.", count=count))


def refused_globals(_company: Any) -> Markup:
    """Global invoices that the SAT refused, or did not cancel."""
    if current_company().country != "MX":
        return Markup("")
    count = db.session.scalar(sa.select(sa.func.count()).select_from(GlobalInvoice).where(sa.or_(
        GlobalInvoice.state == "rejected",
        sa.and_(GlobalInvoice.state == "authorized", GlobalInvoice.cancel_code != "")))) or 0
    if not count:
        return Markup("")
    return NOTICE.format("bad", url_for("einvoice_mx.global_invoices"), _(
        "%(count)s global invoices were refused, or not cancelled: look at them.", count=count))


def public_sale(invoice: Any) -> str:
    """On a sale to the general public: which global invoice it is in, and a CFDI of the customer's own."""
    sale = db.session.scalar(sa.select(PublicSale).where(PublicSale.invoice_id == invoice.id))
    if sale is None:
        return ""
    return render_template("einvoice_mx/public_sale.html", sale=sale, invoice=invoice)


def standing() -> Standing | None:
    """The PAC among the outside services of a Mexican company."""
    if current_company().country != "MX":
        return None
    live = access.environment() == PRODUCTION
    text = _("Invoices are stamped by the PAC and are legally valid.") if live else _(
        "Invoices are stamped by the simulator, by the SAT's rules, and bear a watermark. None is legally valid.")
    return Standing("Facturación Moderna (SAT)", live, text, url_for("einvoice.enable", step="live"), "einvoice.enable")
