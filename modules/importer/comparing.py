"""What of a file is already here: by the links of former imports, else by customer number and document."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from core.db import db
from core.i18n import _
from modules.crm import names
from modules.crm.drafts import CustomerData
from modules.crm.models import Customer
from modules.importer import links, targets
from modules.importer.arranging import WantedCustomer, WantedService
from modules.importer.links import Link
from modules.importer.sameness import telling


@dataclass
class Step:
    """A customer of the file beside what is here: made, changed or left alone."""

    wanted: WantedCustomer
    digest: str
    link: Link | None = None
    # a customer that was not imported, but has this number or document
    adopted_id: int | None = None
    new_services: list[WantedService] = field(default_factory=list)
    # services that are here but whose network data or due day are other than last time, with their contract
    changed_services: list[tuple[WantedService, Link]] = field(default_factory=list)
    # services whose plan or place is another now, with the link of the contract that they are
    moved_services: list[tuple[WantedService, Link]] = field(default_factory=list)
    # why this customer cannot be taken; empty: he can
    refusal: str = ""
    # (line, text) to be said to a person
    remarks: list[tuple[int, str]] = field(default_factory=list)
    # 'created', 'updated' (he is other than last time, or a service of his is new) or 'unchanged'
    outcome: str = ""

    @property
    def customer_id(self) -> int | None:
        return self.link.target_id if self.link else self.adopted_id

    @property
    def is_changed(self) -> bool:
        """Does the file say something else about the customer himself than last time?"""
        return self.link is not None and self.link.digest != self.digest

    def remark(self, line: int, text: str) -> None:
        self.remarks.append((line, text))

    def decide(self) -> None:
        """Say what will become of it, before anything is written."""
        if self.customer_id is None:
            self.outcome = "created"
        else:
            changed = (self.link is None or self.is_changed or self.new_services or self.changed_services
                       or self.moved_services)
            self.outcome = "updated" if changed else "unchanged"


def compare(customers: Sequence[WantedCustomer]) -> list[Step]:
    """A step for each of these customers of the file, with a few selects for all of them."""
    known = links.find("customer", [wanted.key for wanted in customers])
    services = links.find("contract", [one.key for wanted in customers for one in wanted.services])
    codes, documents = _known([wanted for wanted in customers if wanted.key not in known])
    linked = {one.id: one for one in _select(Customer.id, [link.target_id for link in known.values()])}
    steps: list[Step] = []
    for wanted in customers:
        step = Step(wanted, digest_of(wanted), known.get(wanted.key))
        step.new_services = [one for one in wanted.services if one.key not in services]
        for one in wanted.services:
            if one.key in services:
                _compare_service(step, one, services[one.key])
        if step.link is None:
            _adopt(step, codes, documents)
        elif step.link.target_id in linked:
            step.refusal = _stranger(wanted.data, linked[step.link.target_id])
        steps.append(step)
    _recognise_moved([step for step in steps if step.link and step.new_services])
    for step in steps:
        step.decide()
    return steps


# --- customers -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """As much of a customer that is here as telling him apart needs."""

    id: int
    code: str
    tax_id: str
    name: str


def _known(strangers: Sequence[WantedCustomer]) -> tuple[dict[str, Known], dict[str, Known]]:
    """Customers that are here, by number and by document; of a document that several have, none."""
    by_code = {known.code: known for known in _select(Customer.code, [w.data.code for w in strangers if w.data.code])}
    by_document: dict[str, Known | None] = {}
    for known in _select(Customer.tax_id, [w.data.tax_id for w in strangers if telling(w.data.tax_id)]):
        by_document[known.tax_id] = None if known.tax_id in by_document else known
    return by_code, {document: known for document, known in by_document.items() if known}


def _select(column: Any, values: Sequence[Any]) -> Iterator[Known]:
    for batch in links.batches(values):
        rows = db.session.execute(sa.select(Customer.id, Customer.code, Customer.tax_id, Customer.name)
                                  .where(column.in_(batch)).order_by(Customer.id))
        yield from (Known(*row) for row in rows)


def _adopt(step: Step, codes: dict[str, Known], documents: dict[str, Known]) -> None:
    """Take the customer that is here for the file's. A number that somebody else has is not given twice."""
    data = step.wanted.data
    same = codes.get(data.code) if data.code else None
    if same and not _alike(data, same):
        step.remark(step.wanted.line, _(
            "The customer number %(code)s is already that of %(name)s; the next free number is given.",
            code=data.code, name=same.name))
        step.wanted.data, same = replace(data, code=""), None
    known = same or documents.get(data.tax_id)
    step.adopted_id = known.id if known else None


