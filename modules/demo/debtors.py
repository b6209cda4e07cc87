"""Who owes: told and cut by the rules, one promised, one broke his promise, one sent the picture of his payment."""

from __future__ import annotations

import datetime as dt
import io
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core import clock
from core.db import db
from core.i18n import _
from core.models import Company
from core.scope import company_scope
from modules.arrears import batches, proofs, running
from modules.arrears import services as arrears
from modules.arrears.facts import Moment
from modules.arrears.models import Batch, BatchItem, Cut
from modules.contracts.models import Contract

# of a hundred contracts, how many are cut at most; so many at least, since some come back at once
CUT, LEAST = 3, 5
FORM = "demo.cut-off"
# with a past: so many days before the day of loading
AGO = 6


def make(company: Company, today: dt.date, history: int) -> None:
    """Once per company. Commits; a load that was killed here goes on with what is missing."""
    with company_scope(company):
        if db.session.scalar(sa.select(Batch.state).where(Batch.form_key == FORM)) == "done":
            return
        zone = ZoneInfo(company.timezone)
        first = today - dt.timedelta(days=AGO) if history else today
        if history:
            with clock.freeze(dt.datetime.combine(first, dt.time(11), zone)):
                _cut(first, zone)
            _run(today, zone)
        else:
            _cut(today, zone)
        _promise_and_prove()
        db.session.commit()


def _cut(day: dt.date, zone: ZoneInfo) -> None:
    """Notices by the rules, then a cut-off by hand: the demonstration is loaded on any day, at any hour."""
    _run(day, zone)
    batch = batches.rehearse(FORM)
    wanted = max((db.session.scalar(sa.select(sa.func.count(Contract.id))) or 0) * CUT // 100, LEAST)
    rest = db.session.scalars(sa.select(BatchItem).where(BatchItem.batch_id == batch.id, BatchItem.state == "waiting")
                              .order_by(BatchItem.amount.desc(), BatchItem.id).offset(wanted)).all()
    for item in rest:
        batches.leave_out(item)
    if batch.state == "rehearsed" and batch.stages:
        batches.release(batch, everything=True, although=_("The demonstration is loaded at any hour."))
        db.session.commit()
        while batches.run_step(batch.id):
            db.session.commit()
        _one_breaks_his_promise()
    else:
        batch.state = "done"
    db.session.commit()


def _run(day: dt.date, zone: ZoneInfo) -> None:
    for _part in running.run(Moment(dt.datetime.combine(day, dt.time(12), zone), whole_day=True)):
        db.session.commit()


def _still_cut() -> list[Contract]:
    return list(db.session.scalars(
        sa.select(Contract).join(Cut, Cut.contract_id == Contract.id)
        .where(Cut.ended_at.is_(None), Contract.state == "suspended").order_by(Cut.id).limit(3)))


def _one_breaks_his_promise() -> None:
    """In a past that goes on for days; where the clock is that of today, it is still open."""
    for contract in _still_cut()[:1]:
        arrears.promise(contract, channel="pay_page")


def _promise_and_prove() -> None:
    """So that one at least stays cut."""
    cut = _still_cut()
    if len(cut) > 1:
        said = proofs.Said(operation="4471-0093", notes=_("Transfer of this morning"))
        proofs.take(cut[-1].customer, _picture(), said, channel="pay_page")
    if len(cut) > 2:
        arrears.promise(cut[0], channel="pay_page")


def _picture() -> bytes:
    """A photograph of a receipt, as phones send it."""
    from PIL import Image, ImageDraw

    picture, out = Image.new("RGB", (720, 960), "#f7f3ea"), io.BytesIO()
    pen = ImageDraw.Draw(picture)
    for line, text in enumerate(("BANCO DEL CENTRO", "Transferencia realizada", "Operacion 4471-0093", "Gracias")):
        pen.text((60, 80 + 70 * line), text, fill="#222222", font_size=36)
    picture.save(out, "JPEG", quality=70)
    return out.getvalue()
