"""What is on a router, matched with contracts; what a person accepts is linked. Nothing is written onto it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from core import audit
from core.db import among, db
from core.errors import DomainError
from core.i18n import _, lazy
from modules.contracts.models import Contract
from modules.crm.models import Customer
from modules.networking import access, in_use, matching, services
from modules.networking.matching import Candidate, Proposal
from modules.networking.models import Connection, Router
from modules.networking.ports import Found, drivers

WHY = {"user": lazy("the PPPoE user of the contract"), "mark": lazy("our mark in the comment"),
       "number": lazy("the number of the contract"), "address": lazy("the address of the contract"),
       "code": lazy("the customer's code or document"), "name": lazy("the customer's name: look at it"),
       "": lazy("nothing fits")}
IN_USE = ("active", "suspended", "draft")


def read(router: Router, keep: bool = False) -> list[Found]:
    """Everything that contracts may hang on. Talks to the router: call it between transactions.

    `keep`: which addresses are in use there is written down too, for pools.
    """
    settings, driver, router_id = access.of(router), drivers.get(router.driver), router.id
    db.session.commit()
    with driver.open(settings) as session:
        found, used = session.found(), session.used_addresses() if keep else None
    if used is not None:
        in_use.keep(router_id, used)
    return found


def proposals(router: Router, found: Sequence[Found]) -> list[Proposal]:
    """What is linked nowhere yet, with the contract that it may be: two selects."""
    linked = set(db.session.scalars(sa.select(Connection.key).where(Connection.router_id == router.id)))
    rows = db.session.execute(
        sa.select(Contract.id, Contract.number, Contract.pppoe_user, Contract.ip, Customer.name, Customer.code,
                  Customer.tax_id)
        .join(Customer, Customer.id == Contract.customer_id)
        .outerjoin(Connection, Connection.contract_id == Contract.id)
        .where(Contract.state.in_(IN_USE), Connection.id.is_(None)).order_by(Contract.id))
    candidates = [Candidate(row.id, row.number, row.name, row.pppoe_user, row.ip, row.code, row.tax_id or "")
                  for row in rows]
    open_ones = [one for one in found if one.key not in linked]
    return matching.propose(open_ones, candidates)


def accept(router: Router, chosen: Mapping[str, str], found: Sequence[Found]) -> tuple[int, list[str]]:
    """Link what a person accepted (key -> contract number): how many, and why others were not."""
    by_key = {one.key: one for one in found}
    numbers = sorted({number.strip() for number in chosen.values()})
    contracts = {one.number: one for one in db.session.scalars(sa.select(Contract).where(
        among(Contract.number, numbers)))}
    done, problems = 0, []
    for key, number in chosen.items():
        one, contract = by_key.get(key), contracts.get(number.strip())
        if one is None or contract is None:
            problems.append(_("%(key)s: there is no contract %(number)s.", key=key, number=number))
            continue
        try:
            with db.session.begin_nested():
                services.link(contract, router, key, "" if _is_usual(router, one) else one.method,
                              one.address if one.address != key else "")
            done += 1
        except DomainError as refusal:
            problems.append(f"{key}: {refusal}")
    if done:
        audit.record("networking.link_many", router, {"count": done})
    return done, problems


def _is_usual(router: Router, one: Found) -> bool:
    """Whether the router's own way of cutting goes with what was found."""
    ppp = ("pppoe_profile", "pppoe_disable")
    return router.method == one.method or (router.method in ppp and one.method in ppp)
