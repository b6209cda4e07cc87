"""Mercado Pago as the screens know it: settings, what staff do in its panel, the test of the keys."""

from __future__ import annotations

import re
from typing import Any

from core.i18n import _, lazy
from modules.gateways.access import PRODUCTION, REHEARSAL, TESTING, Access, Setting
from modules.gateways.errors import BadSetting
from modules.gateways.ports import Provider
from modules.gateways.providers.mercadopago.client import MercadoPago, forget
from modules.gateways.providers.mercadopago.simulator.accounts import default_number, keys_of
from modules.gateways.providers.mercadopago.sites import BY_COUNTRY, SITES, Site, need_site
from modules.gateways.providers.mercadopago.words import REASONS

KINDS = {"credit_card": lazy("credit card"), "debit_card": lazy("debit card"), "ticket": lazy("cash ticket"),
         "atm": lazy("cash machine"), "bank_transfer": lazy("bank transfer"), "prepaid_card": lazy("prepaid card")}


def _token(value: Any) -> str:
    good = re.fullmatch(r"(APP_USR|TEST)-[0-9A-Za-z_-]{10,200}", str(value))
    return "" if good else str(_("An access token begins with APP_USR- or TEST-; the public key is another thing."))


def _secret(value: Any) -> str:
    good = re.fullmatch(r"[!-~]{16,200}", str(value))
    return "" if good else str(_("The secret of the notices is shown in the panel under Webhooks, at least 16 signs "
                                 "long."))


def _types(value: Any) -> str:
    found = value.split() if isinstance(value, str) else list(value or ())
    wrong = [str(one) for one in found if one not in KINDS]
    return str(_("%(found)s is not known; known: %(known)s.", found=", ".join(wrong), known=", ".join(KINDS))) \
        if wrong else ""


def _installments(value: Any) -> str:
    return "" if re.fullmatch(r"[1-9]|[12][0-9]|3[0-6]", str(value)) else str(_("Instalments are a number from 1 to "
                                                                                "36."))


def _seconds(value: Any) -> str:
    good = re.fullmatch(r"[0-9]{2,7}", str(value)) and int(value) >= 60
    return "" if good else str(_("This is a number of seconds, at least 60."))


def _email(value: Any) -> str:
    return "" if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(value)) else str(_("This is no e-mail address."))


def test(access: Access) -> str:
    """Who the token belongs to, and what it can collect by. BadSetting where country or environment do not match."""
    site, token = need_site(access), str(access.need("access_token", _("access token")))
    if access.country and BY_COUNTRY.get(access.country) is not site:
        raise BadSetting(_("The company is in %(company)s, and the account in %(account)s: invoices and payments would "
                           "have different currencies.", company=access.country, account=site.title), field="site")
    _environment(access, token)
    forget()
    service = MercadoPago(access)
    me = service.me()
    _belongs(access, me, site, token)
    offered = ", ".join(str(one.get("name")) for one in service.methods() if one.get("status") == "active")
    return _("Mercado Pago knows this account: %(name)s (%(number)s), %(country)s. It can be paid by: %(methods)s.",
             name=me.get("nickname") or me.get("email") or "-", number=me.get("id"), country=site.title,
             methods=offered or "-")


def _environment(access: Access, token: str) -> None:
    if access.environment == PRODUCTION and token.startswith("TEST-"):
        raise BadSetting(_("This is a token for tests (TEST-…): no money would come. Give the production token "
                           "(APP_USR-…)."), field="access_token")
    if access.environment not in (PRODUCTION, TESTING, REHEARSAL):
        raise BadSetting(_("The environment %(name)s is not known.", name=access.environment))


