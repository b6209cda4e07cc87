"""A proof of payment: judged by content, restores while it waits, becomes a payment or is refused with words."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image
from pypdf import PdfWriter

from core import storage
from core.db import db
from modules.accounting.models import Payment
from modules.accounting.payments import Medium
from modules.arrears import pictures, proofs
from modules.arrears.errors import BadProof, NotPossible
from modules.arrears.models import Cut, Proof
from modules.notifications.models import Message

DUE = dt.date(2026, 11, 2)


def photograph(colour: str = "white", place: bool = False) -> bytes:
    out, picture = io.BytesIO(), Image.new("RGB", (2400, 1200), colour)
    exif = Image.Exif()
    if place:
        exif[0x010E] = "taken at home"
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def paper(pages: int = 1, script: bool = False) -> bytes:
    out, writer = io.BytesIO(), PdfWriter()
    for _number in range(pages):
        writer.add_blank_page(100, 100)
    writer.write(out)
    return out.getvalue() + (b"\n% /OpenAction /JavaScript" if script else b"")


def test_a_picture_is_drawn_anew_and_keeps_nothing_that_is_not_seen() -> None:
    content, media_type, ending = pictures.clean(photograph(place=True))
    with Image.open(io.BytesIO(content)) as picture:
        assert max(picture.size) == 1800 and not dict(picture.getexif())
    assert (media_type, ending) == ("image/jpeg", "jpg") and b"taken at home" not in content
    assert pictures.clean(paper())[1:] == ("application/pdf", "pdf")


@pytest.mark.parametrize("data", [
    b"", b"<html><script>alert(1)</script>", b"%PDF-1.4 nothing", b"\xff\xd8\xff\xe0 broken", b"GIF89a" + b"\0" * 50,
    b"\x89PNG\r\n\x1a\n" + b"\0" * 10, b"x" * (pictures.LARGEST + 1)])
def test_what_is_neither_picture_nor_pdf_is_refused_with_words(app: Any, data: bytes) -> None:
    with pytest.raises(BadProof):
        pictures.clean(data)


def test_a_pdf_that_can_do_something_is_refused(app: Any) -> None:
    with pytest.raises(BadProof):
        pictures.clean(paper(script=True))
    with pytest.raises(BadProof):
        pictures.clean(paper(pages=21))


@pytest.fixture
def cut(make_contract: Any, owe: Any, run: Any) -> Any:
    contract = make_contract()
    owe(contract, "12100", DUE)
    run(12, 11)
    db.session.refresh(contract)
    assert contract.state == "suspended"
    return contract


def test_a_proof_restores_at_once_and_twice_is_once(cut: Any, run: Any) -> None:
    row = proofs.take(cut.customer, photograph(), proofs.Said(operation="Op. 00-4471"), channel="pay_page")
    db.session.commit()
    db.session.refresh(cut)
    assert cut.state == "active" and db.session.scalars(sa.select(Cut)).one().ended_by == "proof"
    assert proofs.take(cut.customer, photograph(), channel="pay_page").id == row.id
    assert row.operation_key == "OP004471" and storage.find_file(row.file_id).media_type == "image/jpeg"
    assert run(13) == []


def test_nobody_looked_in_time_and_the_service_is_cut_again(cut: Any, run: Any, frozen: Any, run_jobs: Any) -> None:
    row = proofs.take(cut.customer, photograph())
    db.session.commit()
    assert row.keeps_until == dt.datetime(2026, 11, 16, 13, tzinfo=dt.UTC), "three days, and then Monday at ten"
    frozen(2026, 11, 16, 13)
    run_jobs()
    db.session.refresh(cut)
    assert cut.state == "suspended" and row.state == "waiting"


def test_accepted_it_is_a_payment_once(cut: Any, run_jobs: Any) -> None:
    row = proofs.take(cut.customer, photograph())
    paid = proofs.accept(row, Medium(Decimal("12100.00"), "transfer", None, "4471"), dt.date(2026, 11, 11))
    db.session.commit()
    run_jobs()
    assert (row.state, row.payment_id, paid.amount) == ("accepted", paid.id, Decimal("12100.00"))
    with pytest.raises(NotPossible):
        proofs.accept(row, Medium(Decimal("12100.00")), dt.date(2026, 11, 11))
    assert db.session.scalar(sa.select(sa.func.count(Payment.id))) == 1


def test_the_same_operation_is_flagged_wherever_it_was_seen(cut: Any, make_contract: Any) -> None:
    first = proofs.take(cut.customer, photograph(), proofs.Said(operation="4471"))
    other = make_contract("Beto Gil")
    second = proofs.take(other.customer, photograph(), proofs.Said(operation="00-4471"))
    assert len(proofs.alike(second)) == 2, "the same picture, and the same number"
    proofs.accept(first, Medium(Decimal("12100.00"), "transfer", None, "4471"), dt.date(2026, 11, 11), sure=True)
    with pytest.raises(NotPossible, match="4471"):
        proofs.accept(second, Medium(Decimal(1), "transfer", None, "4471"), dt.date(2026, 11, 11))
    assert proofs.accept(second, Medium(Decimal(1), "transfer", None, "4471"), dt.date(2026, 11, 11), sure=True)


def test_refused_it_cuts_again_with_words_and_the_third_time_a_proof_restores_nothing(
        cut: Any, run: Any, run_jobs: Any) -> None:
    for colour in ("red", "green"):
        row = proofs.take(cut.customer, photograph(colour))
        db.session.commit()
        proofs.refuse(row, "It is of another account.")
        db.session.commit()
        run_jobs()
        db.session.refresh(cut)
        assert cut.state == "suspended", "eleven o'clock of a Thursday: at once"
    third = proofs.take(cut.customer, photograph("blue"))
    db.session.refresh(cut)
    assert third.keeps_until is None and cut.state == "suspended"
    told = db.session.scalars(sa.select(Message).where(Message.kind == "arrears.proof_refused")).all()
    assert len(told) == 2 and "another account" in told[0].body
    assert db.session.scalar(sa.select(sa.func.count(Cut.id))) == 3


def test_many_that_wait_are_enough(cut: Any) -> None:
    for colour in ("red", "green", "blue", "white", "black"):
        proofs.take(cut.customer, photograph(colour))
    with pytest.raises(BadProof):
        proofs.take(cut.customer, photograph("pink"))
    assert db.session.scalar(sa.select(sa.func.count(Proof.id))) == 5
