"""Rehearsal: the simulators of both providers know the company, so that nothing has to be asked of anybody."""

from __future__ import annotations

import secrets
from typing import Any

from core import clock, logs
from core.db import db
from core.models import Company
from core.scope import company_scope, current_company
from modules.einvoice import services as documents
from modules.einvoice.rehearsing import Rehearsal
from modules.einvoice_co import access
from modules.einvoice_co.endpoints import simulator_url
from modules.einvoice_co.models import FiscalProfile, ProviderAccess, Resolution
from modules.einvoice_co.parties import split_nit
from modules.einvoice_co.providers.siigo import client as siigo_client
from modules.einvoice_co.resolution import TEST_FIRST, TEST_FROM, TEST_LAST, TEST_PREFIX, TEST_UNTIL

# the authorisation and the technical key that the DIAN gives everybody for tests
NUMBER, KEY = "18760000001", "fc8eac422eba16e22ffd8c6f94b3f40a6e38162c"
SINCE, UNTIL = TEST_FROM, TEST_UNTIL
# what people call the providers
NAMES = {"hka": "The Factory HKA", "siigo": "Siigo"}

log = logs.get(__name__)


def enable_rehearsal(company: Company | None = None) -> None:
    """Give the company access to the simulator of its provider, and the resolution of tests. Repeatable; commits."""
    with company_scope(company or current_company()):
        profile, found = access.profile(), test_resolution("rehearsal")
        provider, nit, body = profile.provider, split_nit(current_company().tax_id, "")[0], _body(profile, found)
        user, password = _secrets(provider)
        db.session.commit()
        if provider == "hka":
            _post("hka", {"tokenEmpresa": user, "tokenPassword": password, "nit": nit, **body})
        else:
            _post("siigo", {"username": user, "access_key": password, "nit": nit, "per_minute": access.WITHOUT_LIMIT})
            siigo_client.forget()
            choose(access.profile(), access.siigo("rehearsal").catalogs())
            db.session.commit()
        log.info("co_rehearsal_enabled", company=nit, provider=provider)


def test_resolution(environment: str) -> Resolution:
    """The resolution of tests, in use; the company's sequence begins with its range."""
    found = access.resolution(environment)
    if found is None:
        found = Resolution(environment=environment, number=NUMBER, date=SINCE, prefix=TEST_PREFIX, first=TEST_FIRST,
                           last=TEST_LAST, valid_from=SINCE, valid_until=UNTIL, technical_key=KEY, active=True)
        db.session.add(found)
        db.session.flush()
    begin(environment, found)
    return found


def begin(environment: str, found: Resolution) -> None:
    """The next invoice has the range's first number at least."""
    place = (environment, found.prefix, "01")
    documents.advance(documents.ensure_sequences("CO", {place})[place], found.first - 1, None)


def _body(profile: FiscalProfile, found: Resolution) -> dict[str, Any]:
    """The ranges that the provider's portal would hold."""
    own = {"prefix": found.prefix, "first": found.first, "last": found.last,
           "valid_from": found.valid_from.isoformat(), "valid_until": found.valid_until.isoformat(),
           "technical_key": found.technical_key or KEY}
    notes = [{"prefix": prefix, "first": 1} for prefix in (profile.credit_prefix, profile.debit_prefix)]
    return {"ranges": [own, *notes]}


def _secrets(provider: str) -> tuple[str, str]:
    """The access to the simulator; made once."""
    found = access.stored("rehearsal", provider)
    if found is None:
        user = secrets.token_hex(20) if provider == "hka" else f"api{secrets.token_hex(6)}@isp.example"
        found = ProviderAccess(environment="rehearsal", provider=provider, user=user, password=secrets.token_hex(20))
        db.session.add(found)
        db.session.flush()
    return found.user, found.password


def choose(profile: FiscalProfile, catalogs: dict[str, list[dict[str, Any]]]) -> None:
    """Keep Siigo's catalogs, and choose what is still there or the first that fits."""
    profile.siigo_catalogs, profile.siigo_catalogs_at = catalogs, clock.now()
    electronic = [one["id"] for one in catalogs["document_types_FV"] if one.get("electronic_type") != "NoElectronic"]
    notes = [one["id"] for one in catalogs["document_types_NC"] if one.get("electronic_type") != "NoElectronic"]
    sellers = [one["id"] for one in catalogs["users"] if one.get("active", True)]
    profile.siigo_document = _kept(profile.siigo_document, electronic)
    profile.siigo_credit_note = _kept(profile.siigo_credit_note, notes)
    profile.siigo_seller = _kept(profile.siigo_seller, sellers)
    profile.siigo_payment = _kept(profile.siigo_payment, [one["id"] for one in catalogs["payment_types_FV"]],
                                  default=None)
    if profile.siigo_account_group is None and current_company().is_rehearsal:
        profile.siigo_account_group = 1253
    db.session.flush()


def _kept(chosen: int | None, known: list[int], **options: Any) -> int | None:
    if chosen in known:
        return chosen
    default = known[0] if known else None
    return options.get("default", default)


def _post(provider: str, body: dict[str, Any]) -> None:
    Rehearsal(NAMES[provider], provider, simulator_url(provider)).tell("company", body)