def _belongs(access: Access, me: dict[str, Any], site: Site, token: str) -> None:
    """The account is of this country; with real money only in production."""
    told = str(me.get("site_id") or "")
    if told != site.code:
        known = SITES.get(told)
        raise BadSetting(_("This token is of an account in %(found)s, and the settings say %(expected)s.",
                           found=known.title if known else told or "-", expected=site.title), field="access_token")
    tags = me.get("tags")
    tests = token.startswith("TEST-") or (isinstance(tags, list) and "test_user" in tags)
    if access.environment == TESTING and not tests:
        raise BadSetting(_("This token takes real money. For tests give a token TEST-… or that of a test user."),
                         field="access_token")
    if access.environment == PRODUCTION and tests:
        raise BadSetting(_("This token is of a test user: no money would come. Give the token of your own account."),
                         field="access_token")


def rehearsal(site: Site) -> dict[str, str]:
    """Settings of the account that the simulator has in a country from its start."""
    keys = keys_of(default_number(site.code))
    return {"access_token": keys["token"], "webhook_secret": keys["secret"]}


PROVIDER = Provider(
    "mercadopago", lazy("Mercado Pago"), tuple(sorted(BY_COUNTRY)),
    (
        Setting("access_token", lazy("Access token"), "secret", check=_token,
                help=lazy("APP_USR-… for real money, TEST-… for tests. It opens the account: keep it as a password.")),
        Setting("webhook_secret", lazy("Secret of the notices"), "secret", check=_secret,
                help=lazy("Shown in the panel under Webhooks when the address of the notices is saved.")),
        Setting("site", lazy("Country of the account"), "choice", required=False,
                choices={site.code: site.title for site in SITES.values()},
                help=lazy("Empty: the company's own country.")),
        Setting("excluded_types", lazy("Ways to pay that the page does not offer"), "list", required=False,
                check=_types, help=lazy("credit_card, debit_card, ticket, atm, bank_transfer, prepaid_card; one per "
                                        "line.")),
        Setting("installments", lazy("Instalments at most"), "number", required=False, check=_installments),
        Setting("binary_mode", lazy("Payments are approved or refused at once"), "flag", required=False, default=False,
                help=lazy("Without it, some card payments are reviewed for up to two working days.")),
        Setting("round_up", lazy("Round up to whole pesos"), "flag", required=False, default=False,
                help=lazy("For Chile and Colombia, where Mercado Pago takes no cents: the difference becomes the "
                          "customer's credit.")),
        Setting("payer_email", lazy("E-mail for tickets of customers who have none"), required=False, check=_email),
        Setting("statement_descriptor", lazy("Name on the card's statement"), required=False),
        Setting("tolerance_seconds", lazy("How old a notice may be, in seconds"), "number", required=False,
                default=86400, check=_seconds, help=lazy("Mercado Pago repeats notices for a day and longer.")),
    ),
    guide=(
        lazy("In Mercado Pago open “Tu negocio”, “Configuración”, “Gestión y administración”, “Credenciales”, or "
             "“Tus integraciones” on the developers' site, and create an application for “Checkout Pro”."),
        lazy("Copy the production access token (APP_USR-…) into the settings here; for tests the one of a test user."),
        lazy("Under “Webhooks”, “Configurar notificaciones”, enter the address that is shown here for this account, "
             "and tick Pagos, Órdenes comerciales, Contracargos and Reclamos."),
        lazy("Copy the secret that appears there (“Clave secreta”) into the settings here, and press “Simular”: the "
             "notice must appear in the inbox."),
        lazy("Under “Reportes”, choose for “Todas las transacciones” and “Liberaciones” the columns that the README "
             "of this gateway lists, and CSV as the format."),
        lazy("Ask Mercado Pago in writing for the fees and the days until the money can be used, by kind of payment."),
    ),
    currencies=tuple(sorted(site.currency for site in SITES.values())), method="Mercado Pago", test=test,
    # why a payment was refused, in words for the payer; settings of the simulator's accounts by country
    extra={"reasons": REASONS, "rehearsal": {site.country: rehearsal(site) for site in SITES.values()}})
