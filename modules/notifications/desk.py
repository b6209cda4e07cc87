"""Answers to the frame's slots, without the weight of the views at import."""

from __future__ import annotations

from flask import render_template, url_for
from markupsafe import Markup

from core import setup
from core.i18n import _, ngettext
from core.models import Company
from core.setup import Step
from core.slots import NOTICE
from modules.crm.models import Customer
from modules.notifications import queries, rehearsing


def customer_tab(customer: Customer) -> str:
    """What a customer was sent."""
    from modules.notifications import views

    return views.customer_tab(customer)


def customer_action(customer: Customer) -> str:
    """The way to send the last notice once more; nothing where none was sent."""
    found = queries.recent_of(customer.id, 1)
    return render_template("notifications/customer_action.html", last=found[0]) if found else ""


def steps(company: Company) -> list[Step]:
    """Set-up: the mail server, tried."""
    own = setup.fact(company, "notifications.own_server")
    done = setup.fact(company, "notifications.mail_tested") if own else rehearsing.has_common_server()
    return [Step(
        "mail", _("Mail server"), done,
        _("Invoices, receipts and reminders leave through your mail server. Save it and send yourself a test; "
          "customers get nothing before you switch mail to production."),
        _("Look at the mail server") if own else _("Set the mail server and send a test"),
        url_for("notifications.mail_account"), needed=False)]


def customer_summary(customer: Customer) -> str:
    """The last notice, and what became of it."""
    from modules.notifications.states import STATE_WORDS

    found = queries.recent_of(customer.id, 1)
    return render_template("notifications/summary.html", last=found[0], word=STATE_WORDS[found[0].state][0]) \
        if found else ""


def to_do(company: Company) -> Markup:
    """Notices that somebody must look at."""
    counts = queries.counts_by_group()
    found = Markup("")
    if counts["problem"]:
        text = ngettext("%(num)s notice was not sent", "%(num)s notices were not sent", counts["problem"])
        found += NOTICE.format("bad", url_for("notifications.outbox", group="problem"), text)
    if counts["returned"]:
        text = ngettext("%(num)s notice came back: correct the address", "%(num)s notices came back: correct the "
                        "addresses", counts["returned"])
        found += NOTICE.format("warn", url_for("notifications.outbox", group="returned"), text)
    return found
