"""Cut-offs that somebody approves: rehearsed, run in stages, stopped, taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa

from core import audit, clock, jobs
from core.db import among, db, lock, write_rows
from core.i18n import _
from core.scope import current_company, current_company_id, current_user_id
from modules.accounting import services as accounting
from modules.arrears import deciding, hours, reading, running, services, wording
from modules.arrears.errors import NotPossible
from modules.arrears.facts import Action, Decision, Spared
from modules.arrears.models import Batch, BatchItem, Cut
from modules.arrears.ports import stages

# contracts between two looks at the stop button
STEP = 25
# the stage of who is spared by the rehearsal
SPARED = -1
RUN, UNDO = "modules.arrears.jobs.run_batch", "modules.arrears.jobs.undo_batch"


def rehearse(form_key: str | None = None) -> Batch:
    """Write down who would be cut now, by which document and rule, in stages; nothing else happens."""
    known = db.session.scalar(sa.select(Batch).where(Batch.form_key == form_key)) if form_key else None
    if known is not None:
        return known
    batch = Batch(day=clock.today(), created_by=current_user_id(), form_key=form_key)
    db.session.add(batch)
    db.session.flush()
    cuts, spared = _decided()
    groups = _groups([one.contract_id for one, _words in cuts])
    batch.stages = sorted({groups.get(one.contract_id, "") for one, _words in cuts}, key=lambda name: (not name, name))
    batch.spared = dict(Counter(one.by for one in spared))
    write_rows(BatchItem.__table__, [  # type: ignore[arg-type]
        *(_item(batch, one, words, groups) for one, words in cuts), *(_spared_item(batch, one) for one in spared)])
    audit.record("arrears.rehearse", batch, {"contracts": len(cuts), "spared": len(spared)})
    return batch


def _decided() -> tuple[list[tuple[Action, str]], list[Spared]]:
    """Who would be cut, each with the reason, and who is spared, be it only because cutting him is refused."""
    known, moment = reading.context(), running.now()
    cuts: list[tuple[Action, str]] = []
    spared: list[Spared] = []
    for customer_ids in reading.chunks():
        found = [deciding.decide(debtor, known.calendar, moment, by_hand=True)
                 for debtor in reading.debtors(known, customer_ids)]
        wanted = [one for decision in found for one in decision.actions if one.action == "cut"]
        refused = services.refusals(wanted)
        cuts += [(one, wording.reason(one)) for one in wanted if one.key not in refused]
        spared += [decision.spared for decision in found if decision.spared]
        spared += [Spared(one.contract_id, one.number, one.customer_id, one.customer, "refused", one.invoice_id,
                          one.amount, {"name": refused[one.key]}) for one in wanted if one.key in refused]
    return cuts, spared


def _groups(contract_ids: Sequence[int]) -> dict[int, str]:
    """The stage of each contract, as the first module says that divides them."""
    found: dict[int, str] = {}
    for _key, one in stages.items():
        for contract_id, name in one.of([key for key in contract_ids if key not in found]).items():
            found[contract_id] = name
    return found


def _item(batch: Batch, one: Action, words: str, groups: dict[int, str]) -> dict[str, object]:
    return {"company_id": current_company_id(), "batch_id": batch.id, "contract_id": one.contract_id,
            "customer_id": one.customer_id, "invoice_id": one.invoice_id, "amount": one.amount,
            "currency": one.currency, "rule": one.rule, "reason": words[:300], "state": "waiting", "cut_id": None,
            "stage": batch.stages.index(groups.get(one.contract_id, "")), "note": ""}


def _spared_item(batch: Batch, one: Spared) -> dict[str, object]:
    """Who is spared stands in no stage."""
    return {"company_id": current_company_id(), "batch_id": batch.id, "contract_id": one.contract_id,
            "customer_id": one.customer_id, "invoice_id": one.invoice_id, "amount": one.amount,
            "currency": current_company().currency, "rule": one.by, "reason": "", "state": "spared", "cut_id": None,
            "stage": SPARED, "note": wording.spared(one)[:300]}


# --- by hand -----------------------------------------------------------------------------------------------------


def held(batch_id: int) -> Batch:
    """The batch as it is now, locked until the transaction ends."""
    db.session.flush()
    return db.session.scalars(lock(sa.select(Batch).where(Batch.id == batch_id))
                              .execution_options(populate_existing=True)).one()


def leave_out(item: BatchItem) -> None:
    """This one is not cut by this cut-off."""
    if item.state != "waiting":
        raise NotPossible(_("Leaving this contract out is not possible because it was decided already."))
    item.state = "left_out"
    db.session.flush()


def release(batch: Batch, everything: bool = False, although: str = "") -> None:
    """Approve it, or go on: the next stage, or all that are left, is cut by a job.

    `although`: why people are cut at night or on a free day, which otherwise is refused; it is put on record.
    """
    batch = held(batch.id)
    if batch.state not in ("rehearsed", "stopped", "running"):
        raise NotPossible(_("Running this cut-off is not possible because it is over."))
    if batch.day != clock.today():
        raise NotPossible(_("Running this cut-off is not possible because it was rehearsed on %(day)s. Rehearse anew: "
                            "who has paid since is left out.", day=f"{batch.day:%d/%m/%Y}"))
    released = len(batch.stages) if everything else min(max(batch.released, _done_stages(batch)) + 1,
                                                       len(batch.stages))
    shut = hours.shut(batch.id, released)
    if shut and shut.everybody and not although.strip():
        raise NotPossible(_("Cutting now is not possible: %(why)s. Wait until %(moment)s, or tick that they are cut "
                            "all the same and say why.", why=shut.words, moment=wording.moment(shut.until)),
                          field="why", code="outside_calendar")
    if batch.state == "rehearsed":
        batch.approved_at, batch.approved_by = clock.now(), current_user_id()
    batch.released, batch.state, batch.although = released, "running", although.strip()[:200] if shut else ""
    db.session.flush()
    audit.record("arrears.run_batch", batch, {"stages": released, **({"although": shut.words} if shut and batch.although
                                                                     else {})}, batch.although)
    jobs.enqueue(RUN, batch_id=batch.id)


def _done_stages(batch: Batch) -> int:
    """How many stages from the first on have nobody waiting."""
    first = db.session.scalar(sa.select(sa.func.min(BatchItem.stage)).where(
        BatchItem.batch_id == batch.id, BatchItem.state == "waiting"))
    return len(batch.stages) if first is None else first


def stop(batch: Batch) -> None:
    """Nobody more is cut; who is cut stays so until it is undone."""
    batch = held(batch.id)
    if batch.state != "running":
        raise NotPossible(_("Stopping is not possible because this cut-off is not running."))
    batch.state = "stopped"
    db.session.flush()
    audit.record("arrears.stop_batch", batch)


def undo(batch: Batch) -> None:
    """Give back all services that this cut-off cut and that are still cut by it; again, those that refused."""
    batch = held(batch.id)
    if batch.state not in ("stopped", "done", "running", "undone"):
        raise NotPossible(_("Undoing is not possible because nobody was cut."))
    if batch.state == "undone":
        _ask_again(batch)
    batch.state = "undone"
    db.session.flush()
    audit.record("arrears.undo_batch", batch)
    jobs.enqueue(UNDO, batch_id=batch.id)


def _ask_again(batch: Batch) -> None:
    """What refused to be given back is to be given back once more: the reason may have been cured."""
    if is_undoing(batch):
        raise NotPossible(_("Undoing again is not possible because the services are being given back already."))
    refused = db.session.scalars(sa.select(BatchItem).where(
        BatchItem.batch_id == batch.id, BatchItem.state == "cut")).all()
    if not refused:
        raise NotPossible(_("Undoing again is not possible because all services were given back."))
    for item in refused:
        item.note = ""


# --- by jobs -----------------------------------------------------------------------------------------------------


def run_step(batch_id: int) -> bool:
    """Cut some more of the stages that are released; False where nobody is left or somebody stopped it.

    Each is decided anew with the account held: who paid or promised meanwhile is spared.
    """
    batch = held(batch_id)
    if batch.state != "running":
        return False
    shut = None if batch.although else hours.shut(batch.id, batch.released)
    items = db.session.scalars(
        sa.select(BatchItem).where(*hours.waiting(batch.id, batch.released), *(shut.others() if shut else ()))
        .order_by(BatchItem.stage, BatchItem.id).limit(STEP)).all()
    if not items and shut:  # the night has come: it goes on in the morning
        jobs.enqueue(RUN, batch_id=batch.id, run_at=shut.until, key=f"arrears.batch:{batch.id}:{shut.until:%Y%m%d%H}")
        return False
    if not items:
        left = _done_stages(batch) < len(batch.stages)
        batch.state, batch.finished_at = ("stopped", None) if left else ("done", clock.now())
        return False
    _cut(batch, items)
    return True


def _cut(batch: Batch, items: Sequence[BatchItem]) -> None:
    accounting.hold_customers([one.invoice_id for one in items if one.invoice_id])
    known, moment = reading.context(), running.now()
    again: dict[int, Action] = {}
    why: dict[int, str] = {}
    for debtor in reading.debtors(known, sorted({one.customer_id for one in items})):
        decision = deciding.decide(debtor, known.calendar, moment, by_hand=True)
        again |= {one.contract_id: one for one in decision.actions if one.action == "cut"}
        why[debtor.contract_id] = wording.not_cut(debtor.state, decision)
    wanted = [(one, wording.reason(one)) for item in items if (one := again.get(item.contract_id))]
    made = services.cut_many(wanted, moment.day, batch.id)
    why |= made.refused
    for item in items:
        cut = made.done.get(item.contract_id)
        item.state, item.cut_id = ("cut", cut.id) if cut else ("spared", None)
        item.note = "" if cut else (why.get(item.contract_id) or wording.not_cut(item.contract.state, Decision()))[:300]
    db.session.flush()


def undo_step(batch_id: int) -> bool:
    """Restore some more of who was cut by this batch; False where nobody is left."""
    items = db.session.scalars(sa.select(BatchItem).where(*_to_undo(batch_id)).order_by(BatchItem.id).limit(STEP)).all()
    refused = _give_back(items)
    for item in items:
        item.note = refused.get(item.contract_id, "")[:300]
        item.state = item.state if item.note else "undone"
    db.session.flush()
    return bool(items)


def _to_undo(batch_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    """Items that were cut, and have not refused to be given back."""
    return BatchItem.batch_id == batch_id, BatchItem.state == "cut", BatchItem.note == ""


def _give_back(items: Sequence[BatchItem]) -> dict[int, str]:
    """Restore those of these who are still cut by it; the words of those that refuse, by contract."""
    cut = db.session.scalars(sa.select(Cut.contract_id).where(
        among(Cut.id, [item.cut_id for item in items if item.cut_id]), Cut.ended_at.is_(None))).all()
    held_ones = services.held_many(cut)
    services.end_cuts({one.id: "staff" for one in held_ones.values() if one.state != "suspended"})
    back = [one for one in held_ones.values() if one.state == "suspended"]
    return services.undo_many(back, _("the cut-off was undone")).refused


# --- asked by screens --------------------------------------------------------------------------------------------


def is_undoing(batch: Batch) -> bool:
    """Whether services are still to be given back."""
    return batch.state == "undone" and db.session.scalar(
        sa.select(BatchItem.id).where(*_to_undo(batch.id)).limit(1)) is not None


def counts(batch_ids: Sequence[int]) -> dict[int, dict[tuple[int, str], int]]:
    """{batch: {(stage, state): how many}}, in one select, of those that were to be cut."""
    found: dict[int, dict[tuple[int, str], int]] = {}
    for row in db.session.execute(
            sa.select(BatchItem.batch_id, BatchItem.stage, BatchItem.state, sa.func.count().label("count"))
            .where(among(BatchItem.batch_id, batch_ids), BatchItem.stage > SPARED)
            .group_by(BatchItem.batch_id, BatchItem.stage, BatchItem.state)):
        found.setdefault(row.batch_id, {})[row.stage, row.state] = row[3]
    return found


def newest(limit: int = 20) -> list[Batch]:
    return list(db.session.scalars(sa.select(Batch).order_by(Batch.id.desc()).limit(limit)))
