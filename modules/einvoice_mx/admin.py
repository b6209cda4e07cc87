"""Master data of Mexico: fiscal profile, what customers have of their own; digital seals for looking only."""

from __future__ import annotations

from typing import Any

from wtforms.validators import ValidationError

from core import clock
from core.admin import ModelView, ReadOnlyView, in_words
from core.i18n import _, lazy
from core.scope import current_company
from modules.einvoice_mx import catalogs, periods
from modules.einvoice_mx.global_invoice import BIMONTHLY, INCORPORATION
from modules.einvoice_mx.models import Certificate, CustomerProfile, FiscalProfile

PERMISSION = "einvoice_mx.edit_settings"
ENVIRONMENTS = [("rehearsal", lazy("rehearsal")), ("testing", lazy("the demonstration service of the PAC")),
                ("production", lazy("production"))]
METHODS = [(code, f"{code} {name}") for code, name in catalogs.methods().items()]
FORMS = [(code, f"{code} {form.name}") for code, form in catalogs.forms().items() if code != "99"]
# sales in one document
LARGEST_GLOBAL = 5000
USES = [(code, f"{code} {use.name}") for code, use in catalogs.uses().items() if code not in ("CP01", "CN01")]


def _check_place(code: str | None) -> None:
    if code and code not in catalogs.official("c_CodigoPostal"):
        raise ValidationError(_("To save this you must give a postal code that the SAT has, like 42501."))


class ProfileAdmin(ModelView):
    """How the company issues; one row, made with the company."""

    permission = PERMISSION
    can_create = can_delete = False
    answer = lazy("How this company issues its CFDI, and what stands on all of them.")
    column_list = ("environment", "legal_name", "place", "series", "credit_series", "method")
    column_labels = {
        "environment": lazy("Environment"), "legal_name": lazy("Name as registered at the SAT"),
        "place": lazy("Postal code of the place of issue"), "series": lazy("Series of invoices"),
        "credit_series": lazy("Series of credit notes"), "payment_series": lazy("Series of receipts of payment"),
        "global_period": lazy("Sales to who has no RFC"), "global_series": lazy("Series of global invoices"),
        "global_size": lazy("Sales in one global invoice at most"),
        "method": lazy("When invoices are paid"),
        "form": lazy("How invoices are paid that are paid at once"), "border_region": lazy("IVA of 8 %: border region"),
        "stamps_bought": lazy("Timbres left at the PAC today")}
    column_formatters = {"environment": in_words(ENVIRONMENTS)}
    column_descriptions = {
        "global_period": lazy("Of sales from now on. Each one of a global invoice gets a plain receipt with our own "
                              "number; ask your accountant which period."),
        "border_region": lazy("Only where the company is registered in the stimulus. Ask your accountant."),
        "stamps_bought": lazy("As the PAC's site shows it; it is counted down from here, and told when few are left.")}
    # the environment changes only by the guarded step of enabling
    form_columns = ("legal_name", "place", "series", "credit_series", "payment_series", "global_period",
                    "global_series", "global_size", "method", "form", "border_region", "stamps_bought")
    form_choices = {"method": METHODS, "form": FORMS, "global_period": list(periods.WORDS.items())}

    def on_model_change(self, form: Any, model: FiscalProfile, is_created: bool) -> None:
        """What the SAT compares letter by letter, and series that are told apart."""
        model.legal_name, model.place = (model.legal_name or "").strip().upper(), (model.place or "").strip()
        _check_place(model.place)
        for name in ("series", "credit_series", "payment_series", "global_series"):
            value = (getattr(model, name) or "").strip().upper()
            if not value.isalnum():
                raise ValidationError(_("To save this you must give a series of letters and digits, like A."))
            setattr(model, name, value)
        if model.series == model.credit_series:
            raise ValidationError(_("To save this you must give credit notes a series of their own."))
        _check_global(model)
        model.stamps_counted_at = clock.now() if model.stamps_bought is not None else None


def _check_global(model: FiscalProfile) -> None:
    """What global invoices need: a series of their own, a size that the PAC takes, two months for regime 621 only."""
    model.global_period = model.global_period or ""
    if model.global_series in (model.series, model.credit_series, model.payment_series):
        raise ValidationError(_("To save this you must give global invoices a series of their own."))
    if not 1 <= (model.global_size or 0) <= LARGEST_GLOBAL:
        raise ValidationError(_("To save this you must give the sales in one global invoice as a number from 1 to "
                                "%(most)s.", most=LARGEST_GLOBAL))
    if model.global_period == BIMONTHLY and current_company().tax_condition != INCORPORATION:
        raise ValidationError(_("To gather two months the company must have the regime %(regime)s; choose a month.",
                                regime=INCORPORATION))


class CustomerProfileAdmin(ModelView):
    """What stands on a customer's tax certificate beside RFC and regime."""

    permission = PERMISSION
    answer = lazy("What the tax certificate of a customer says, and how he is invoiced.")
    column_list = ("customer", "legal_name", "postal_code", "use", "method")
    column_labels = {
        "customer": lazy("Customer"), "legal_name": lazy("Name as registered at the SAT"),
        "postal_code": lazy("Postal code of the fiscal address"), "use": lazy("Use of the CFDI"),
        "method": lazy("When invoices are paid"), "form": lazy("How invoices are paid that are paid at once")}
    form_columns = ("customer", "legal_name", "postal_code", "use", "method", "form")
    form_choices = {"use": [("", "—"), *USES], "method": [("", "—"), *METHODS], "form": [("", "—"), *FORMS]}

    def on_model_change(self, form: Any, model: CustomerProfile, is_created: bool) -> None:
        """Empty means the usual one."""
        model.legal_name = (model.legal_name or "").strip().upper()
        model.postal_code = (model.postal_code or "").strip()
        model.use, model.method, model.form = model.use or "", model.method or "", model.form or ""
        _check_place(model.postal_code)


class CertificateAdmin(ReadOnlyView):
    """Digital seals, without their keys."""

    permission = PERMISSION
    answer = lazy("The digital seals that this company has; a new one is installed under Enable electronic invoices.")
    title_columns = ("number", "environment")
    column_list = ("number", "rfc", "name", "environment", "valid_until", "active")
    column_labels = {"number": lazy("Number"), "rfc": "RFC", "name": lazy("Issued to"),
                     "environment": lazy("Environment"), "valid_until": lazy("Valid until"), "active": lazy("In use")}
    column_formatters = {"environment": in_words(ENVIRONMENTS)}
    column_details_list = column_list


def views() -> list[Any]:
    """The admin's pages of this module."""
    category = lazy("CFDI")
    return [ProfileAdmin(FiscalProfile, name=lazy("Fiscal profile"), category=category),
            CustomerProfileAdmin(CustomerProfile, name=lazy("Customers at the SAT"), category=category),
            CertificateAdmin(Certificate, name=lazy("Digital seals (CSD)"), category=category)]
