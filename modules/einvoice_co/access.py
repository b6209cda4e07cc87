"""A company's way to its provider: profile, environment, access, resolution, clients."""

from __future__ import annotations

import sqlalchemy as sa

from core.db import db, only
from core.i18n import _
from core.models import Company
from core.scope import current_company
from modules.einvoice_co import endpoints
from modules.einvoice_co.errors import NotEnabled
from modules.einvoice_co.models import FiscalProfile, ProviderAccess, Resolution
from modules.einvoice_co.providers.hka.client import Hka, Tokens
from modules.einvoice_co.providers.siigo.client import PER_MINUTE, PER_MINUTE_IN_TESTS, Access, Siigo

# the simulator limits nobody who rehearses a month
WITHOUT_LIMIT = 100_000


def profile() -> FiscalProfile:
    """The fiscal profile of the company in scope; made when it is first asked for."""
    return only(FiscalProfile)


def environment(company: Company | None = None) -> str:
    """Where the company's documents go: rehearsal while the company rehearses, else what the profile says."""
    return "rehearsal" if (company or current_company()).is_rehearsal else profile().environment


def stored(wanted: str, provider: str) -> ProviderAccess | None:
    """The access that was given for an environment."""
    return db.session.scalar(sa.select(ProviderAccess).where(ProviderAccess.environment == wanted,
                                                             ProviderAccess.provider == provider))


def needed(wanted: str, provider: str) -> ProviderAccess:
    """The access; NotEnabled without one."""
    found = stored(wanted, provider)
    if found is None:
        raise NotEnabled(_("To issue electronic invoices you must first enable them: abona einvoice enable CO, or "
                           "Electronic invoices > Enable. There is no access to the provider yet."))
    return found


def resolution(wanted: str) -> Resolution | None:
    """The resolution in use in an environment."""
    return db.session.scalar(sa.select(Resolution).where(Resolution.environment == wanted, Resolution.active))


def hka(wanted: str) -> Hka:
    """The Factory HKA with the company's tokens; nothing of it touches the database."""
    found = needed(wanted, "hka")
    return Hka(endpoints.emission(wanted, found.address), Tokens(found.user, found.password),
               endpoints.attachments(wanted, found.attachments_address))


def siigo(wanted: str) -> Siigo:
    """Siigo with the company's access; nothing of it touches the database."""
    found = needed(wanted, "siigo")
    limits = {"rehearsal": WITHOUT_LIMIT, "testing": PER_MINUTE_IN_TESTS}
    return Siigo(endpoints.siigo(wanted, found.address), Access(found.user, found.password),
                 limits.get(wanted, PER_MINUTE))
