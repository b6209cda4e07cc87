"""The design of a company's documents: the newest revision, and how to make the next one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from core import audit, storage
from core.db import db
from core.errors import DomainError
from core.i18n import _
from core.scope import current_company
from modules.accounting.models.design import BLOCKS, InvoiceDesign
from modules.accounting.sheets import logo_image


def current() -> InvoiceDesign:
    """The newest revision of the company in scope; the first one is made where there is none."""
    found = db.session.scalar(sa.select(InvoiceDesign).order_by(InvoiceDesign.revision.desc()).limit(1))
    return found or _add(InvoiceDesign(revision=1, blocks=list(BLOCKS), texts={}, color=""))


def by_ids(ids: Sequence[int]) -> dict[int, InvoiceDesign]:
    """These revisions, for documents that were issued with them."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row.id: row for row in db.session.scalars(sa.select(InvoiceDesign).where(InvoiceDesign.id.in_(wanted)))}


def revise(*, blocks: Sequence[str], texts: dict[str, Any], color: str = "",
           logo_file_id: int | None = None) -> InvoiceDesign:
    """Keep a new revision; documents already issued keep theirs."""
    unknown = sorted(set(blocks) - set(BLOCKS))
    if unknown or "lines" not in blocks or len(set(blocks)) != len(blocks):
        raise DomainError(_("To keep this design you must name each block once, the lines among them: %(known)s.",
                            known=", ".join(BLOCKS)), field="blocks")
    if color and not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
        raise DomainError(_("To keep this design you must write the colour like #0f766e."), field="color")
    if logo_file_id is not None:
        _check_logo(logo_file_id)
    made = _add(InvoiceDesign(revision=current().revision + 1, blocks=list(blocks), texts=dict(texts), color=color,
                              logo_file_id=logo_file_id))
    audit.record("accounting.revise_design", made, {"blocks": list(blocks), "color": color})
    return made


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
