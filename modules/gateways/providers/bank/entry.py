"""Plugs statements of a bank account in."""

from __future__ import annotations

from core.i18n import lazy
from modules.gateways import ports
from modules.gateways.access import Setting
from modules.gateways.providers.bank import tables
from modules.gateways.providers.bank.statement import Statements

ports.providers.register("bank", ports.Provider("bank", lazy("Bank account (statements)"), (), (
    Setting("account", lazy("Account number"), required=False, help=lazy("Statements of another account are refused.")),
    Setting("format", lazy("Format of the statements"), "choice", required=False, choices={
        "csv": "CSV", "xlsx": "XLSX", "ofx": "OFX", "mt940": "MT940", "camt053": "CAMT.053"},
        help=lazy("Empty: told by the file itself.")),
    Setting("columns", lazy("Columns by their headings"), "list", required=False, check=tables.bad_columns,
            help=lazy("CSV and XLSX, where the headings are not the usual ones. One per line, like date=Fecha. "
                      "Names: date, amount, credit, debit, sign, text, reference, name, balance, currency, id.")),
    Setting("decimal", lazy("Sign before the cents"), "choice", required=False, choices={",": ",", ".": "."},
            help=lazy("Empty: told by the amounts; one that may be read in two ways is refused.")),
    Setting("date_format", lazy("How dates are written"), "choice", required=False, choices={
        "dmy": lazy("day, month, year"), "mdy": lazy("month, day, year"), "ymd": lazy("year, month, day")},
        help=lazy("Empty: day first, or year first with four digits.")),
    Setting("separator", lazy("Sign between the columns of CSV"), "choice", required=False,
            choices={";": ";", ",": ",", "tab": lazy("tabulator"), "|": "|"}),
    Setting("sheet", lazy("Sheet of the workbook"), required=False, help=lazy("Empty: the first one.")),
), (
    lazy("Download a statement of a whole month from the bank's page, in the richest format that it offers."),
    lazy("MT940, CAMT.053 and OFX tell whether they are whole; CSV and XLSX do not."),
), (), "transfer"))
ports.bank_statements.register("bank", Statements())
