"""Master data of the DIAN: profile, resolutions; access for looking only."""

from __future__ import annotations

from typing import Any

from wtforms.validators import ValidationError

from core.admin import ModelView, ReadOnlyView, in_words
from core.errors import DomainError
from core.i18n import _, lazy
from modules.einvoice_co import data_step, delivery
from modules.einvoice_co.cufe import TECHNICAL_KEY
from modules.einvoice_co.models import FiscalProfile, ProviderAccess, Resolution
from modules.einvoice_co.resolution import PREFIX

PERMISSION = "einvoice_co.edit_settings"
ENVIRONMENTS = [("rehearsal", lazy("rehearsal")), ("testing", lazy("tests of the provider")),
                ("production", lazy("production"))]


class ProfileAdmin(ModelView):
    """How the company issues; one row, made with the company."""

    permission = PERMISSION
    can_create = can_delete = False
    answer = lazy("How this company issues its electronic invoices, and what stands on all of them.")
    title_columns = ("provider",)
    column_list = ("environment", "provider", "responsibilities", "credit_prefix", "debit_prefix")
    column_labels = {
        "environment": lazy("Environment"), "provider": lazy("Through whom invoices are issued"),
        "responsibilities": lazy("Responsibilities in the RUT"),
        "simple_resolution": lazy("Régimen simple: number of the resolution"),
        "credit_prefix": lazy("Prefix of credit notes"), "debit_prefix": lazy("Prefix of debit notes"),
        "means": lazy("Means of payment of invoices on credit"),
        "mailing": lazy("Who mails the documents"),
        "siigo_account_group": lazy("Account group of new products"),
        "siigo_product": lazy("Product of lines without code")}
    column_formatters = {"environment": in_words(ENVIRONMENTS), "provider": in_words(data_step.PROVIDERS)}
    # the environment changes only by the guarded step of enabling
    form_columns = ("provider", "responsibilities", "simple_resolution", "credit_prefix", "debit_prefix", "means",
                    "mailing", "siigo_account_group", "siigo_product")
    form_choices = {"provider": list(data_step.PROVIDERS), "means": list(data_step.means()),
                    "mailing": list(delivery.CHOICES)}

    def on_model_change(self, form: Any, model: FiscalProfile, is_created: bool) -> None:
        """The same rules as in enabling."""
        names = ("provider", "responsibilities", "credit_prefix", "debit_prefix", "means", "mailing")
        model.responsibilities, model.simple_resolution = model.responsibilities or "", model.simple_resolution or ""
        try:
            data_step.check({name: getattr(model, name) or "" for name in names})
        except DomainError as error:
            raise ValidationError(str(error)) from error
        if not model.siigo_product or any(char in model.siigo_product for char in " '"):
            raise ValidationError(_("To save this you must give a code without blank and apostrophe."))


class ResolutionAdmin(ModelView):
    """Numbering authorisations; the one in use is chosen under enabling."""

    permission = PERMISSION
    can_delete = can_create = False
    answer = lazy("Numbering authorisations of the DIAN. They are given and chosen under Enable electronic invoices.")
    column_list = ("environment", "number", "prefix", "first", "last", "valid_from", "valid_until", "active")
    column_labels = {
        "environment": lazy("Environment"), "number": lazy("Number of the resolution"), "date": lazy("Its date"),
        "prefix": lazy("Prefix"), "first": lazy("First number"), "last": lazy("Last number"),
        "valid_from": lazy("Valid from"), "valid_until": lazy("Valid until"),
        "technical_key": lazy("Technical key"), "active": lazy("In use")}
    column_formatters = {"environment": in_words(ENVIRONMENTS)}
    form_columns = ("number", "date", "last", "valid_from", "valid_until", "technical_key")

    def on_model_change(self, form: Any, model: Resolution, is_created: bool) -> None:
        """As the DIAN gives it."""
        model.technical_key = (model.technical_key or "").strip().lower()
        if model.technical_key and not TECHNICAL_KEY.fullmatch(model.technical_key):
            raise ValidationError(_("To save this you must give the technical key with its 40 hexadecimal digits."))
        if model.last < model.first or model.valid_until < model.valid_from or not PREFIX.fullmatch(model.prefix):
            raise ValidationError(_("To save this you must give a range and a validity that end after they begin."))


class AccessAdmin(ReadOnlyView):
    """Who lets us in; tokens and keys are never shown."""

    permission = PERMISSION
    answer = lazy("They are given and renewed under Enable electronic invoices.")
    title_columns = ("provider", "environment")
    column_list = ("environment", "provider", "address", "verified_at", "folios", "folios_at")
    column_details_list = column_list
    column_labels = {"environment": lazy("Environment"), "provider": lazy("Provider"),
                     "address": lazy("Address of the service"), "verified_at": lazy("Verified"),
                     "folios": lazy("Folios left"), "folios_at": lazy("Asked")}
    column_formatters = {"environment": in_words(ENVIRONMENTS), "provider": in_words(data_step.PROVIDERS)}


def views() -> list[Any]:
    """The admin's pages."""
    category = lazy("DIAN")
    return [ProfileAdmin(FiscalProfile, name=lazy("Fiscal profile"), category=category, endpoint="einvoice_co_profile"),
            ResolutionAdmin(Resolution, name=lazy("Numbering resolutions"), category=category,
                            endpoint="einvoice_co_resolution"),
            AccessAdmin(ProviderAccess, name=lazy("Access to the provider"), category=category,
                        endpoint="einvoice_co_access")]
