"""Work in the background: stamping receipts of payment, cancelling them, and looking after what was left."""

from __future__ import annotations

from core import audit, clock, companies
from core.db import db, find
from core.errors import Rejected, Unavailable, Unknown
from core.i18n import lazy
from core.jobs import enqueue, job, outside, retry_later, schedule
from core.scope import company_scope, every_company
from modules.einvoice.answers import No, Yes
from modules.einvoice.ports import CancelOrder
from modules.einvoice_mx import access, catalogs, receipts, schema, seal
from modules.einvoice_mx.client import Stamped
from modules.einvoice_mx.endpoints import REHEARSAL
from modules.einvoice_mx.models import PaymentReceipt
from modules.einvoice_mx.wire import LATE, OF_THE_DOCUMENT

WITHOUT_RELATION = "02"
# seconds until the next try: the PAC is away; a person must look at the account first
AWAY, STANDING = 60, 900


@job(queue="einvoice", max_attempts=50, words=lazy("Stamp receipts of payment"))
def stamp_receipt(receipt_id: int) -> None:
    """Seal a receipt and have it stamped; where an answer was lost, the same bytes are sent again."""
    row = find(PaymentReceipt, receipt_id)
    if row.state not in ("pending", "sending"):
        return
    wire = access.connect(row.environment)
    row = find(PaymentReceipt, receipt_id)
    if row.state == "pending":
        document = schema.parse(row.xml.encode())
        receipts.fresh(document)
        seal.seal(document, wire.csd)
        row.xml, row.state = schema.text(document), "sending"
    xml, wait = row.xml.encode(), 1 if row.environment == REHEARSAL else AWAY
    db.session.commit()
    try:
        with outside():
            timbre = wire.pac.stamp(xml)
    except Stamped as before:
        retry_later(5, before.message)
    except (Unavailable, Unknown) as error:
        retry_later(wait, error.message)
    except Rejected as refusal:
        _refused(find(PaymentReceipt, receipt_id), refusal, wait)
        return
    row = find(PaymentReceipt, receipt_id)
    row.state, row.uuid, row.stamped_xml, row.problems = "authorized", timbre.uuid, timbre.xml.decode(), []
    db.session.flush()
    if row.payment.state != "recorded":
        receipts.cancel_of(row.payment_id)


def _refused(row: PaymentReceipt, refusal: Rejected, wait: int) -> None:
    """Of the document: it waits for a person. Of the issuer's standing or its date: tried again."""
    known = catalogs.refusals().get(refusal.code)
    row.problems = [{"code": refusal.code, "message": refusal.message}]
    row.state = "rejected" if known is not None and known.group in OF_THE_DOCUMENT else "pending"
    if row.state == "pending":
        db.session.commit()
        retry_later(wait if refusal.code == LATE else STANDING, refusal.message)


@job(queue="einvoice", max_attempts=50, words=lazy("Cancel receipts of payment"))
def cancel_receipt(receipt_id: int) -> None:
    """Ask for it, then ask the SAT until it says what became of it."""
    row = find(PaymentReceipt, receipt_id)
    if row.state != "cancelling" or row.cancel_asked_at is None:
        return
    order = CancelOrder(0, row.environment, row.series, "P", row.number, row.created_at.date(), row.uuid,
                        WITHOUT_RELATION, "", "", {"xml": row.xml},
                        {"cancellation": {"asked_at": row.cancel_asked_at.isoformat()}})
    wire = access.connect(row.environment)
    wait = 1 if row.environment == REHEARSAL else AWAY
    db.session.commit()
    try:
        with outside():
            answer = wire.cancel(order)
    except (Unavailable, Unknown) as error:
        retry_later(wait, error.message)
    except Rejected as refusal:
        answer = No([{"code": refusal.code, "message": refusal.message}])
    row = find(PaymentReceipt, receipt_id)
    if isinstance(answer, Yes):
        row.state = "cancelled"
        audit.record("einvoice_mx.cancel_receipt", row)
    elif isinstance(answer, No):
        row.state, row.problems = "authorized", answer.problems
    else:
        db.session.commit()
        retry_later(answer.seconds, answer.text)


@schedule("*/10 * * * *", words=lazy("Look after receipts of payment that wait"))
def look_after_receipts() -> None:
    """What is open and nobody works on is taken up again."""
    with every_company():
        ids = [company.id for company in companies.active_companies() if company.country == "MX"]
    for company_id in ids:
        with company_scope(company_id):
            for receipt_id in receipts.open_ids():
                enqueue(stamp_receipt, key=f"einvoice_mx.receipt:{receipt_id}:{clock.now():%Y%m%d%H%M}",
                        receipt_id=receipt_id)
