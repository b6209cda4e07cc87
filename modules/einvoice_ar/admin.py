"""Master data of ARCA: profile, points of sale, thresholds; certificates for looking only."""

from __future__ import annotations

from typing import Any

from core.admin import ModelView, ReadOnlyView
from core.i18n import lazy
from modules.einvoice_ar.models import Certificate, FiscalProfile, PointOfSale, ServiceAddress, Threshold

PERMISSION = "einvoice_ar.edit_settings"


class ProfileAdmin(ModelView):
    permission = PERMISSION
    can_create = False
    can_delete = False
    column_list = ("environment", "point_of_sale", "concept", "gross_income_number", "activity_start")
    # the environment changes only by the guarded step of enabling
    form_columns = ("point_of_sale", "concept", "gross_income_number", "activity_start", "restricted_a", "cbu")


class PointOfSaleAdmin(ModelView):
    permission = PERMISSION
    can_delete = False
    column_list = ("environment", "number", "kind", "blocked", "closed_on", "read_at")
    form_columns = ("environment", "number", "kind", "blocked", "closed_on")


class ThresholdAdmin(ModelView):
    permission = PERMISSION
    column_list = ("code", "valid_from", "amount")
    form_columns = ("code", "valid_from", "amount")


class AddressAdmin(ModelView):
    permission = PERMISSION
    column_list = ("environment", "service", "url")
    form_columns = ("environment", "service", "url")


class CertificateAdmin(ReadOnlyView):
    permission = PERMISSION
    column_list = ("environment", "alias", "cuit", "issuer", "valid_from", "valid_until", "active")


def views() -> list[Any]:
    """The admin's pages."""
    category = lazy("ARCA")
    return [ProfileAdmin(FiscalProfile, name=lazy("Fiscal profile"), category=category),
            PointOfSaleAdmin(PointOfSale, name=lazy("Points of sale"), category=category),
            ThresholdAdmin(Threshold, name=lazy("Thresholds"), category=category),
            AddressAdmin(ServiceAddress, name=lazy("Addresses of the services"), category=category),
            CertificateAdmin(Certificate, name=lazy("Certificates"), category=category)]
