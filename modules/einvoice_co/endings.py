"""What runs out: numbers of the range, days of the resolution, folios of the provider."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from core import clock
from core.db import db
from core.i18n import _, format_date
from core.scope import current_company
from modules.einvoice.models import Document, Sequence
from modules.einvoice_co import access
from modules.einvoice_co.bridge import BY_SIIGO
from modules.einvoice_co.catalogs import INVOICE
from modules.einvoice_co.models import ProviderAccess, Resolution

PRODUCTION, STEP = "production", "production.numbering"
# days before its end from which a resolution is told, and from which it is urgent
TOLD, URGENT = 60, 7
# what is left is told when it is so few and a tenth, or does not last for TOLD days at the pace of a MONTH
FEW, MONTH = 1000, 30
# Siigo numbers two at once: the highest number is among the last documents
LATEST = 20


@dataclass(frozen=True)
class Ending:
    """Something that runs out, in a sentence; `step` of enabling mends it."""

    text: str
    urgent: bool
    step: str


def endings() -> list[Ending]:
    """Of the company in scope; a rehearsal's are nobody's concern."""
    found = [one for row in db.session.scalars(sa.select(Resolution).where(
        Resolution.active, Resolution.environment == PRODUCTION)) for one in _of_resolution(row)]
    return [*found, *_without_resolution(), *_of_folios()]


def _of_resolution(row: Resolution) -> list[Ending]:
    found, today = [], clock.today()
    left = (row.valid_until - today).days
    if left < 0:
        found.append(Ending(_("The numbering resolution %(number)s ended on %(day)s: ask the DIAN for a new one to go "
                              "on issuing.", number=row.number, day=format_date(row.valid_until)), True, STEP))
    elif left <= TOLD:
        found.append(Ending(_("The numbering resolution %(number)s ends on %(day)s, in %(left)s days: ask the DIAN for "
                              "a new one.", number=row.number, day=format_date(row.valid_until), left=left),
                            left <= URGENT, STEP))
    return [*found, *_of_numbers(row)]


def _of_numbers(row: Resolution) -> Iterator[Ending]:
    left = max(row.last - max(_last(row), row.first - 1), 0)
    monthly = _issued(INVOICE)
    few = min(FEW, (row.last - row.first + 1) // 10)
    if not _is_told(left, few, monthly):
        return
    text = _("%(count)s numbers of the range %(prefix)s are left: ask the DIAN for a new range.", count=left,
             prefix=row.prefix)
    yield Ending(_with_pace(text, left, monthly), _is_urgent(left, monthly), STEP)


def _of_folios() -> Iterator[Ending]:
    rows = db.session.scalars(sa.select(ProviderAccess).where(
        ProviderAccess.environment == PRODUCTION, ProviderAccess.folios.is_not(None)))
    for row in rows:
        if access.profile().provider != row.provider:
            continue
        left, monthly = row.folios or 0, _issued()
        if _is_told(left, FEW - 1, monthly):
            text = _("The Factory HKA has %(count)s documents left for us: buy more.", count=left)
            yield Ending(_with_pace(text, left, monthly), _is_urgent(left, monthly), "production.access")


def _without_resolution() -> list[Ending]:
    """Siigo numbers without knowing of us, but the law wants the authorisation on what we print."""
    company = current_company()
    if company.country != "CO" or access.environment(company) != PRODUCTION or access.resolution(PRODUCTION):
        return []
    return [Ending(_("The numbering resolution of the DIAN is missing: without it the printed invoices lack what the "
                     "law wants on them."), True, STEP)]


# --- the pace ---------------------------------------------------------------------------------------------


def _is_told(left: int, few: int, monthly: int) -> bool:
    return left <= few or left * MONTH < monthly * TOLD


def _is_urgent(left: int, monthly: int) -> bool:
    """Hardly any is left, or the next month's invoices do not fit any more."""
    return left <= FEW // 10 or left < monthly


def _with_pace(text: str, left: int, monthly: int) -> str:
    """With how long they last, where something was issued."""
    if not monthly:
        return text
    return _("%(text)s In the last 30 days %(monthly)s were used: they last about %(days)s days.", text=text,
             monthly=monthly, days=left * MONTH // monthly)


def _issued(kind: str | None = None) -> int:
    """Documents of the last month, those of billing at once among them."""
    since = clock.now() - dt.timedelta(days=MONTH)
    wanted = [Document.environment == PRODUCTION, Document.country == "CO", Document.state == "authorized",
              Document.decided_at >= since]
    return db.session.scalar(sa.select(sa.func.count(Document.id)).where(
        *wanted, *([Document.kind == kind] if kind else []))) or 0


def _last(row: Resolution) -> int:
    """The last number that was used: ours, or what Siigo gave last."""
    if access.profile().provider == "siigo":
        return _last_of_siigo(row)
    return int(db.session.scalar(sa.select(Sequence.last_number).where(
        Sequence.environment == row.environment, Sequence.series == row.prefix, Sequence.kind == INVOICE)) or 0)


def _last_of_siigo(row: Resolution) -> int:
    found = db.session.scalars(
        sa.select(Document.data).where(
            Document.environment == row.environment, Document.series.startswith(BY_SIIGO), Document.kind == INVOICE,
            Document.state == "authorized").order_by(Document.id.desc()).limit(LATEST))
    numbers = [int(data.get("number") or 0) for data in found if data]
    return max((one for one in numbers if row.first <= one <= row.last), default=0)
