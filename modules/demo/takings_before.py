"""The days before: debts that went out as files, what the networks' files brought, a gateway's report and payout."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from decimal import Decimal

import sqlalchemy as sa

from core import clock
from core.db import db
from core.models import Company
from core.scope import company_scope
from modules.crm.models import Customer
from modules.demo import takings_bank
from modules.demo.surroundings import Simulators
from modules.demo.takings import DAY, Desk, Story
from modules.demo.telling import tell
from modules.gateways import accounts, ports, rehearsing
from modules.gateways.models import Account

# old debts are asked for too
OVERDUE_DAYS = 120
JSON = {"Content-Type": "application/json"}
# cards that Mercado Pago prints for tests: no bank has them
CARDS = ("4509953566233704", "4009175332806176")
# simulators whose clocks these stories hold
HELD = ("mercadopago", "siro", "pagomiscuentas", "prisma", "asobancaria")
NO_FUNDS = {"6176": "51"}


def release(simulators: Simulators) -> None:
    """Where a former telling was killed, clocks stand still and nobody is told of payments."""
    simulators.hold(HELD, None)
    simulators.post("mercadopago", "config", {"notices": "auto"})


def make(company: Company, today: dt.date, simulators: Simulators, say: Callable[[str], None]) -> None:
    """Once per company: whoever paid in those days, and how. Commits."""
    with company_scope(company):
        for account in db.session.scalars(sa.select(Account)):
            if account.provider in ports.debt_files:
                rehearsing.ask_for_old_debts(account, OVERDUE_DAYS)
        desk = Desk(company, simulators, today, say)
        tell(desk, STORIES, "before")


# --- a gateway that is asked, reports and pays out --------------------------------------------------------------


def mercadopago(desk: Desk, account: Account) -> None:
    """Cards pay pages two weeks ago; one is of a sale that is not ours; the gateway reports, and pays out."""
    desk.simulators.post("mercadopago", "config", {"notices": "off"})
    try:
        _month_of_cards(desk, account, desk.today - 14 * DAY)
    finally:
        desk.simulators.post("mercadopago", "config", {"notices": "auto"})


def _month_of_cards(desk: Desk, account: Account, day: dt.date) -> None:
    with desk.on(day, "mercadopago"):
        pages = [one.provider_ref for one in desk.pages(account, 2, until=day)] + [
            desk.once(lambda: rehearsing.foreign_page(account, desk.amount, "Router y cables"))]
        paid = [desk.act("mercadopago", "pay", {"preference_id": one}) for one in pages]
        rehearsing.poll(account)
    owner = pages[0].split("-")[0]
    with desk.on(desk.business_day(3), "mercadopago"):
        net = sum((Decimal(str(one["transaction_details"]["net_received_amount"])) for one in paid), Decimal(0))
        desk.act("mercadopago", "payout", {"user_id": owner, "amount": str(net)})
    with desk.on(desk.business_day(2), "mercadopago"):
        name, report = _report(desk, account, day)
        desk.bring(account, report, name, "statement")


def _report(desk: Desk, account: Account, first: dt.date) -> tuple[str, bytes]:
    """The gateway's settlement report from that day on, as a person asks for it and downloads it."""
    path, token = "mercadopago/v1/account/settlement_report", accounts.access(account).need("access_token")
    headers = {"Authorization": f"Bearer {token}", **JSON}
    days = {"begin_date": f"{first - DAY}T00:00:00Z", "end_date": f"{clock.today() + DAY}T00:00:00Z"}
    desk.fetch(path, json.dumps(days).encode(), headers=headers)
    name = json.loads(desk.fetch(f"{path}/list", headers=headers))[-1]["file_name"]
    return str(name), desk.fetch(f"{path}/{name}", headers=headers)


# --- Argentina's networks -----------------------------------------------------------------------------------------


def siro(desk: Desk, account: Account) -> None:
    """Debts go to the bank; home banking, a counter and a wrong code; the rendition comes by file and by API."""
    sent, paid_on, day = desk.days(4, 3, 2)
    with desk.on(sent, "siro"):
        row = desk.debt_file(account)
        if row is None:
            return
        desk.deliver(row)
        lines = desk.of_file(row, 2, paid_on)
    with desk.on(paid_on, "siro", hour=16):
        for place, line in enumerate(lines):
            if place:
                desk.fault("siro", "unknown_cpe")
            cpe = f"{line.customer_code:0>9}{account.settings['convenio']}"
            desk.act("siro", "pay", {"cpe": cpe, "channel": "PC" if place else "LK"})
        for one in desk.debts(1):
            desk.act("siro", "slip", {"barcode": rehearsing.slip(account, one).barcode, "channel": "PF"})
    with desk.on(day, "siro", hour=11):
        if paid := _rendition(desk, account, day):  # of a handful of subscribers nobody may have paid there
            desk.bring(account, paid, f"CobranzasSiro_{day:%Y%m%d}.txt")
        rehearsing.poll(account)


