"""The design of a company's documents: the newest revision, and how to make the next one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from core import audit, storage
from core.db import db, lock
from core.errors import DomainError
from core.i18n import _
from core.models import Company
from core.scope import current_company
from modules.accounting import logos
from modules.accounting.models.design import BLOCKS, InvoiceDesign
from modules.accounting.print_data import lines_of
from modules.accounting.sheets import logo_image

# how long each text may be; the footer stands on every page, in a place of three lines
LONGEST = {"bank": 600, "text": 2000, "footer": 300, "receipt": 300}
FOOTER_LINES = 3
SHOWN = 30


class DesignChanged(DomainError):
    """Somebody kept another revision since the form was opened."""

    code = "design_changed"


def current() -> InvoiceDesign:
    """The newest revision of the company in scope; the first one is made where there is none."""
    return _newest() or _add(InvoiceDesign(revision=1, blocks=list(BLOCKS), texts={}, color=""))


def _newest() -> InvoiceDesign | None:
    return db.session.scalar(sa.select(InvoiceDesign).order_by(InvoiceDesign.revision.desc()).limit(1))


def find(revision: int) -> InvoiceDesign | None:
    """This revision of the company in scope."""
    return db.session.scalar(sa.select(InvoiceDesign).where(InvoiceDesign.revision == revision))


def latest() -> list[InvoiceDesign]:
    """The last revisions, the newest first."""
    return list(db.session.scalars(sa.select(InvoiceDesign).order_by(InvoiceDesign.revision.desc()).limit(SHOWN)))


def by_ids(ids: Sequence[int]) -> dict[int, InvoiceDesign]:
    """These revisions, for documents that were issued with them."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row.id: row for row in db.session.scalars(sa.select(InvoiceDesign).where(InvoiceDesign.id.in_(wanted)))}


def revise(*, blocks: Sequence[str], texts: Mapping[str, Any], color: str = "", logo_file_id: int | None = None,
           base: int | None = None) -> InvoiceDesign:
    """Keep a new revision; documents already issued keep theirs. The same as the newest is not kept again.

    `base` is the revision that the person began with; refused (DesignChanged) where it is not the newest any more.
    """
    made = proposed(blocks=blocks, texts=texts, color=color)
    if logo_file_id is not None:
        _check_logo(logo_file_id)
    made.logo_file_id = logo_file_id
    db.session.scalar(lock(sa.select(Company.id).where(Company.id == current_company().id)))
    newest = current()
    if _same(made, newest):
        return newest
    if base not in (None, newest.revision):
        raise DesignChanged(_(
            "Keeping this is not possible yet because revision %(number)s was kept meanwhile. What you changed is "
            "still here: keep it again to put it in its place.", number=newest.revision))
    made.revision = newest.revision + 1
    _add(made)
    audit.record("accounting.revise_design", made, {
        "revision": made.revision, "blocks": made.blocks, "texts": made.texts, "color": color, "logo": logo_file_id})
    return made


def proposed(*, blocks: Sequence[str], texts: Mapping[str, Any], color: str = "") -> InvoiceDesign:
    """A design as it would be, checked and not kept: to look at, or to keep."""
    unknown = sorted(set(blocks) - set(BLOCKS))
    if unknown or "lines" not in blocks or len(set(blocks)) != len(blocks):
        raise DomainError(_("To keep this design you must name each block once, the lines among them: %(known)s.",
                            known=", ".join(BLOCKS)), field="blocks")
    if color and not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
        raise DomainError(_("To keep this design you must write the colour like #0f766e."), field="color")
    return InvoiceDesign(blocks=list(blocks), texts=_checked(texts), color=color.lower())


def _checked(texts: Mapping[str, Any]) -> dict[str, str]:
    """The texts without what is empty; refused where one does not fit its place."""
    found = {}
    for name, given in texts.items():
        text = str(given or "").replace("\r\n", "\n").strip()
        if len(text) > LONGEST[name]:
            raise DomainError(_("To keep this text you must shorten it: it has %(found)s letters, %(most)s fit.",
                                found=len(text), most=LONGEST[name]), field=name)
        if name == "footer" and lines_of(text) > FOOTER_LINES:
            raise DomainError(_("To keep this text you must shorten it: it takes %(found)s lines, three fit.",
                                found=lines_of(text)), field=name)
        if text:
            found[name] = text
    return found


def _same(one: InvoiceDesign, other: InvoiceDesign) -> bool:
    """Whether both print the same; a logo is its content, whatever row it was stored under."""
    def parts(design: InvoiceDesign) -> tuple[Any, ...]:
        file = storage.find_file(design.logo_file_id) if design.logo_file_id else None
        return design.blocks, design.texts or {}, design.color or "", file.sha256 if file else ""

    return parts(one) == parts(other)


def keep_logo(picture: bytes) -> int:
    """Store a logo (whatever `logos.scaled` takes); the id for `revise`. The newest revision's row where it is that."""
    data, newest = logos.scaled(picture), current()
    if newest.logo_file_id and storage.read(newest.logo_file_id) == data:
        return newest.logo_file_id
    return storage.store(data, "logo.png", "image/png").id


def _check_logo(file_id: int) -> None:
    try:
        logo_image(storage.read(file_id))
    except (OSError, ValueError) as error:
        raise DomainError(_("To use this logo you must upload a PNG or JPEG picture."), field="logo_file_id") from error


def _add(design: InvoiceDesign) -> InvoiceDesign:
    design.company_id = current_company().id
    db.session.add(design)
    db.session.flush()
    return design
