"""What billing says about a month that is to be closed."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask import url_for

from core import months
from core.i18n import _, lazy, ngettext
from core.scope import current_company_id
from modules.accounting.closing import count
from modules.accounting.ports import OpenPoint
from modules.contracts import queries
from modules.contracts.models import BillingDraft, BillingException, Contract


class Billing:
    """The month is billed, every contract of it, and no draft waits."""

    title = lazy("Billing")
    permission = "contracts.view_billing"
    order = 5

    def open_points(self, first: dt.date, last: dt.date) -> list[OpenPoint]:
        run = queries.last_run(first)
        found = []
        if run is None and count(sa.select(Contract.id).where(
                Contract.state == "active", Contract.billing_from <= last).limit(1)):
            found.append(OpenPoint(_("The month was not billed"), url_for("contracts.desk", month=months.show(first)),
                                   "bad"))
        elif run is not None and run.state != "billed":
            found.append(OpenPoint(_("The month is still being billed"), url_for("contracts.run", run_id=run.id)))
        if drafts := count(sa.select(BillingDraft.id).where(BillingDraft.month == first,
                                                            BillingDraft.state != "issued")):
            found.append(OpenPoint(ngettext("%(num)s draft waits to be approved", "%(num)s drafts wait to be approved",
                                            drafts), url_for("contracts.drafts")))
        if excepted := count(sa.select(BillingException.id).where(
                BillingException.company_id == current_company_id(), BillingException.month == first)):
            found.append(OpenPoint(ngettext("%(num)s contract could not be billed",
                                            "%(num)s contracts could not be billed", excepted),
                                   url_for("contracts.exceptions", month=months.show(first)), "bad"))
        return found
