"""Master data of SUNAT and Nubefact: profile, the law's amounts, series; routes for looking only."""

from __future__ import annotations

from typing import Any

from core.admin import ModelView, ReadOnlyView, in_words
from core.i18n import lazy
from modules.einvoice_pe.catalogs import NAMES
from modules.einvoice_pe.models import FiscalProfile, LegalAmount, Route, Series

PERMISSION = "einvoice_pe.edit_settings"
ENVIRONMENTS = [("rehearsal", lazy("rehearsal")), ("testing", lazy("demo account")),
                ("production", lazy("production"))]
AMOUNTS = [("igv", lazy("IGV in percent")), ("identify", lazy("Boletas name who buys from this total on")),
           ("detraction_above", lazy("Facturas bear a detracción above this total")),
           ("detraction_rate", lazy("Detracción in percent")),
           ("retention_above", lazy("Facturas bear a retención above this total")),
           ("retention_rate", lazy("Retención in percent"))]
KINDS = [(str(kind), name) for kind, name in NAMES.items()]


class ProfileAdmin(ModelView):
    """How the company issues; one row, made with the company."""

    permission = PERMISSION
    can_create = can_delete = False
    answer = lazy("How this company issues its electronic documents.")
    title_columns = ("environment",)
    column_list = ("environment", "days_back", "detraction_kind", "detraction_account")
    column_labels = {
        "environment": lazy("Environment"), "days_back": lazy("Days that a document may lie behind its sending"),
        "detraction_kind": lazy("Service that bears a detracción"),
        "detraction_account": lazy("Account at Banco de la Nación")}
    column_descriptions = {
        "days_back": lazy("0 to 3. Nubefact's manual wants the current date: with 0, older ones are dated today."),
        "detraction_kind": lazy("Nubefact's number: 35 is SUNAT's 037. 0: none of ours bears one.")}
    column_formatters = {"environment": in_words(ENVIRONMENTS)}
    # the environment changes only by the guarded step of enabling
    form_columns = ("days_back", "detraction_kind", "detraction_account")

    def on_model_change(self, form: Any, model: FiscalProfile, is_created: bool) -> None:
        model.detraction_account = model.detraction_account or ""


class AmountAdmin(ModelView):
    """Amounts and rates of the law; the one in force on a document's day counts."""

    permission = PERMISSION
    answer = lazy("Amounts in soles and rates that the law moves. Add a row when one changes: it holds from its day.")
    title_columns = ("code", "valid_from")
    column_list = ("code", "valid_from", "amount")
    column_default_sort = [("code", False), ("valid_from", True)]
    column_labels = {"code": lazy("What for"), "valid_from": lazy("Valid from"), "amount": lazy("Amount")}
    column_formatters = {"code": in_words(AMOUNTS)}
    form_columns = ("code", "valid_from", "amount")
    form_choices = {"code": AMOUNTS}


class SeriesAdmin(ReadOnlyView):
    """Series and their establishments."""

    permission = PERMISSION
    answer = lazy("They are chosen under Enable electronic invoices, after they were enabled in Nubefact.")
    column_list = ("environment", "kind", "code", "route", "active")
    column_labels = {"environment": lazy("Environment"), "kind": lazy("Document"), "code": lazy("Series"),
                     "route": lazy("Establishment"), "active": lazy("In use")}
    column_formatters = {"environment": in_words(ENVIRONMENTS), "kind": in_words(KINDS)}


class RouteAdmin(ReadOnlyView):
    """Establishments at Nubefact; routes and tokens are never shown."""

    permission = PERMISSION
    answer = lazy("Route and token are entered under Enable electronic invoices.")
    title_columns = ("name", "environment")
    column_list = ("environment", "name", "verified_at")
    column_details_list = column_list
    column_labels = {"environment": lazy("Environment"), "name": lazy("Establishment"),
                     "verified_at": lazy("Answered last")}
    column_formatters = {"environment": in_words(ENVIRONMENTS)}


def views() -> list[Any]:
    """The admin's pages."""
    category = lazy("SUNAT")
    return [ProfileAdmin(FiscalProfile, name=lazy("Fiscal profile"), category=category,
                         endpoint="einvoice_pe_profile"),
            AmountAdmin(LegalAmount, name=lazy("The law's amounts"), category=category, endpoint="einvoice_pe_amount"),
            SeriesAdmin(Series, name=lazy("Series"), category=category, endpoint="einvoice_pe_series"),
            RouteAdmin(Route, name=lazy("Establishments"), category=category, endpoint="einvoice_pe_route")]
