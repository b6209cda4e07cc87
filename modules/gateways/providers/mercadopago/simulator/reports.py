"""Settlement and release reports: ordered, made in the background, listed, downloaded as CSV (reference 1.9)."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from modules.gateways.providers.mercadopago.simulator.desk import Desk
from modules.gateways.providers.mercadopago.simulator.errors import Refused
from modules.gateways.providers.mercadopago.simulator.reading import moment
from modules.gateways.providers.mercadopago.simulator.store import utc

ZERO = Decimal(0)
COLUMNS = {
    "settlement": ("EXTERNAL_REFERENCE", "SOURCE_ID", "USER_ID", "PAYMENT_METHOD_TYPE", "PAYMENT_METHOD", "SITE",
                   "TRANSACTION_TYPE", "TRANSACTION_AMOUNT", "TRANSACTION_CURRENCY", "TRANSACTION_DATE", "FEE_AMOUNT",
                   "SETTLEMENT_NET_AMOUNT", "SETTLEMENT_CURRENCY", "SETTLEMENT_DATE", "REAL_AMOUNT", "COUPON_AMOUNT",
                   "METADATA", "MKP_FEE_AMOUNT", "FINANCING_FEE_AMOUNT", "SHIPPING_FEE_AMOUNT", "TAXES_AMOUNT",
                   "INSTALLMENTS", "ORDER_ID", "MONEY_RELEASE_DATE"),
    "release": ("DATE", "SOURCE_ID", "EXTERNAL_REFERENCE", "RECORD_TYPE", "DESCRIPTION", "NET_CREDIT_AMOUNT",
                "NET_DEBIT_AMOUNT", "GROSS_AMOUNT", "MP_FEE_AMOUNT", "FINANCING_FEE_AMOUNT", "SHIPPING_FEE_AMOUNT",
                "TAXES_AMOUNT", "COUPON_AMOUNT", "INSTALLMENTS", "PAYMENT_METHOD", "TRANSACTION_APPROVAL_DATE"),
}
CONFIG = {"separator": ",", "display_timezone": "GMT-04", "file_name_prefix": "", "refund_detailed": True,
          "scheduled": False, "bom": False, "decimal": ".", "columns": []}


def order(desk: Desk, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """202: the report of these days will be made."""
    begin, end = _day(body, "begin_date"), _day(body, "end_date")
    if begin is None or end is None or begin >= end:
        raise Refused("begin_date and end_date are required, in this order")
    number = desk.book.number()
    made = {"id": number, "begin_date": utc(begin.isoformat()), "end_date": utc(end.isoformat()),
            "created_from": "manual", "date_created": desk.date(),
            "file_name": f"{config(desk, kind)['file_name_prefix'] or kind}-{desk.owner}-{number}.csv"}
    desk.book.put(f"{kind}_report", desk.owner, str(made["file_name"]), made)
    return made


def _day(body: Mapping[str, Any], name: str) -> dt.datetime | None:
    """2026-11-09T00:00:00Z, with or without milliseconds."""
    value = body.get(name)
    if isinstance(value, str) and len(value) == 20 and value.endswith("Z"):
        value = f"{value[:-1]}.000Z"
    return moment({name: value}, name)


def listed(desk: Desk, kind: str) -> list[dict[str, Any]]:
    """Those that are made."""
    latest = utc(desk.date(desk.now - dt.timedelta(seconds=desk.config.report_seconds))) or ""
    return [one for one in desk.book.all(f"{kind}_report", desk.owner) if (utc(one["date_created"]) or "") <= latest]


def config(desk: Desk, kind: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """How reports are written; changed by PUT and POST."""
    found = {**CONFIG, **(desk.book.get("report_config", desk.owner, kind) or {})}
    if body is not None:
        if set(body) - set(CONFIG):
            raise Refused("unknown setting of a report")
        found |= body
        desk.book.put("report_config", desk.owner, kind, found)
    return found


def file(desk: Desk, kind: str, name: str) -> bytes:
    """The CSV. Columns are the account's choice."""
    found = next((one for one in listed(desk, kind) if one["file_name"] == name), None)
    if found is None:
        raise Refused("Report not found", 404)
    setting = config(desk, kind)
    columns = [one["key"] for one in setting["columns"]] or list(COLUMNS[kind])
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=setting["separator"], lineterminator="\n")
    writer.writerow(columns)
    rows = _settlement(desk, found) if kind == "settlement" else _release(desk, found)
    for row in rows:
        writer.writerow([_cell(row.get(name, ""), setting["decimal"]) for name in columns])
    return (b"\xef\xbb\xbf" if setting["bom"] else b"") + text.getvalue().encode()


def _cell(value: Any, point: str) -> str:
    return f"{value:.2f}".replace(".", point) if isinstance(value, Decimal) else str("" if value is None else value)


