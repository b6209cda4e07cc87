"""The customers that every provider has and that a demonstration must show; a tag and a note say why.

Made by the same verbs as on screen. They are billed from this month on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core import clock, months
from modules.accounting import opening, payments
from modules.accounting.models import Payment
from modules.accounting.payments import Medium, PaymentData
from modules.contracts import extras, services
from modules.contracts.drafts import ContractData
from modules.contracts.models import Contract, Plan
from modules.crm import services as crm
from modules.crm.models import Customer
from modules.demo.cast import Cast
from modules.demo.identities import BUSINESS, EXEMPT, NOBODY, PERSON, TRADER
from modules.demo.stock import Stock

# what the simulator's register says of these numbers makes ARCA refuse the invoice
UNKNOWN_TO_ARCA, NOT_ACTIVE = "30990009992", "20990001503"


@dataclass
class Desk:
    """Makes the odd customers of one company."""

    stock: Stock
    cast: Cast
    month: dt.date
    made: int = 0

    def customer(self, note: str, sort: str = PERSON, **given: Any) -> Customer:
        data = self.cast.person(sort, notes=note, tag_ids=(self.stock.case_tag.id,), **given).data
        self.made += 1
        return crm.create_customer(data)

    def contract(self, customer: Customer, plan: Plan | None = None, **given: Any) -> Contract:
        plans, _weights = self.stock.home_plans
        values = {"billing_from": self.month, "installed_on": self.month, **given}
        return services.create_contract(ContractData(customer_id=customer.id, plan_id=(plan or plans[0]).id, **values))


def make(stock: Stock, cast: Cast, today: dt.date) -> int:
    """Make them in the company in scope; how many customers."""
    desk = Desk(stock, cast, months.of(today))
    wanted: list[Callable[[Desk], None]] = [
        _cannot_be_billed, _long_name, _several_contracts, _changes_plan, _antenna, _courtesy, _no_address, _in_favour,
        _discount_by_amount, _nobodys_money, _taken_back]
    if stock.facts.country == "AR":
        wanted += [_refused_by_arca, _without_condition, _monotributo]
    if stock.facts.country == "MX":
        wanted.append(_names_nobody)
    for one in wanted:
        one(desk)
    return desk.made


def _cannot_be_billed(desk: Desk) -> None:
    desk.contract(desk.customer("Su plan no tiene precio: no se le puede facturar hasta que alguien lo cargue."),
                  desk.stock.unpriced)


def _long_name(desk: Desk) -> None:
    name = ("María de los Ángeles Ñáñez Güiraldes viuda de Fernández Castro, y sucesores de Don Íñigo "
            "Martínez de la Peña")
    desk.contract(desk.customer("Nombre largo, con tildes y eñes.", name=name))


def _several_contracts(desk: Desk) -> None:
    customer = desk.customer("Tres servicios en tres lugares; dos se dieron de alta a mitad de mes.", BUSINESS)
    plans, _weights = desk.stock.business_plans
    for index in range(3):
        address = crm.add_address(customer, desk.cast.address(kind="service"))
        desk.contract(customer, plans[0], address_id=address.id,
                      billing_from=desk.month + dt.timedelta(days=index * 7))


def _changes_plan(desk: Desk) -> None:
    plans, _weights = desk.stock.home_plans
    contract = desk.contract(desk.customer("Cambia de plan el día 17: la factura lleva una línea por plan."))
    services.change_plan(contract, plans[1], desk.month.replace(day=17), "Pidió más velocidad")


def _antenna(desk: Desk) -> None:
    charge = desk.stock.facts.charges[-1] if len(desk.stock.facts.charges) == 1 else desk.stock.facts.charges[1]
    contract = desk.contract(desk.customer("Paga la instalación en tres cuotas."))
    extras.add_charge(contract, charge["description"], Decimal(charge["total"]), instalments=3,
                      first_month=desk.month)


def _courtesy(desk: Desk) -> None:
    desk.contract(desk.customer("Servicio de cortesía: aparece como omitido, no como error."),
                  courtesy_from=desk.month, courtesy_reason="Cede la torre")


def _no_address(desk: Desk) -> None:
    desk.contract(desk.customer("No tiene correo electrónico: su factura queda para imprimir.", emails=()))


def _in_favour(desk: Desk) -> None:
    customer = desk.customer("Pagó de más: su saldo a favor paga la próxima factura.")
    desk.contract(customer)
    opening.record_opening_balances([(customer.id, -Decimal(desk.stock.facts.debt[1]), f"demo:favour:{customer.id}")],
                                    clock.today())


def _nobodys_money(desk: Desk) -> None:
    customer = desk.customer("Transferencia sin dueño: al saber de quién es se anula aquí y se registra allí.",
                             name="Transferencias sin identificar", emails=(), phones=(), addresses=())
    _paid(desk, customer, "transfer", "Depositante desconocido")


def _taken_back(desk: Desk) -> None:
    customer = desk.customer("Se le registró por error el pago de otra persona: su cuenta muestra las dos cosas.")
    desk.contract(customer)
    payments.reverse_payment(_paid(desk, customer, "cash", ""), "Era de otra persona")


def _paid(desk: Desk, customer: Customer, method: str, notes: str) -> Payment:
    """Money of today, in the default cash account."""
    return payments.record_payment(PaymentData(
        customer.id, [Medium(Decimal(desk.stock.facts.debt[1]), method)], notes=notes))


def _discount_by_amount(desk: Desk) -> None:
    contract = desk.contract(desk.customer("Descuento de importe fijo durante seis meses."))
    amount = (contract.plan.prices[0].price / 5).quantize(Decimal(1))
    extras.add_discount(contract, "Compensación acordada", amount=amount, first_month=desk.month, count=6)


def _refused_by_arca(desk: Desk) -> None:
    plans, _weights = desk.stock.business_plans
    unknown = desk.customer("ARCA no conoce su CUIT y rechaza la factura: corregir y volver a enviar.", EXEMPT,
                            tax_id_kind="CUIT", tax_id=UNKNOWN_TO_ARCA)
    gone = desk.customer("Su CUIT está inactiva y ARCA rechaza la factura: averiguar a nombre de quién va.", BUSINESS,
                         tax_id_kind="CUIT", tax_id=NOT_ACTIVE)
    for customer in (unknown, gone):
        desk.contract(customer, plans[0])


def _without_condition(desk: Desk) -> None:
    desk.contract(desk.customer("Falta su condición frente al IVA: la factura se detiene antes de enviarla.",
                                tax_condition=""))


def _names_nobody(desk: Desk) -> None:
    kind, number = NOBODY["MX"]
    # from the first month of the past on: a global invoice is made when its month has ended
    since = months.of(clock.today())
    desk.contract(desk.customer("No da su RFC: sus ventas van en la factura global del mes.", tax_id_kind=kind,
                                tax_id=number), billing_from=since, installed_on=since)


def _monotributo(desk: Desk) -> None:
    desk.contract(desk.customer("Monotributista: recibe factura A.", TRADER))
