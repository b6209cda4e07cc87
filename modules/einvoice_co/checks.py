"""Checks of what the company has with the DIAN and its provider."""

from __future__ import annotations

import sqlalchemy as sa

from core.checks import Result, Words, check
from core.db import db
from core.i18n import _, lazy
from core.models import Company
from core.scope import company_scope
from modules.einvoice_co.contingency import waiting
from modules.einvoice_co.endings import endings
from modules.einvoice_co.estratos import misfits, without_estrato
from modules.einvoice_co.models import FiscalProfile


@check("dian_numbering", words=Words(
    lazy("Numbering resolutions of the DIAN"),
    lazy("A resolution, its range or the provider's folios have run out or soon will."),
    lazy("Customers and the office: without numbers no invoice can be issued."),
    lazy("Ask the DIAN for a new resolution, register it at the provider, and give it under “Enable electronic "
         "invoices”.")))
def dian_numbering() -> Result:
    """Nothing that numbers invoices runs out within 60 days, by date or at the pace of a month, or to a tenth."""
    found = []
    for company_id in list(db.session.scalars(sa.select(FiscalProfile.company_id).distinct())):
        with company_scope(db.session.get_one(Company, company_id)):
            found += [one.text for one in endings()]
    if not found:
        return True, 0, _("No resolution, range or stock of folios runs out soon.")
    return False, len(found), found[0]


@check("dian_undecided", words=Words(
    lazy("Documents that the DIAN has not validated"),
    lazy("Documents were sent more than a day ago, and the DIAN has not validated them."),
    lazy("Customers: their invoice does not exist yet. After a contingency the provider has 48 hours to transmit it."),
    lazy("Open the documents that wait, and look for them in the provider's portal; ask its support before the 48 "
         "hours have passed.")))
def dian_undecided() -> Result:
    """Nothing of Colombia waits for the DIAN for more than a day."""
    count, oldest = waiting()
    return not count, count, _("%(count)s documents have waited for the DIAN for more than a day, since %(moment)s.",
                               count=count, moment=f"{oldest:%Y-%m-%d %H:%M} UTC") if oldest else ""


@check("estrato_iva", words=Words(
    lazy("IVA by estrato"), lazy("The plan of a contract bears another IVA than the estrato of its address asks for."),
    lazy("Customers pay too much, or the DIAN asks the company for the difference: internet of estrato 1 and 2 is "
         "exempt, of 3 excluded, of all others and of businesses taxed."),
    lazy("Give the contract the plan of its estrato, or correct the estrato in the address of the service.")))
def estrato_iva() -> Result:
    """Every internet plan fits the estrato of its contract, and where its IVA follows it, the estrato is known."""
    count, first = 0, ""
    for company_id in list(db.session.scalars(sa.select(FiscalProfile.company_id).distinct())):
        with company_scope(db.session.get_one(Company, company_id)):
            for one in misfits():
                count, first = count + 1, first or _("Contract %(contract)s of estrato %(estrato)s.",
                                                     contract=one.contract, estrato=one.estrato)
            if missing := without_estrato():
                count, first = count + missing, first or _(
                    "%(count)s contracts have a plan whose IVA follows the estrato, and nobody wrote it down.",
                    count=missing)
    return count == 0, count, first or _("Every internet plan fits the estrato of its contract.")
