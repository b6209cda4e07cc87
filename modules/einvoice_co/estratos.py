"""The IVA of internet by the estrato of its place (reference 1.8): what one plan bears, and plans that do not fit.

Internet at home: estrato 1 and 2 exempt (ET 481 h), 3 excluded (ET 476 num. 7), 4 to 6 taxed; businesses always taxed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.db import db
from core.errors import DomainError
from core.i18n import _, lazy
from core.models import Company
from modules.contracts.models import Contract, Plan
from modules.contracts.ports import Problem, Served, Taxes
from modules.crm.drafts import AddressData
from modules.crm.models import Address, Customer
from modules.crm.services import ADDRESS_TEXTS, change_address
from modules.einvoice_co.catalogs import IVA, tribute
from modules.einvoice_co.places import EXCLUDED, EXEMPT, TAXED, internet_category, is_residential

# contracts read at a time
CHUNK = 1000
LIVE = ("active", "suspended")
# the category of an IVA that follows the estrato, and the taxes that a plan has then
FOLLOWS = "estrato"
BY_ESTRATO = [{"code": "VAT", "category": FOLLOWS}]
GENERAL = [{"code": "VAT", "rate": "19"}]
_ENTRIES: dict[str, dict[str, Any]] = {
    EXEMPT: {"code": "VAT", "category": "exempt"}, EXCLUDED: {"code": "VAT", "category": "excluded"},
    TAXED: GENERAL[0]}
MISSING = "missing_estrato"
BUSINESS = "business"
ESTRATOS = ("1", "2", "3", "4", "5", "6")


@dataclass(frozen=True, slots=True)
class Where:
    """What of a contract's place decides; `estrato` is "" where it is not known."""

    estrato: str
    residential: bool

    @property
    def group(self) -> str:
        """estrato12, estrato3, estrato46, business; "" where the estrato is missing."""
        if not self.residential:
            return BUSINESS
        return {"1": "estrato12", "2": "estrato12", "3": "estrato3"}.get(
            self.estrato, "estrato46" if self.estrato in ESTRATOS else "")

    @property
    def category(self) -> str:
        """exempt, excluded or taxed."""
        return internet_category(self.estrato, self.residential)


class ByEstrato:
    """Colombia's taxes of the contracts of a chunk."""

    def __init__(self) -> None:
        self._where: dict[int, Where] = {}
        # the same taxes for the same question, so that equal lines are computed once; the question is kept with them
        self._known: dict[tuple[int, str], tuple[Taxes, Taxes]] = {}

    def look_at(self, served: Iterable[Served]) -> None:
        """Those before are forgotten: a chunk at a time is in memory."""
        self._where = {one.contract_id: where(one.kind, one.extra) for one in served}

    def taxes(self, contract_id: int, asked: Taxes) -> Taxes:
        """With the IVA of the place in the place of the one that follows it."""
        if not follows(asked):
            return asked
        category = self._where[contract_id].category
        key = (id(asked), category)
        if key not in self._known:
            self._known[key] = (asked, tuple(_ENTRIES[category] if one.get("category") == FOLLOWS else one
                                             for one in asked))
        return self._known[key][1]

    def group(self, contract_id: int, asked: Taxes) -> str:
        """Of the contract's place."""
        found = self._where.get(contract_id)
        return found.group if found and follows(asked) else ""

    def problem(self, contract: Any, asked: Iterable[Taxes]) -> Problem | None:
        """A home without estrato, or no address at all."""
        if not any(follows(taxes) for taxes in asked):
            return None
        found = self._where.get(contract.id)
        if found is not None and found.group:
            return None
        return Problem(MISSING, _(
            "To bill contract %(number)s you must write down the estrato of the place where it is served: internet of "
            "estrato 1 and 2 is exempt of IVA, of 3 excluded, of 4 to 6 taxed.", number=contract.number), "place")


