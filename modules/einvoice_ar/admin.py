"""Master data of ARCA: profile, points of sale, the law's amounts, addresses; certificates for looking only."""

from __future__ import annotations

import re
from typing import Any

from wtforms.validators import ValidationError

from core.admin import ModelView, ReadOnlyView, in_words
from core.i18n import _, lazy
from modules.einvoice_ar.models import (
    CatalogEntry,
    Certificate,
    CustomerPerception,
    FiscalProfile,
    Perception,
    PointOfSale,
    ServiceAddress,
    Threshold,
)
from modules.einvoice_ar.perceptions_admin import CustomerPerceptionAdmin, PerceptionAdmin

PERMISSION = "einvoice_ar.edit_settings"
ENVIRONMENTS = [("rehearsal", lazy("rehearsal")), ("testing", lazy("ARCA's testing service")),
                ("production", lazy("production"))]
CONCEPTS = [("1", lazy("1: products")), ("2", lazy("2: services")), ("3", lazy("3: products and services"))]
TRANSFERS = [("SCA", lazy("SCA: by the open circulation system")), ("ADC", lazy("ADC: by a depository agent"))]
AMOUNTS = [("identify", lazy("Final consumers are identified from this total on")),
           ("fce", lazy("Large companies get credit invoices (FCE) from this total on"))]
SERVICES = [("wsaa", lazy("login (WSAA)")), ("wsfe", lazy("invoices (WSFEv1)")), ("register", lazy("register"))]


class ProfileAdmin(ModelView):
    """How the company issues; one row, made with the company."""

    permission = PERMISSION
    can_create = can_delete = False
    answer = lazy("How this company issues its electronic invoices, and what stands on all of them.")
    column_list = ("environment", "point_of_sale", "concept", "gross_income_number", "activity_start",
                   "credit_invoices")
    column_labels = {
        "environment": lazy("Environment"), "point_of_sale": lazy("Point of sale"), "concept": lazy("Usual concept"),
        "gross_income_number": lazy("Gross income tax number (IIBB)"), "activity_start": lazy("Start of activities"),
        "restricted_a": lazy("Class A with the legend of withholding"),
        "credit_invoices": lazy("Issue credit invoices (FCE MiPyME)"), "cbu": lazy("CBU of credit invoices"),
        "transfer": lazy("How credit invoices circulate"), "qr_host": lazy("Address of the QR")}
    column_descriptions = {
        "point_of_sale": lazy("Of new documents. What waits on another one moves here when you let it go on."),
        "concept": lazy("With 2, an invoice with goods is sent as 3 by itself."),
        "restricted_a": lazy("Only where ARCA does not let you issue plain A (types 51 to 53)."),
        "credit_invoices": lazy("For customers that are marked for it, from the law's amount on. Ask your accountant."),
        "cbu": lazy("22 digits, registered at ARCA."),
        "qr_host": lazy("Empty: ARCA's present one. It changes by notice.")}
    column_formatters = {"environment": in_words(ENVIRONMENTS), "concept": in_words(CONCEPTS)}
    # the environment changes only by the guarded step of enabling
    form_columns = ("point_of_sale", "concept", "gross_income_number", "activity_start", "restricted_a",
                    "credit_invoices", "cbu", "transfer", "qr_host")
    form_choices = {"concept": CONCEPTS, "transfer": TRANSFERS}

    def on_model_change(self, form: Any, model: FiscalProfile, is_created: bool) -> None:
        """Credit invoices need the account that they are paid to."""
        model.concept, model.cbu = int(model.concept or 2), re.sub(r"\D", "", model.cbu or "")
        model.gross_income_number, model.qr_host = model.gross_income_number or "", model.qr_host or ""
        if not 1 <= (model.point_of_sale or 0) <= 99998:
            raise ValidationError(_("To save this you must give a point of sale from 1 to 99998."))
        if (model.credit_invoices or model.cbu) and len(model.cbu) != 22:
            raise ValidationError(_("To issue credit invoices you must give the CBU with its 22 digits."))
        if model.qr_host and not model.qr_host.startswith("https://"):
            raise ValidationError(_("To save this you must give an address that begins with https://."))


