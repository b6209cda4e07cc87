"""Files by which gateways say what became of a file of debts: kept, understood once, applied."""

from __future__ import annotations

import io
from typing import IO, BinaryIO, cast

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import audit, clock, storage
from core.db import db
from core.errors import DomainError
from core.i18n import _, format_date
from core.scope import current_user_id
from modules.gateways import accounts, deliveries, files_in, ports
from modules.gateways.errors import BadFile
from modules.gateways.models import Account, File

# an answer names at most the debts of a file
LARGEST = 64 * 2**20


def bring(account: Account, file: IO[bytes], name: str) -> File:
    """Take over an answer; the file of debts that it is about. Refused where it is no answer, or of no file of ours.

    The same answer again is refused and changes nothing.
    """
    if account.provider not in ports.debt_answers:
        raise DomainError(_("%(account)s does not answer by files.", account=account.name))
    content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise BadFile(_("This file is larger than %(most)s MB; it cannot be an answer.", most=LARGEST >> 20))
    about, told = _read(account, content, name)
    row = _about(account, about)
    _keep(account, content, name, row)
    deliveries.apply(row, told)
    audit.record("gateways.bring_answer", row, {"name": name, "state": row.state})
    return row


def _read(account: Account, content: bytes, name: str) -> tuple[str, ports.Delivered]:
    try:
        found: tuple[str, ports.Delivered] = ports.debt_answers.get(account.provider).read(
            io.BytesIO(content), name, accounts.access(account))
    except (ValueError, LookupError, ArithmeticError) as error:
        raise BadFile(_("This file cannot be understood as an answer of %(account)s. Ask for it again.",
                        account=account.name)) from error
    return found


def _about(account: Account, name: str) -> File:
    """Our file of that name, as the gateway writes it; the newest where names come again."""
    row = db.session.scalar(sa.select(File).where(
        File.account_id == account.id, File.direction == "out", File.kind == "debts",
        sa.func.upper(File.name) == name.upper(), File.state.not_in(("making", "empty", "withdrawn")))
        .order_by(File.id.desc()).limit(1))
    if row is None:
        raise BadFile(_("This answer is about %(name)s; no file of that name was made for %(account)s.", name=name[:80],
                        account=account.name), code="unknown_file")
    return row


def _keep(account: Account, content: bytes, name: str, about: File) -> None:
    mark, _size = files_in.fingerprint(cast(BinaryIO, io.BytesIO(content)))
    stored = storage.store(content, name[:200], "application/octet-stream")
    made = File(account_id=account.id, direction="in", kind="answer", name=name[:200], sha256=mark,
                stored_id=stored.id, state="imported", day=clock.today(), created_by=current_user_id(),
                ended_at=clock.now(), facts={"about": about.name})
    try:
        with db.session.begin_nested():
            db.session.add(made)
            db.session.flush()
    except IntegrityError:
        before = db.session.scalar(sa.select(File.created_at).where(
            File.account_id == account.id, File.sha256 == mark, File.direction == "in",
            File.state.not_in(("refused", "undone"))))
        raise BadFile(_("This answer was taken over on %(day)s already. Nothing was changed.",
                        day=format_date(clock.local(before or clock.now()).date())), code="already_imported") from None
