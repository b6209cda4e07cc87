"""What of a file is already here: by the links of former imports, else by customer number and document."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from core.db import db
from core.i18n import _
from modules.crm import names
from modules.crm.drafts import CustomerData
from modules.crm.models import Customer
from modules.importer.arranging import Arrangement, WantedCustomer, WantedService, telling
from modules.importer.models import ImportLink

_BATCH = 500


@dataclass(frozen=True)
class Link:
    """Where something went at a former import."""

    target_id: int
    digest: str


@dataclass
class Step:
    """A customer of the file beside what is here: made, changed or left alone."""

    wanted: WantedCustomer
    digest: str
    link: Link | None = None
    # a customer that was not imported, but has this number or document
    adopted_id: int | None = None
    new_services: list[WantedService] = field(default_factory=list)
    # 'created', 'updated' (he is other than last time, or a service of his is new) or 'unchanged'
    outcome: str = ""

    @property
    def customer_id(self) -> int | None:
        return self.link.target_id if self.link else self.adopted_id

    def decide(self) -> None:
        """Say what will become of it, before anything is written."""
        if self.customer_id is None:
            self.outcome = "created"
        else:
            changed = self.link is None or self.link.digest != self.digest
            self.outcome = "updated" if changed or self.new_services else "unchanged"


def compare(arrangement: Arrangement) -> list[Step]:
    """A step for each customer of the file."""
    links = links_of("customer", [wanted.key for wanted in arrangement.customers])
    services = links_of("contract", [one.key for wanted in arrangement.customers for one in wanted.services])
    strangers = [wanted for wanted in arrangement.customers if wanted.key not in links]
    codes, documents = _known(strangers)
    steps: list[Step] = []
    for wanted in arrangement.customers:
        step = Step(wanted, digest_of(wanted), links.get(wanted.key))
        step.new_services = [one for one in wanted.services if one.key not in services]
        if step.link is None:
            _adopt(step, codes, documents)
        step.decide()
        steps.append(step)
    return steps


def links_of(kind: str, keys: Sequence[str]) -> dict[str, Link]:
    """The links of these keys, in batches."""
    found: dict[str, Link] = {}
    for batch in batches(keys):
        rows = db.session.execute(
            sa.select(ImportLink.source_key, ImportLink.target_id, ImportLink.digest)
            .where(ImportLink.kind == kind, ImportLink.source_key.in_(batch)))
        found.update({row.source_key: Link(row.target_id, row.digest) for row in rows})
    return found


@dataclass(frozen=True)
class Known:
    """As much of a customer that is here as telling him apart needs."""

    id: int
    code: str
    tax_id: str
    name: str


def _known(strangers: Iterable[WantedCustomer]) -> tuple[dict[str, Known], dict[str, Known]]:
    """Customers that are here, by number and by document; of a document that several have, none."""
    strangers = list(strangers)
    by_code = {known.code: known for known in _select(Customer.code, [w.data.code for w in strangers if w.data.code])}
    by_document: dict[str, Known | None] = {}
    for known in _select(Customer.tax_id, [w.data.tax_id for w in strangers if telling(w.data.tax_id)]):
        by_document[known.tax_id] = None if known.tax_id in by_document else known
    return by_code, {document: known for document, known in by_document.items() if known}


def _select(column: Any, values: Sequence[str]) -> Iterator[Known]:
    for batch in batches(values):
        rows = db.session.execute(sa.select(Customer.id, Customer.code, Customer.tax_id, Customer.name)
                                  .where(column.in_(batch)).order_by(Customer.id))
        yield from (Known(*row) for row in rows)


def _adopt(step: Step, codes: dict[str, Known], documents: dict[str, Known]) -> None:
    """Take the customer that is here for the file's. A number that somebody else has is not given twice."""
    data = step.wanted.data
    same = codes.get(data.code) if data.code else None
    if same and not _alike(data, same):
        step.wanted.records[0].warnings.append(_(
            "The customer number %(code)s is already that of %(name)s; the next free number is given.",
            code=data.code, name=same.name))
        step.wanted.data, same = replace(data, code=""), None
    known = same or documents.get(data.tax_id)
    step.adopted_id = known.id if known else None


def _alike(data: CustomerData, known: Known) -> bool:
    """The same document; where one has none, the same name."""
    if telling(data.tax_id) and telling(known.tax_id):
        return data.tax_id == known.tax_id
    return names.fold(data.name) == names.fold(known.name)


def digest_of(wanted: WantedCustomer) -> str:
    """Of all that a file says about a customer himself; not of his services and balance."""
    data = wanted.data
    address = wanted.services[0].address if wanted.services else wanted.records[0].address
    facts = [data.name, data.trade_name, data.tax_id_kind, data.tax_id, data.tax_condition, list(data.emails),
             list(data.phones), data.active, wanted.zone, repr(address)]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False, default=str).encode()).hexdigest()


def batches(values: Sequence[str], size: int = _BATCH) -> Iterator[Sequence[str]]:
    """The different values, in parts that a statement can hold."""
    once = list(dict.fromkeys(values))
    for start in range(0, len(once), size):
        yield once[start:start + size]