def _settlement(desk: Desk, report: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = [row for row in _movements(desk) if report["begin_date"] <= row["at"] < report["end_date"]]
    return sorted(found, key=lambda row: (row["at"], row["SOURCE_ID"]))


def _movements(desk: Desk) -> Iterator[dict[str, Any]]:
    """What came, went back, and was paid out; each with its share of fee and taxes."""
    for payment in desk.book.payments(desk.owner, "AND date_approved IS NOT NULL"):
        amount, fee, tax = _parts(payment)
        yield _row(desk, payment, "SETTLEMENT", payment["date_approved"], amount, -fee, -tax)
        for refund in payment["refunds"]:
            share = refund["amount"] / Decimal(amount)
            back = [(one * share).quantize(desk.country.cent) for one in (fee, tax)]
            yield _row(desk, payment, "REFUND", refund["date_created"], -Decimal(refund["amount"]), *back)
        if payment["status"] == "charged_back" and payment["status_detail"] != "reimbursed":
            left = amount - payment["transaction_amount_refunded"]
            yield _row(desk, payment, "CHARGEBACK", payment["date_last_updated"], -left, ZERO, ZERO)
    for one in desk.book.all("payout", desk.owner):
        yield _row(desk, {"id": one["id"], "currency_id": desk.country.currency}, "PAYOUT", one["date_created"],
                   -Decimal(one["amount"]), ZERO, ZERO)


def _parts(payment: Mapping[str, Any]) -> tuple[Decimal, Decimal, Decimal]:
    """(amount, fee, taxes kept back)."""
    amount = Decimal(payment["transaction_amount"])
    fee = sum((Decimal(one["amount"]) for one in payment["fee_details"] if one["fee_payer"] == "collector"), ZERO)
    return amount, fee, amount - fee - payment["transaction_details"]["net_received_amount"]


def _row(desk: Desk, payment: Mapping[str, Any], kind: str, at: str, gross: Decimal, fee: Decimal,
         tax: Decimal) -> dict[str, Any]:
    return {"at": utc(at), "SOURCE_ID": payment["id"], "USER_ID": desk.owner, "SITE": desk.country.site,
            "EXTERNAL_REFERENCE": payment.get("external_reference"), "TRANSACTION_TYPE": kind,
            "PAYMENT_METHOD": payment.get("payment_method_id"), "PAYMENT_METHOD_TYPE": payment.get("payment_type_id"),
            "TRANSACTION_AMOUNT": gross, "TRANSACTION_CURRENCY": payment["currency_id"], "TRANSACTION_DATE": at,
            "FEE_AMOUNT": fee, "TAXES_AMOUNT": tax, "SETTLEMENT_NET_AMOUNT": gross + fee + tax,
            "SETTLEMENT_CURRENCY": payment["currency_id"], "SETTLEMENT_DATE": at, "REAL_AMOUNT": gross,
            "COUPON_AMOUNT": ZERO, "MKP_FEE_AMOUNT": ZERO, "FINANCING_FEE_AMOUNT": ZERO, "SHIPPING_FEE_AMOUNT": ZERO,
            "INSTALLMENTS": payment.get("installments", ""), "ORDER_ID": (payment.get("order") or {}).get("id", ""),
            "METADATA": "", "MONEY_RELEASE_DATE": payment.get("money_release_date") or at}


RELEASED = {"SETTLEMENT": "payment", "REFUND": "refund", "CHARGEBACK": "chargeback", "PAYOUT": "payout"}


def _release(desk: Desk, report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The balance at the beginning, what became usable, the balance at the end."""
    rows = []
    for row in _movements(desk):
        at = utc(row["MONEY_RELEASE_DATE"] if row["TRANSACTION_TYPE"] == "SETTLEMENT" else row["TRANSACTION_DATE"])
        rows.append({**row, "at": at})
    before = sum((row["SETTLEMENT_NET_AMOUNT"] for row in rows if row["at"] < report["begin_date"]), ZERO)
    inside = sorted((row for row in rows if report["begin_date"] <= row["at"] < report["end_date"]),
                    key=lambda row: (row["at"], row["SOURCE_ID"]))
    yield _balance(report["begin_date"], "initial_available_balance", before)
    for row in inside:
        yield _released(row)
    moved = sum((row["SETTLEMENT_NET_AMOUNT"] for row in inside), ZERO)
    yield _balance(report["end_date"], "total", moved)
    yield _balance(report["end_date"], "available_balance", before + moved)


def _balance(at: str, record: str, amount: Decimal) -> dict[str, Any]:
    return {"DATE": f"{at}Z", "RECORD_TYPE": record, "DESCRIPTION": "", "NET_CREDIT_AMOUNT": max(amount, ZERO),
            "NET_DEBIT_AMOUNT": max(-amount, ZERO)}


def _released(row: Mapping[str, Any]) -> dict[str, Any]:
    net = row["SETTLEMENT_NET_AMOUNT"]
    return {"DATE": f"{row['at']}Z", "SOURCE_ID": row["SOURCE_ID"], "EXTERNAL_REFERENCE": row["EXTERNAL_REFERENCE"],
            "RECORD_TYPE": "release", "DESCRIPTION": RELEASED[row["TRANSACTION_TYPE"]],
            "NET_CREDIT_AMOUNT": max(net, ZERO), "NET_DEBIT_AMOUNT": max(-net, ZERO),
            "GROSS_AMOUNT": row["TRANSACTION_AMOUNT"], "MP_FEE_AMOUNT": row["FEE_AMOUNT"],
            "TAXES_AMOUNT": row["TAXES_AMOUNT"], "FINANCING_FEE_AMOUNT": ZERO, "SHIPPING_FEE_AMOUNT": ZERO,
            "COUPON_AMOUNT": ZERO, "INSTALLMENTS": row["INSTALLMENTS"], "PAYMENT_METHOD": row["PAYMENT_METHOD"],
            "TRANSACTION_APPROVAL_DATE": row["TRANSACTION_DATE"]}
