"""What other screens show of arrears; imported early, so it loads no view."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import render_template, url_for
from markupsafe import Markup

from core import clock, setup
from core.i18n import ngettext
from core.models import Company
from core.slots import NOTICE
from modules.accounting import queries as accounting
from modules.arrears.models import Proof
from modules.contracts.models import Contract
from modules.crm.models import Customer

# a proof that keeps a service for less is told as urgent
SOON = dt.timedelta(hours=12)


def customer_tab(customer: Customer) -> Any:
    """Why the services of a customer are as they are, and what can be done."""
    from modules.arrears import views

    return views.customer_tab(customer)


def customer_action(customer: Customer) -> str:
    """The way to a promise of payment, of whoever owes."""
    if accounting.balances([customer.id])[customer.id] <= 0:
        return ""
    return render_template("arrears/customer_action.html", customer=customer)


def contract_card(contract: Contract) -> str:
    """The way from a contract's page to the story of its service."""
    return render_template("arrears/contract_card.html", contract=contract)


def waiting_proofs(company: Company) -> Any:
    """How many proofs of payment wait: the expression that `todo` reads, in one statement with others."""
    return sa.select(sa.func.count(Proof.id)).where(
        Proof.company_id == company.id, Proof.state == "waiting").scalar_subquery()


def ending_proofs(company: Company) -> Any:
    """How many of them stop keeping a service within hours: who paid would be cut again before anybody looked."""
    return sa.select(sa.func.count(Proof.id)).where(
        Proof.company_id == company.id, Proof.state == "waiting",
        Proof.keeps_until < clock.now() + SOON).scalar_subquery()


def todo(company: Company) -> Markup:
    """Proofs of payment that somebody has to look at; first those that stop keeping a service."""
    if ending := int(setup.fact(company, "arrears.proofs_ending")):
        return NOTICE.format("bad", url_for("arrears.proof_list"), ngettext(
            "%(num)s proof of payment keeps a service only for hours, or no more: look at it now",
            "%(num)s proofs of payment keep services only for hours, or no more: look at them now", ending))
    count = int(setup.fact(company, "arrears.proofs"))
    return NOTICE.format("warn", url_for("arrears.proof_list"), ngettext(
        "%(num)s proof of payment waits to be looked at", "%(num)s proofs of payment wait to be looked at",
        count)) if count else Markup("")