class PointOfSaleAdmin(ModelView):
    """As ARCA lists them; typed where its testing service lists none."""

    permission = PERMISSION
    can_delete = False
    answer = lazy("As ARCA lists them. A closed number is never used again; each program needs one of its own.")
    help_text = lazy("They are read from ARCA while enabling electronic invoices.")
    column_list = ("environment", "number", "kind", "blocked", "closed_on", "read_at")
    column_labels = {"environment": lazy("Environment"), "number": lazy("Number"), "kind": lazy("Kind at ARCA"),
                     "blocked": lazy("Blocked"), "closed_on": lazy("Closed on"), "read_at": lazy("Read from ARCA")}
    column_formatters = {"environment": in_words(ENVIRONMENTS)}
    form_columns = ("environment", "number", "kind", "blocked", "closed_on")
    form_choices = {"environment": ENVIRONMENTS}


class ThresholdAdmin(ModelView):
    """Amounts of the law; the one in force on a document's day counts."""

    permission = PERMISSION
    answer = lazy("Amounts in pesos that the law moves. Add a row when a new one is published: it holds from its day.")
    title_columns = ("code", "valid_from")
    column_list = ("code", "valid_from", "amount")
    column_default_sort = [("code", False), ("valid_from", True)]
    column_labels = {"code": lazy("What for"), "valid_from": lazy("Valid from"), "amount": lazy("Amount in pesos")}
    column_formatters = {"code": in_words(AMOUNTS)}
    form_columns = ("code", "valid_from", "amount")
    form_choices = {"code": AMOUNTS}


class AddressAdmin(ModelView):
    """Where a service of ARCA is, when it has moved."""

    permission = PERMISSION
    answer = lazy("Only where ARCA has moved a service: without a row the known address is used.")
    help_text = lazy("ARCA renames its hosts now and then. Write the new address here, and it is used at once.")
    title_columns = ("service", "environment")
    column_list = ("environment", "service", "url")
    column_labels = {"environment": lazy("Environment"), "service": lazy("Service"), "url": lazy("Address")}
    column_formatters = {"environment": in_words(ENVIRONMENTS), "service": in_words(SERVICES)}
    form_columns = ("environment", "service", "url")
    form_choices = {"environment": ENVIRONMENTS[1:], "service": SERVICES}

    def on_model_change(self, form: Any, model: ServiceAddress, is_created: bool) -> None:
        """Tickets and keys do not travel in the clear."""
        if not (model.url or "").startswith("https://"):
            raise ValidationError(_("To save this you must give an address that begins with https://."))


class CatalogAdmin(ReadOnlyView):
    """ARCA's lists as it gave them."""

    permission = PERMISSION
    answer = lazy("ARCA's lists of codes as it gave them to this company; they are read once a month.")
    help_text = lazy("They are read for the first time when the company leaves the rehearsal.")
    column_list = ("catalog", "code", "text", "valid_from", "valid_until", "read_at")
    column_labels = {"catalog": lazy("List"), "code": lazy("Code"), "text": lazy("Text"),
                     "valid_from": lazy("Valid from"), "valid_until": lazy("Valid until"),
                     "read_at": lazy("Read from ARCA")}
    column_searchable_list = ("catalog", "code", "text")
    column_default_sort = [("catalog", False), ("code", False)]


class CertificateAdmin(ReadOnlyView):
    """Certificates and their dates; keys are never shown."""

    permission = PERMISSION
    answer = lazy("They are made and renewed under Enable electronic invoices.")
    title_columns = ("alias", "environment")
    column_list = ("environment", "alias", "cuit", "issuer", "valid_from", "valid_until", "active")
    column_details_list = (*column_list, "csr", "pem")
    column_labels = {"environment": lazy("Environment"), "alias": lazy("Alias"), "cuit": "CUIT",
                     "issuer": lazy("Issued by"), "valid_from": lazy("Valid from"), "valid_until": lazy("Valid until"),
                     "active": lazy("In use"), "csr": lazy("Request"), "pem": lazy("Certificate")}
    column_formatters = {"environment": in_words(ENVIRONMENTS)}


def views() -> list[Any]:
    """The admin's pages."""
    category = lazy("ARCA")
    return [ProfileAdmin(FiscalProfile, name=lazy("Fiscal profile"), category=category),
            PointOfSaleAdmin(PointOfSale, name=lazy("Points of sale"), category=category),
            ThresholdAdmin(Threshold, name=lazy("The law's amounts"), category=category),
            PerceptionAdmin(Perception, name=lazy("Perceptions"), category=category),
            CustomerPerceptionAdmin(CustomerPerception, name=lazy("Perceptions of customers"), category=category),
            AddressAdmin(ServiceAddress, name=lazy("Addresses of the services"), category=category),
            CatalogAdmin(CatalogEntry, name=lazy("Lists of codes"), category=category),
            CertificateAdmin(Certificate, name=lazy("Certificates"), category=category)]
