"""The DIAN on the home page and among the outside services."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from markupsafe import Markup

from core.i18n import _, ngettext
from core.outside import Standing
from core.scope import current_company
from core.slots import NOTICE
from modules.crm.models import Customer
from modules.einvoice import queries as documents
from modules.einvoice_co import access, attaching, contingency, customers, estratos, handmade
from modules.einvoice_co.catalogs import NO_RESPONSIBILITY
from modules.einvoice_co.endings import endings
from modules.einvoice_co.parties import person_of


def running_out(_company: Any) -> Markup:
    """Resolutions, ranges and folios that end soon or have ended."""
    return Markup("").join(
        NOTICE.format("bad" if one.urgent else "warn", url_for("einvoice.enable", step=one.step), one.text)
        for one in endings())


def undecided(_company: Any) -> Markup:
    """Documents that the DIAN has not validated for a day."""
    found = contingency.notice() if current_company().country == "CO" else None
    if found is None:
        return Markup("")
    text, urgent = found
    return NOTICE.format("bad" if urgent else "warn", url_for("einvoice.documents", state="unknown"), text)


def attachments(_company: Any) -> Markup:
    """Accepted documents that the provider has not mailed, for our PDF did not reach it."""
    count = attaching.count_failed()
    return NOTICE.format("bad", url_for("einvoice_co.attachments"), ngettext(
        "%(num)s accepted document was not mailed: our PDF did not reach The Factory HKA",
        "%(num)s accepted documents were not mailed: our PDFs did not reach The Factory HKA",
        count)) if count else Markup("")


def invoice_part(invoice: Any) -> str:
    """What became of our PDF at the provider, or that a person makes it in Siigo Nube; nothing where neither is so."""
    document = documents.of_invoice(invoice.id)
    if handmade.is_wanted(document):
        return render_template("einvoice_co/to_be_made.html", document=document)
    row = attaching.of_document(document.id) if document else None
    return render_template("einvoice_co/attachment.html", row=row) if row else ""


def customer_summary(customer: Customer) -> str:
    """What the RUT says of the customer, and the IVA of the internet that he has."""
    row = customers.profile(customer)
    words = {"1": _("Company (jurídica)"), "2": _("Person (natural)")}
    return render_template(
        "einvoice_co/customer_summary.html", customer=customer, places=estratos.of_customer(customer.id),
        person=words[(row.person if row else "") or person_of(customer)],
        responsibilities=(row.responsibilities if row else "") or NO_RESPONSIBILITY)


def standing() -> Standing | None:
    """The DIAN among the outside services of a Colombian company."""
    if current_company().country != "CO":
        return None
    live = access.environment() == "production"
    text = _("Invoices go to the DIAN and are legally valid.") if live else _(
        "Invoices are validated by the simulator, by the DIAN's rules, and bear a watermark. None is legally valid.")
    return Standing("DIAN", live, text, url_for("einvoice.enable", step="live"), "einvoice.enable")
