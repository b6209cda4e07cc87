"""What the screens know of Mercado Pago: settings, and the test of the keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import Rejected, Unavailable
from modules.gateways import ports
from modules.gateways.access import PRODUCTION, TESTING, Access
from modules.gateways.errors import BadSetting
from modules.gateways.providers.mercadopago import entry
from modules.gateways.providers.mercadopago.about import PROVIDER
from modules.gateways.providers.mercadopago.simulator.accounts import default_number, keys_of
from modules.gateways.providers.mercadopago.sites import BY_COUNTRY
from tests.modules.gateways.mercadopago.conftest import Site

pytestmark = pytest.mark.once
Make = Callable[..., Access]


def proved(access: Access, **changes: Any) -> str:
    assert PROVIDER.test is not None
    return PROVIDER.test(dataclasses.replace(access, **changes))


def test_it_is_plugged_in_where_the_reference_says() -> None:
    assert entry.PROVIDER is ports.providers.get("mercadopago")
    kinds = (ports.checkouts, ports.webhooks, ports.polls, ports.refunds, ports.statements,
             ports.payment_files)
    assert all("mercadopago" in kind for kind in kinds)
    assert PROVIDER.countries == ("AR", "BR", "CL", "CO", "MX", "PE", "UY", "VE") and len(PROVIDER.method) <= 20


@pytest.mark.parametrize("country", PROVIDER.countries)
def test_the_test_says_whose_the_account_is_and_how_it_can_be_paid(site: Site, account: Make, country: str) -> None:
    words = proved(account(country))
    assert "Visa" in words and ("OXXO" in words) == (country == "MX")
    assert str(default_number(BY_COUNTRY[country].code)) in words


def test_an_account_of_another_country_is_refused(site: Site, account: Make) -> None:
    uruguay = account("UY").settings["access_token"]
    with pytest.raises(BadSetting, match="Uruguay"):
        proved(account("AR", access_token=uruguay))
    with pytest.raises(BadSetting, match="currencies"):
        proved(account("AR", access_token=uruguay, site="MLU"))
    with pytest.raises(BadSetting, match="must give"):
        proved(account("AR", access_token=""))


def test_the_token_must_be_of_the_environment(site: Site, account: Make) -> None:
    live, tests = account(), account(access_token=keys_of(default_number("MLA"))["test_token"])
    assert proved(live, environment=PRODUCTION) and proved(tests, environment=TESTING) and proved(tests)
    with pytest.raises(BadSetting, match="no money would come"):
        proved(tests, environment=PRODUCTION)
    with pytest.raises(BadSetting, match="real money"):
        proved(live, environment=TESTING)


def test_a_test_user_s_token_is_for_tests(site: Site, account: Make) -> None:
    made = site.post("account", id=77, site_id="MLA", tags=["test_user"])
    user = account(access_token=made["token"])
    assert proved(user, environment=TESTING)
    with pytest.raises(BadSetting, match="test user"):
        proved(user, environment=PRODUCTION)


def test_a_wrong_token_and_a_service_that_is_away(site: Site, account: Make) -> None:
    with pytest.raises(Rejected, match="access token"):
        proved(account(access_token="APP_USR-not-a-token"))
    site.fault("error_500")
    with pytest.raises(Unavailable):
        proved(account())


@pytest.mark.parametrize(("name", "good", "bad"), [
    ("access_token", ["APP_USR-1234567890-112600-abc-1", "TEST-1234567890"],
     ["abc", "APP_USR-1 2", "PUBLIC-1234567890"]),
    ("webhook_secret", ["c0ffee00c0ffee00c0ffee00c0ffee00"], ["short", "with blank 1234567890"]),
    ("excluded_types", [["ticket", "atm"], "ticket atm", []], [["account_money"], ["cheque"]]),
    ("installments", ["1", "36"], ["0", "37", "x"]), ("tolerance_seconds", ["60", "86400"], ["5", "59", "-60", "1d"]),
    ("payer_email", ["cobros@isp.mx"], ["cobros", "a b@isp.mx"]),
])
def test_settings_are_checked_where_they_are_entered(name: str, good: list[Any], bad: list[Any]) -> None:
    setting = next(one for one in PROVIDER.settings if one.name == name)
    assert setting.check is not None
    assert [setting.check(value) for value in good] == [""] * len(good)
    assert all(setting.check(value) for value in bad)
    assert setting.is_secret == (name in ("access_token", "webhook_secret"))
