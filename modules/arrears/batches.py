"""Cut-offs that somebody approves: rehearsed, run in stages, stopped, taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa

from core import audit, clock, jobs
from core.db import among, db, lock, write_rows
from core.i18n import _
from core.scope import current_company_id, current_user_id
from modules.accounting import services as accounting
from modules.arrears import deciding, reading, running, services, wording
from modules.arrears.errors import NotPossible
from modules.arrears.facts import Action, Decision
from modules.arrears.models import Batch, BatchItem, Cut
from modules.arrears.ports import stages
from modules.contracts.models import Contract

# contracts between two looks at the stop button
STEP = 25
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
    batch.spared = dict(spared)
    write_rows(BatchItem.__table__, [_item(batch, one, words, groups) for one, words in cuts])  # type: ignore[arg-type]
    audit.record("arrears.rehearse", batch, {"contracts": len(cuts), "spared": sum(spared.values())})
    return batch


def _decided() -> tuple[list[tuple[Action, str]], Counter[str]]:
    known, moment = reading.context(), running.now()
    cuts, spared = [], Counter[str]()
    for customer_ids in reading.chunks():
        for debtor in reading.debtors(known, customer_ids):
            found: Decision = deciding.decide(debtor, known.calendar, moment, by_hand=True)
            cuts += [(one, wording.reason(one)) for one in found.actions if one.action == "cut"]
            spared.update([found.spared.by] if found.spared else [])
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
            "stage": batch.stages.index(groups.get(one.contract_id, ""))}


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


def release(batch: Batch, everything: bool = False) -> None:
    """Approve it, or go on: the next stage, or all that are left, is cut by a job."""
    batch = held(batch.id)
    if batch.state not in ("rehearsed", "stopped", "running"):
        raise NotPossible(_("Running this cut-off is not possible because it is over."))
    if batch.day != clock.today():
        raise NotPossible(_("Running this cut-off is not possible because it was rehearsed on %(day)s. Rehearse anew: "
                            "who has paid since is left out.", day=f"{batch.day:%d/%m/%Y}"))
    if batch.state == "rehearsed":
        batch.approved_at, batch.approved_by = clock.now(), current_user_id()
    batch.released = len(batch.stages) if everything else min(max(batch.released, _done_stages(batch)) + 1,
                                                             len(batch.stages))
    batch.state = "running"
    db.session.flush()
    audit.record("arrears.run_batch", batch, {"stages": batch.released})
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
    """Give back all services that this cut-off cut and that are still cut by it."""
    batch = held(batch.id)
    if batch.state not in ("stopped", "done", "running"):
        raise NotPossible(_("Undoing is not possible because nobody was cut."))
    batch.state = "undone"
    db.session.flush()
    audit.record("arrears.undo_batch", batch)
    jobs.enqueue(UNDO, batch_id=batch.id)


# --- by jobs -----------------------------------------------------------------------------------------------------


def run_step(batch_id: int) -> bool:
    """Cut some more of the stages that are released; False where nobody is left or somebody stopped it.

    Each is decided anew with the account held: who paid or promised meanwhile is spared.
    """
    batch = held(batch_id)
    if batch.state != "running":
        return False
    items = db.session.scalars(
        sa.select(BatchItem).where(BatchItem.batch_id == batch.id, BatchItem.state == "waiting",
                                   BatchItem.stage < batch.released)
        .order_by(BatchItem.stage, BatchItem.id).limit(STEP)).all()
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
    for debtor in reading.debtors(known, sorted({one.customer_id for one in items})):
        for one in deciding.decide(debtor, known.calendar, moment, by_hand=True).actions:
            if one.action == "cut":
                again[one.contract_id] = one
    chosen = [again[item.contract_id] for item in items if item.contract_id in again]
    wanted = [(one, wording.reason(one)) for one in chosen]
    made = services.cut_many(wanted, moment.day, batch.id)
    for item in items:
        cut = made.get(item.contract_id)
        item.state, item.cut_id = ("cut", cut.id) if cut else ("spared", None)
    db.session.flush()


def undo_step(batch_id: int) -> bool:
    """Restore some more of who is still cut by this batch; False where nobody is left."""
    cuts = db.session.scalars(sa.select(Cut).where(Cut.batch_id == batch_id, Cut.ended_at.is_(None))
                              .order_by(Cut.id).limit(STEP)).all()
    for row in cuts:
        contract: Contract = services.held(row.contract_id)
        if contract.state == "suspended":
            services.give_back(contract, "undone", _("the cut-off was undone"))
        else:
            services.end_cut(contract.id, "staff")
    db.session.execute(sa.update(BatchItem).where(
        BatchItem.batch_id == batch_id, among(BatchItem.cut_id, [row.id for row in cuts]))
        .values(state="undone").execution_options(synchronize_session=False))
    db.session.flush()
    return bool(cuts)


# --- asked by screens --------------------------------------------------------------------------------------------


def counts(batch_ids: Sequence[int]) -> dict[int, dict[tuple[int, str], int]]:
    """{batch: {(stage, state): how many}}, in one select."""
    found: dict[int, dict[tuple[int, str], int]] = {}
    for row in db.session.execute(
            sa.select(BatchItem.batch_id, BatchItem.stage, BatchItem.state, sa.func.count().label("count"))
            .where(among(BatchItem.batch_id, batch_ids))
            .group_by(BatchItem.batch_id, BatchItem.stage, BatchItem.state)):
        found.setdefault(row.batch_id, {})[row.stage, row.state] = row[3]
    return found


def newest(limit: int = 20) -> list[Batch]:
    return list(db.session.scalars(sa.select(Batch).order_by(Batch.id.desc()).limit(limit)))
