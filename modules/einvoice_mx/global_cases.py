"""The sales of a period as a case of a global invoice: one Concepto a sale, in the cents that the sale has. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core import clock
from core.models import Company
from modules.accounting.totals import EXEMPT, VAT, ZERO, Tax
from modules.einvoice.case import Address, Case, CaseLine, LineTax, Party, Reference
from modules.einvoice_mx.amounts import Concepto, Sums, Tributo, code_of, summed
from modules.einvoice_mx.catalogs import NATIONAL, NO_OBLIGATIONS
from modules.einvoice_mx.parties import EVERYBODY
from modules.einvoice_mx.periods import information
from modules.einvoice_mx.relations import REPLACES
from modules.einvoice_mx.wire import SKEW

ONE = Decimal(1)
# what a debit note is called there: its numbers run beside those of invoices
PREFIX = {"debit_note": "ND-"}
PUBLIC = Party(EVERYBODY, tax_id_kind="RFC", tax_id=NATIONAL, tax_condition=NO_OBLIGATIONS)


@dataclass
class Sale:
    """What is left of a sale after its credit notes, in cents; `taxes` are (base, amount) by code and rate in %."""

    id: int
    invoice_id: int
    kind: str
    number: str
    total: Decimal
    exempt: Decimal
    taxes: dict[tuple[str, Decimal], tuple[Decimal, Decimal]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """NoIdentificacion."""
        return PREFIX.get(self.kind, "") + self.number

    @property
    def net(self) -> Decimal:
        """Without tax."""
        return self.total - sum((amount for _base, amount in self.taxes.values()), ZERO)

    def tributos(self) -> tuple[Tributo, ...]:
        """What it bears, the exempt part last."""
        found = [Tributo(Tax(code_of(code), rate), base, amount)
                 for (code, rate), (base, amount) in sorted(self.taxes.items()) if base > 0]
        if self.exempt > 0:
            found.append(Tributo(Tax(VAT, None, category=EXEMPT), self.exempt, None))
        return tuple(found)


@dataclass(frozen=True)
class Wanted:
    """A global invoice as it is asked for; `replaces` is the stamped one (series, number, date, UUID) or None."""

    period: str
    last_day: dt.date
    series: str
    number: int
    environment: str
    # c_FormaPago
    form: str
    replaces: Reference | None = None


def sums_of(sales: Sequence[Sale]) -> Sums:
    """The lines and the document's amounts."""
    return summed(tuple(Concepto(ONE, sale.net, sale.net, ZERO, sale.tributos()) for sale in sales))


def case(company: Company, issuer_extra: Mapping[str, Any], wanted: Wanted, sales: Sequence[Sale]) -> Case:
    """The global invoice of these sales."""
    return Case(
        country="MX", kind="invoice", environment=wanted.environment, number=wanted.number, currency="MXN",
        issued_at=clock.now() - SKEW, lines=tuple(map(_line, sales)), customer=PUBLIC,
        issuer=Party(company.name, tax_id=company.tax_id, tax_condition=company.tax_condition, series=wanted.series,
                     address=Address(postal_code=company.postal_code or ""), extra=issuer_extra),
        payment={"terms": "cash", "method": wanted.form}, references=(wanted.replaces,) if wanted.replaces else (),
        extra={"InformacionGlobal": information(wanted.period, wanted.last_day)})


def _line(sale: Sale) -> CaseLine:
    taxes = tuple(LineTax(one.tax.code, one.tax.rate, one.tax.category) for one in sale.tributos())
    return CaseLine(ONE, sale.net, code=sale.label, taxes=taxes)


def reference(series: str, number: int, date: dt.date, uuid: str) -> Reference:
    """The global invoice that another one takes the place of."""
    return Reference(REPLACES, series, number, date, uuid)