def _stranger(data: CustomerData, known: Known) -> str:
    """Why the customer of a former import that has this number cannot be him: another program counts from 1 too."""
    here, there = telling(known.tax_id), telling(data.tax_id)
    mine, his = names.fold(data.name), names.fold(known.name)
    words = {word for word in mine.split() if len(word) > 2} & set(his.split())
    if mine == his or (here and here == there) or (words and not (here and there)):
        return ""
    return _("The customer number %(code)s is that of %(name)s here, who has another name and document: correct what "
             "is wrong, or give another number.", code=known.code, name=known.name)


def _alike(data: CustomerData, known: Known) -> bool:
    """The same document; where one has none, the same name."""
    if telling(data.tax_id) and telling(known.tax_id):
        return data.tax_id == known.tax_id
    return names.fold(data.name) == names.fold(known.name)


def digest_of(wanted: WantedCustomer) -> str:
    """Of all that a file says about a customer himself; not of his services and balance."""
    data = wanted.data
    address = wanted.services[0].address if wanted.services else wanted.records[0].address
    return _hash(data.name, data.trade_name, data.tax_id_kind, data.tax_id, data.tax_condition, list(data.emails),
                 list(data.phones), data.active, wanted.zone, repr(address))


# --- services --------------------------------------------------------------------------------------------


def digest_of_service(one: WantedService) -> str:
    """Half of it is of what an import may change later, half of what only a person may (plan, price, state)."""
    service = one.service
    technical = _hash(service.ip, service.pppoe_user, service.pppoe_password, service.due_day)
    terms = _hash(names.fold(service.plan), str(service.price), service.includes_tax, service.state)
    return technical[:32] + terms[:32]


def _compare_service(step: Step, one: WantedService, link: Link) -> None:
    digest = digest_of_service(one)
    if not link.digest or link.digest == digest:
        return
    if link.digest[:32] != digest[:32]:
        step.changed_services.append((one, link))
    if link.digest[32:] != digest[32:]:
        step.remark(one.record.line, terms_doubt(one))


def terms_doubt(one: WantedService) -> str:
    """What is said where plan, price or state are other than at a former import."""
    return _("Plan, price or state are other than when this service was loaded (now %(plan)s, %(price)s); it is left "
             "as it is: change it in the contract.", plan=one.service.plan, price=f"{one.service.price:.2f}")


def _recognise_moved(steps: Sequence[Step]) -> None:
    """A service known by plan and place alone, whose plan or place is another now, is no second service.

    Where a customer has exactly one service that the file no longer names, and one that is not known, they are one.
    """
    doubtful = {step.customer_id: step for step in steps if len(step.new_services) == 1
                and not step.new_services[0].service.pppoe_user}
    owners = targets.owners_of_contracts([customer_id for customer_id in doubtful if customer_id])
    here: dict[int, list[tuple[str, Link]]] = {}
    for key, link in links.of_targets("contract", list(owners)).items():
        here.setdefault(owners[link.target_id], []).append((key, link))
    for customer_id, step in doubtful.items():
        named = {one.key for one in step.wanted.services}
        gone = [(key, link) for key, link in here.get(customer_id or 0, ()) if key not in named and "|plan:" in key]
        if len(gone) == 1:
            one = step.new_services.pop()
            step.moved_services.append((one, gone[0][1]))
            step.remark(one.record.line, terms_doubt(one))


# --- small ones ------------------------------------------------------------------------------------------


def _hash(*facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False, default=str).encode()).hexdigest()