def _rendition(desk: Desk, account: Account, day: dt.date) -> bytes:
    """What a person downloads from the bank's site."""
    access = accounts.access(account)
    told = {"Usuario": access.need("usuario"), "Password": access.need("password")}
    token = json.loads(desk.fetch("siro/auth/Sesion", json.dumps(told).encode(), headers=JSON))["access_token"]
    wanted = {"fecha_desde": f"{day}", "fecha_hasta": f"{day}", "nro_empresa": access.need("convenio"),
              "cuit_administrador": access.need("cuit_administrador").replace("-", "")}
    lines = json.loads(desk.fetch("siro/siro/Listados/Proceso", json.dumps(wanted).encode(),
                                  headers={**JSON, "Authorization": f"Bearer {token}"}))
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")


def pagomiscuentas(desk: Desk, account: Account) -> None:
    """A file of debts up, two payers, a file of collections down."""
    sigla, empresa = account.settings["sigla"], account.settings["empresa"]
    desk.simulators.post("pagomiscuentas", "company", {"code": sigla, "empresa": empresa})
    sent, paid_on, day = desk.days(6, 5, 3)
    with desk.on(sent, "pagomiscuentas"):
        row = desk.debt_file(account)
        if row is None:
            return
        desk.send(f"pagomiscuentas/{sigla}/Upload/{row.name}", rehearsing.content(row), "PUT")
        desk.deliver(row)
        lines = desk.of_file(row, 2, paid_on)
    if not lines:
        return
    with desk.on(paid_on, "pagomiscuentas"):
        for line in lines:
            desk.act("pagomiscuentas", "pay", {"code": sigla, "reference": line.customer_code, "channel": "HB"})
    with desk.on(day, "pagomiscuentas"):
        desk.fetch(f"pagomiscuentas/{sigla}/Download/")
        name = f"COB{sigla}.{day:%d%m%y}"
        desk.bring(account, desk.fetch(f"pagomiscuentas/{sigla}/Download/{name}"), name)


def prisma(desk: Desk, account: Account) -> None:
    """Two gave their cards; one is debited, the other has no funds."""
    with desk.on(desk.business_day(5), "prisma"):
        for invoice, card in zip(desk.debts(len(CARDS)), CARDS, strict=False):
            customer = db.session.get_one(Customer, invoice.customer_id)
            rehearsing.payer(account, customer, {"card": card})
        row = desk.debt_file(account)
        if row is None:
            return
        desk.simulators.post("prisma", "config", {"rejects": NO_FUNDS})
        desk.send("prisma/upload", rehearsing.content(row))
        desk.deliver(row)
    with desk.on(desk.business_day(3), "prisma"):
        names = json.loads(desk.fetch("prisma/answers/"))["files"]
        desk.bring(account, desk.fetch(f"prisma/answers/{names[-1]}"), names[-1])


# --- Colombia's networks ------------------------------------------------------------------------------------------


def efecty(desk: Desk, account: Account) -> None:
    """The month's debts for Efecty, and its file of a day: two who pay, and a reference that nobody has."""
    with desk.on(desk.business_day(6)):
        row = desk.debt_file(account)
        if row is None:
            return
        desk.deliver(row)
        debts = list(csv.DictReader(io.StringIO(rehearsing.content(row).decode("latin-1")), delimiter=";"))[:2]
    day = desk.business_day(5)
    rows = [f"{one['convenio']};{one['referencia']};{one['documento']};{one['valor']};{day};10:2{place}:07;BOG-0977;"
            f"88000000{place:04d}" for place, one in enumerate([*debts, {**debts[0], "referencia": "990001"}], 1)]
    content = "\r\n".join(["convenio;referencia;documento;valor;fecha;hora;punto;transaccion", *rows, ""]).encode()
    with desk.on(desk.business_day(4)):
        desk.bring(account, content, f"pagos_{day:%Y%m%d}.csv")


def asobancaria(desk: Desk, account: Account) -> None:
    """A bank's day: what the debts of its file became at the counters."""
    terms = {name: account.settings[name] for name in ("nit", "bank", "account", "service")}
    desk.simulators.post("asobancaria", "config", terms)
    sent, day, told = desk.days(4, 3, 2)
    with desk.on(sent, "asobancaria"):
        row = desk.debt_file(account)
        if row is None:
            return
        desk.deliver(row)
        debts = [{"reference": one.customer_code, "cents": int(one.amount * 100)} for one in desk.of_file(row, 4, day)]
        desk.send("asobancaria/debts", json.dumps({"debts": debts}).encode(), headers=JSON)
    with desk.on(told, "asobancaria"):
        desk.bring(account, desk.fetch(f"asobancaria/files/{day}/A"), f"recaudo_{day:%Y%m%d}_A.txt")


STORIES: tuple[tuple[str, Story], ...] = (
    ("mercadopago", mercadopago), ("siro", siro), ("pagomiscuentas", pagomiscuentas), ("prisma", prisma),
    ("efecty", efecty), ("asobancaria_2001", asobancaria), ("bank", takings_bank.statement))
