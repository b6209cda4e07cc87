"""ARCA on the home page and on a customer's page."""

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
from modules.crm import countries
from modules.crm.models import Customer
from modules.einvoice_ar import access, catalogs, customers, perceptions
from modules.einvoice_ar.models import Certificate, Notice

# days before its end from which a certificate is told, and from which in red
TOLD, URGENT = 60, 7


def announcements(_company: Any) -> str:
    """ARCA's announcements that nobody has marked as seen."""
    rows = db.session.scalars(sa.select(Notice).where(Notice.seen_at.is_(None)).order_by(Notice.id).limit(5)).all()
    return render_template("einvoice_ar/announcements.html", notices=rows) if rows else ""


def certificates(_company: Any) -> Markup:
    """Certificates in use that end soon or have ended; a rehearsal's renews itself."""
    rows = db.session.scalars(sa.select(Certificate).where(
        Certificate.active, Certificate.environment != "rehearsal",
        Certificate.valid_until < clock.now() + dt.timedelta(days=TOLD)).order_by(Certificate.valid_until))
    return Markup("").join(NOTICE.format(*_ending(row)) for row in rows)


def _ending(row: Certificate) -> tuple[str, str, str]:
    assert row.valid_until is not None
    left, day = (row.valid_until - clock.now()).days, format_date(clock.local(row.valid_until).date())
    text = (_("The certificate %(alias)s has ended on %(day)s: renew it to go on issuing.", alias=row.alias, day=day)
            if left < 0 else _("The certificate %(alias)s ends on %(day)s, in %(left)s days: renew it.",
                               alias=row.alias, day=day, left=left))
    return ("bad" if left < URGENT else "warn",
            url_for("einvoice.enable", step=f"{row.environment}.key"), text)


def standing() -> Standing | None:
    """ARCA among the outside services of an Argentine company."""
    if current_company().country != "AR":
        return None
    live = access.environment() == "production"
    text = _("Invoices go to ARCA and are legally valid.") if live else _(
        "Invoices are authorised by the simulator, by ARCA's rules, and bear a watermark. None is legally valid.")
    return Standing("ARCA", live, text, url_for("einvoice.enable", step="live"), "einvoice.enable")


def customer_summary(customer: Customer) -> str:
    """What ARCA's register says of a customer; nothing in other countries, or of who has no CUIT."""
    if current_company().country != "AR":
        return ""
    number, row, profile = customers.number_of(customer), customers.profile_of(customer), access.profile()
    if not number:
        return ""
    return render_template(
        "einvoice_ar/customer_summary.html", customer=customer, row=row if row and row.cuit == number else None,
        gets=bool(row and row.gets_credit_invoices), offers=profile.credit_invoices,
        conditions=countries.get("AR").TAX_CONDITIONS)


def customer_perceptions(customer: Customer) -> str:
    """What the customer has of his own of the perceptions that the company collects; nothing where it collects none."""
    if current_company().country != "AR" or not perceptions.any_in_force():
        return ""
    places, taxes = catalogs.jurisdictions(), catalogs.tributes()
    rows = [(f"{taxes[catalogs.TRIBUTES[row.code]]} {places.get(row.jurisdiction, row.jurisdiction)}".strip(), row)
            for row in perceptions.own_today(customer.id)]
    return render_template("einvoice_ar/customer_perceptions.html", customer=customer, rows=rows)
