"""Master data of the SRI: profile, points of emission; certificates for looking only."""

from __future__ import annotations

from typing import Any

from wtforms.validators import ValidationError

from core.admin import ModelView, ReadOnlyView, in_words
from core.errors import DomainError
from core.i18n import _, lazy
from modules.einvoice_ec import catalogs, data_step
from modules.einvoice_ec.emisor import SERIES
from modules.einvoice_ec.models import Certificate, EmissionPoint, FiscalProfile

PERMISSION = "einvoice_ec.edit_settings"
ENVIRONMENTS = [("rehearsal", lazy("rehearsal")), ("testing", lazy("pruebas")), ("production", lazy("producción"))]
USES = [("rehearsal", lazy("rehearsal")), ("sri", lazy("pruebas and producción"))]
METHODS = [("rsa-sha1", "rsa-sha1"), ("rsa-sha256", "rsa-sha256")]
DIGESTS = [("sha1", "SHA-1"), ("sha256", "SHA-256")]


class ProfileAdmin(ModelView):
    """How the company issues; one row, made with the company."""

    permission = PERMISSION
    can_create = can_delete = False
    answer = lazy("How this company issues its electronic vouchers, and what stands on all of them.")
    column_list = ("environment", "series", "obligado_contabilidad", "rimpe", "forma_pago")
    column_labels = {
        "environment": lazy("Environment"), "series": lazy("Establishment and point of emission"),
        "dir_matriz": lazy("Address of the head office, as in the RUC"),
        "obligado_contabilidad": lazy("Must it keep accounts?"),
        "contribuyente_especial": lazy("Contribuyente especial: resolution"),
        "agente_retencion": lazy("Agente de retención: number of the resolution"),
        "gran_contribuyente": lazy("Gran contribuyente: resolution"), "rimpe": lazy("Regime"),
        "rimpe_until": lazy("Last day of the regime"), "ruc_proveedor": lazy("RUC of the system's provider"),
        "forma_pago": lazy("Means of payment that facturas say"), "signature_method": lazy("Signature"),
        "digest": lazy("Digests of the signature")}
    column_descriptions = {
        "series": lazy("Of new documents. What waits on another one moves here when you let it go on."),
        "rimpe_until": lazy("RIMPE ends after three years; from the next day on the legend is left out."),
        "ruc_proveedor": lazy("Only where a firm hosts this system for you."),
        "signature_method": lazy("The SRI's texts ask for rsa-sha1. Change it only when the SRI says so.")}
    column_formatters = {"environment": in_words(ENVIRONMENTS), "rimpe": in_words(data_step.REGIMES)}
    # the environment changes only by the guarded step of enabling
    form_columns = ("series", "dir_matriz", "obligado_contabilidad", "contribuyente_especial", "agente_retencion",
                    "gran_contribuyente", "rimpe", "rimpe_until", "ruc_proveedor", "forma_pago", "signature_method",
                    "digest")
    form_choices = {"rimpe": list(data_step.REGIMES), "forma_pago": list(catalogs.means_of_payment().items()),
                    "signature_method": METHODS, "digest": DIGESTS}

    def on_model_change(self, form: Any, model: FiscalProfile, is_created: bool) -> None:
        """The same rules as in enabling."""
        names = ("dir_matriz", "contribuyente_especial", "agente_retencion", "gran_contribuyente", "rimpe",
                 "ruc_proveedor")
        for name in names:
            setattr(model, name, getattr(model, name) or "")
        try:
            data_step.check({name: getattr(model, name) for name in names})
        except DomainError as error:
            raise ValidationError(str(error)) from error
        _check_series(model.series)


class PointAdmin(ModelView):
    """Points of emission; the SRI keeps no list of them."""

    permission = PERMISSION
    can_delete = False
    answer = lazy("Points of emission of this company. Each program needs one of its own.")
    column_list = ("series", "address", "closed")
    column_labels = {"series": lazy("Establishment and point of emission"),
                     "address": lazy("Address of the establishment, as in the RUC"), "closed": lazy("Closed")}
    form_columns = ("series", "address", "closed")

    def on_model_change(self, form: Any, model: EmissionPoint, is_created: bool) -> None:
        model.address = model.address or ""
        _check_series(model.series)


def _check_series(series: str | None) -> None:
    if not SERIES.fullmatch(series or "") or "-" not in (series or ""):
        raise ValidationError(_("To save this you must give establishment and point of emission like 001-003."))


class CertificateAdmin(ReadOnlyView):
    """Certificates and their dates; files and passwords are never shown."""

    permission = PERMISSION
    answer = lazy("They are given and renewed under Enable electronic invoices.")
    column_list = ("use", "holder", "ruc", "issuer", "valid_from", "valid_until", "active")
    column_details_list = (*column_list, "serial_number")
    column_labels = {"use": lazy("Used for"), "holder": lazy("Holder"), "ruc": "RUC", "issuer": lazy("Issued by"),
                     "valid_from": lazy("Valid from"), "valid_until": lazy("Valid until"), "active": lazy("In use"),
                     "serial_number": lazy("Serial number")}
    column_formatters = {"use": in_words(USES)}


def views() -> list[Any]:
    """The admin's pages."""
    category = lazy("SRI")
    return [ProfileAdmin(FiscalProfile, name=lazy("Fiscal profile"), category=category),
            PointAdmin(EmissionPoint, name=lazy("Points of emission"), category=category),
            CertificateAdmin(Certificate, name=lazy("Certificates"), category=category)]
