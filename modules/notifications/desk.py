"""Answers to the frame's slots, without the weight of the views at import."""

from __future__ import annotations

from flask import url_for
from markupsafe import Markup

from core.i18n import ngettext
from core.models import Company
from modules.crm.models import Customer
from modules.notifications import queries

_NOTICE = Markup('<div class="notice notice-{}" role="status"><div><a href="{}">{}</a></div></div>')


def customer_tab(customer: Customer) -> str:
    """What a customer was sent."""
    from modules.notifications import views

    return views.customer_tab(customer)


def to_do(company: Company) -> Markup:
    """Notices that somebody must look at."""
    counts = queries.counts_by_group()
    found = Markup("")
    if counts["problem"]:
        text = ngettext("%(num)s notice was not sent", "%(num)s notices were not sent", counts["problem"])
        found += _NOTICE.format("bad", url_for("notifications.outbox", group="problem"), text)
    if counts["returned"]:
        text = ngettext("%(num)s notice came back: correct the address", "%(num)s notices came back: correct the "
                        "addresses", counts["returned"])
        found += _NOTICE.format("warn", url_for("notifications.outbox", group="returned"), text)
    return found
