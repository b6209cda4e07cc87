"""What SIRO is, what an account at it needs, and how it is proved."""

from __future__ import annotations

import re
from typing import Any

from stdnum.ar import cuit

from core import clock
from core.i18n import _, lazy
from modules.gateways.access import Access, Setting
from modules.gateways.ports import Provider
from modules.gateways.providers.siro.client import Siro


def _ten_digits(value: Any) -> str:
    return "" if re.fullmatch("[0-9]{10}", str(value)) else _("The convenio has ten digits.")


def _cuit(value: Any) -> str:
    return "" if cuit.is_valid(str(value)) else _("This is no valid CUIT.")


SETTINGS = (
    Setting("convenio", lazy("Convenio"), help=lazy("Ten digits; the bank gives it when the service is opened."),
            check=_ten_digits),
    Setting("cuit_administrador", lazy("Administrator's CUIT"), check=_cuit),
    Setting("ente", lazy("Name on tickets"), help=lazy("At most 15 letters and digits.")),
    Setting("usuario", lazy("User of the API"), required=False, help=lazy("Mostly the CUIT.")),
    Setting("password", lazy("Password of the API"), "secret", required=False),
    Setting("formato", lazy("Debt file"), "choice", default="full", choices={
        "full": lazy("full: all channels"), "link": lazy("link: Red Link's layout")}),
    Setting("formato_barra", lazy("Bar code of slips"), "choice", default="0447", choices={
        "0447": lazy("0447: amounts up to 99999.99"), "0444": lazy("0444: amounts up to 99999.99"),
        "0449": lazy("0449: amounts up to 999999.99"),
        "0448": lazy("0448: customers of 15 digits, two due dates")}),
    Setting("rendicion", lazy("Rendition"), "choice", default="auto", choices={
        "auto": lazy("by the length of its lines"), "extended": lazy("extended, 226 characters"),
        "unified": lazy("unified, 476 characters"), "alternate": lazy("alternate, 99 characters")}),
)


def test(access: Access) -> str:
    """Log in and ask for today's list: that proves user, administrator and convenio."""
    found = Siro(access).listing(access.day(clock.now()))
    return _("SIRO knows this user, and convenio %(convenio)s can be read (%(count)s payments processed today).",
             convenio=access.need("convenio"), count=len(found))


PROVIDER = Provider(
    "siro", lazy("SIRO (Banco Roela)"), ("AR",), SETTINGS, (
        lazy("Ask Banco Roela for a convenio, and for user and password of the API of SIRO."),
        lazy("Ask in which format they send the rendition: unified is the best, it numbers every payment."),
        lazy("Choose customer codes of at most nine digits and keep them for life: home banking remembers them."),
        lazy("Files confirmed before 14:00 of a business day can be paid the next day everywhere."),
    ), ("ARS",), "SIRO", test, extra={"day_list": True, "several_names": True, "rehearsal": {"AR": {
        "convenio": "5150058293", "cuit_administrador": "30-52276392-2", "ente": "Andina",
        "usuario": "UsuarioTestSiro", "password": "Hola123"}}})