class EstratoRule:
    """Colombia's entry in contracts' `place_taxes`."""

    choices: Sequence[tuple[list[dict[str, Any]], Any]] = ((BY_ESTRATO, lazy("IVA by the estrato of the place")),)
    groups: Mapping[str, Any] = {
        "estrato12": lazy("Estrato 1 and 2: exempt of IVA"), "estrato3": lazy("Estrato 3: excluded of IVA"),
        "estrato46": lazy("Estrato 4 to 6: IVA 19 %"), BUSINESS: lazy("Businesses: IVA 19 %")}
    asks: Any = lazy("Estrato")
    answers: Sequence[tuple[str, Any]] = (*((one, one) for one in ESTRATOS), (BUSINESS, lazy("No home: a business")))

    def follows(self, taxes: Taxes) -> bool:
        """Whether the IVA follows the estrato."""
        return follows(taxes)

    def usual(self, taxes: Taxes) -> list[dict[str, Any]]:
        """Installation, equipment and the like bear the general rate everywhere."""
        return [dict(GENERAL[0]) if one.get("category") == FOLLOWS else dict(one) for one in taxes]

    def on(self, company: Company) -> ByEstrato:
        """Without a select."""
        return ByEstrato()

    def answer(self, contract: Any, value: str) -> None:
        """Write estrato or use into the address where the contract is served."""
        if value not in dict(self.answers):
            raise DomainError(_("To go on you must choose the estrato, or say that it is no home."), field="place")
        address = contract.address or first_address(contract.customer)
        if address is None:
            raise DomainError(_("To write down the estrato you must first give the customer an address."),
                              field="place")
        extra = {key: said for key, said in (address.extra or {}).items() if key not in ("estrato", "uso")}
        extra |= {"uso": "comercial"} if value == BUSINESS else {"estrato": value}
        kept = {name: getattr(address, name) for name in (*ADDRESS_TEXTS, "country", "latitude", "longitude")}
        change_address(address, AddressData(**kept, extra=extra))


def follows(taxes: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the IVA of these taxes follows the estrato."""
    return any(tax.get("category") == FOLLOWS for tax in taxes)


def where(kind: str, extra: Mapping[str, Any] | None) -> Where:
    """What decides, of a customer's kind and the `extra` of an address."""
    said = str((extra or {}).get("estrato") or "").strip()
    return Where(said if said in ESTRATOS else "", kind != "business" and is_residential(extra or {}))


def first_address(customer: Any) -> Address | None:
    """The place of a contract that names none: the customer's oldest address in use."""
    return min((one for one in customer.addresses if one.active), key=lambda one: one.id, default=None)


@dataclass(frozen=True)
class AtPlace:
    """A contract in service whose IVA follows the estrato, and what decides; `words` are "" where that is missing."""

    contract_id: int
    contract: str
    words: Any


def of_customer(customer_id: int) -> list[AtPlace]:
    """The contracts of a customer whose plan follows the estrato; one select."""
    rows = db.session.execute(
        _places().add_columns(Plan.taxes).join(Plan, Plan.id == Contract.plan_id)
        .where(Contract.customer_id == customer_id).order_by(Contract.id))
    return [AtPlace(row.id, row.number, EstratoRule.groups.get(where(row.kind, row.extra).group, "")) for row in rows
            if follows(row.taxes or ())]


def _places() -> sa.Select[Any]:
    """Contracts in service with the kind of their customer and the `extra` of their place, as billing takes it."""
    place = sa.func.coalesce(Contract.address_id, sa.select(sa.func.min(Address.id)).where(
        Address.customer_id == Contract.customer_id, Address.active).correlate(Contract).scalar_subquery())
    return (sa.select(Contract.id, Contract.number, Customer.kind, Address.extra)
            .join(Customer, Customer.id == Contract.customer_id).outerjoin(Address, Address.id == place)
            .where(Contract.state.in_(LIVE)))


# --- plans with fixed taxes -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Misfit:
    """A contract, with the IVA that its plan has and the one that its estrato asks for: exempt, excluded, taxed."""

    contract: str
    estrato: str
    found: str
    expected: str


def misfits() -> Iterator[Misfit]:
    """Those of the company in scope, in order; only plans with a speed are internet. Constant memory."""
    rows = db.session.execute(
        _places().add_columns(Plan.taxes).join(Plan, Plan.id == Contract.plan_id)
        .where(Plan.speed_down_kbps.is_not(None))
        .order_by(Contract.id).execution_options(yield_per=CHUNK))
    for row in rows:
        place = where(row.kind, row.extra)
        if follows(row.taxes or ()) or not place.estrato:
            continue
        found = category_of(row.taxes or ())
        if found != place.category:
            yield Misfit(row.number, place.estrato, found, place.category)


def without_estrato() -> int:
    """How many contracts of the company in scope cannot be billed because nobody wrote down their estrato."""
    rows = db.session.execute(
        _places().add_columns(Plan.taxes).join(Plan, Plan.id == Contract.plan_id)
        .execution_options(yield_per=CHUNK))
    return sum(follows(row.taxes or ()) and not where(row.kind, row.extra).group for row in rows)


def category_of(taxes: Sequence[Mapping[str, Any]]) -> str:
    """exempt, excluded or taxed."""
    vat = next((tax for tax in taxes if tribute(str(tax.get("code") or "")) == IVA), None)
    if vat is None or vat.get("category") in ("excluded", "untaxed"):
        return EXCLUDED
    bare = vat.get("category") in ("exempt", "zero") or str(vat.get("rate") or "0").strip("0.") == ""
    return EXEMPT if bare else TAXED
