"""A statement of the bank: what gateways paid out, transfers of customers, and one that nobody knows."""

from __future__ import annotations

import sqlalchemy as sa

from core.db import db
from modules.crm.models import Customer
from modules.demo.takings import Desk
from modules.gateways.models import Account, Settlement

HEAD = "Fecha;Descripción;Referencia;Nombre;Importe"


def statement(desk: Desk, account: Account) -> None:
    """A transfer finds its debt by document and amount; a gateway's payout is recognised; one line waits."""
    day, before = desk.business_day(1), desk.business_day(2)
    payouts = db.session.scalars(
        sa.select(Settlement).join(Account, Account.id == Settlement.account_id)
        .where(Settlement.kind == "payout", Account.bank_account_id == account.cash_account_id).order_by(Settlement.id))
    rows = [f"{before};ACREDITACION;{one.external_id};{one.account.name};{-one.net:.2f}" for one in payouts]
    for place, invoice in enumerate(desk.debts(1)):
        customer = db.session.get_one(Customer, invoice.customer_id)
        rows.append(f"{before};TRANSFERENCIA {customer.tax_id};00{4471 + place};{customer.name};"
                    f"{invoice.open_amount:.2f}")
    rows += [f"{day};DEPOSITO EN EFECTIVO SUC 14;77310;;{desk.amount:.2f}",
             f"{day};COMISION MANTENIMIENTO;0;;-{desk.amount / 20:.2f}"]
    with desk.on(day):
        desk.bring(account, "\n".join([HEAD, *rows, ""]).encode(), f"extracto_{day:%Y%m%d}.csv")
