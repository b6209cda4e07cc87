"""The invoice designer: what is in the form is drawn as the real PDF, kept as a revision, and nothing else happens."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from PIL import Image
from pypdf import PdfReader

from core import companies, scope, storage
from core.db import db
from core.models import AuditRecord, Company, StoredFile
from modules.accounting import designs, documents, samples
from modules.accounting.models import BLOCKS, Invoice, InvoiceDesign
from modules.accounting.samples import SAMPLES
from modules.crm.models import Customer
from tests.modules.accounting.books import issue

DESIGN, SEE = "accounting.edit_design", "accounting.view_documents"
Login = Callable[..., FlaskClient]


@pytest.fixture
def browser(login: Login, company: Company) -> FlaskClient:
    return login(DESIGN, SEE)


def given(**values: Any) -> dict[str, Any]:
    """The form as a browser sends it, all blocks in their usual order."""
    return {"base": designs.current().revision, "blocks": list(BLOCKS), "shown": list(BLOCKS), "color": "",
            "bank": "", "text": "", "footer": "", "receipt": "", "logo_data": "", "step": "keep", **values}


def picture(kind: str = "PNG", size: tuple[int, int] = (1600, 440), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#cc3300").save(out, kind, **options)
    return out.getvalue()


def read(response: Any) -> PdfReader:
    assert (response.status_code, response.mimetype) == (200, "application/pdf"), response.get_data(as_text=True)
    return PdfReader(io.BytesIO(response.data))


def words(response: Any) -> str:
    """The letters of the whole PDF, blanks made one."""
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in read(response).pages))


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.get_data(as_text=True))))


def preview(browser: FlaskClient, sample: str = "short", **values: Any) -> Any:
    return browser.post("/design/preview", data=given(sample=sample, **values))


# --- the preview -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sample", "pages", "wanted"), [
    ("short", 1, "Hogar 100 Mbps"), ("long", 2, "Servicio número 40"), ("business", 1, "Neto gravado"),
    ("foreign", 1, "USD"), ("credit_note", 1, "Nota de Crédito"), ("receipt", 1, "Recibo")])
def test_every_sample_is_drawn_and_marked(browser: FlaskClient, sample: str, pages: int, wanted: str) -> None:
    response = preview(browser, sample)
    found = words(response)
    assert wanted in found and "Muestra: no es un comprobante" in found
    assert len(read(response).pages) == pages
    assert set(SAMPLES) == {"short", "long", "business", "foreign", "credit_note", "receipt"}


def test_a_sample_shows_all_that_the_law_adds_without_being_taken_for_a_document(browser: FlaskClient) -> None:
    found = words(preview(browser))
    assert "COD. 006" in found and "CAE N°: 00000000000000" in found and "IVA Contenido" in found


def test_a_company_whose_documents_need_no_authority_sees_its_own_numbers(browser: FlaskClient,
                                                                          own_numbers: None) -> None:
    db.session.commit()
    found = words(preview(browser))
    assert "N° 00000119" in found and "CAE" not in found


def test_the_preview_draws_what_is_in_the_form_and_keeps_nothing(browser: FlaskClient) -> None:
    before = db.session.scalar(sa.select(sa.func.count()).select_from(StoredFile))
    response = preview(browser, bank="Alias RCW.PAGOS", text="Reclamos al 0800", footer="Gracias por su pago",
                       shown=["lines", "text", "pay"], logo=(io.BytesIO(picture()), "logo.png"))
    found = words(response)
    assert all(one in found for one in ("RCW.PAGOS", "Reclamos al 0800", "Gracias por su pago"))
    assert "Últimos pagos" not in found and "Período facturado" not in found
    assert next(image.image.size for image in read(response).pages[0].images if image.image) == (400, 110)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == before
    assert (designs.current().revision, designs.current().texts) == (1, {})
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Invoice)) == 0


def test_blocks_are_printed_in_the_order_of_the_form(browser: FlaskClient) -> None:
    text_first = words(preview(browser, blocks=["text", *(name for name in BLOCKS if name != "text")], text="Primero"))
    assert text_first.index("Primero") < text_first.index("Descripción")
    last = words(preview(browser, text="Primero"))
    assert last.index("Primero") > last.index("Descripción")


def test_the_foot_stands_on_every_page(browser: FlaskClient) -> None:
    pages = read(preview(browser, "long", footer="Gracias por su pago")).pages
    assert all("Gracias por su pago" in page.extract_text() for page in pages)


def test_texts_are_only_text(browser: FlaskClient) -> None:
    nasty = '<b>x</b> {{ 7*7 }} <img src="file:///etc/passwd"> <img src="http://evil.example/x.png">'
    response = preview(browser, text=nasty, bank=nasty, footer=nasty[:80])
    found = words(response)
    assert "<b>x</b> {{ 7*7 }}" in found and "49" not in found and "root:" not in found
    assert len(read(response).pages[0].images) == 1  # the code of the authority's check, nothing else


def test_an_invoice_of_ones_own_is_drawn_with_the_new_look_and_left_alone(browser: FlaskClient,
                                                                          customer: Customer) -> None:
    mine = issue(customer)
    db.session.commit()
    assert f"own:{mine.id}" in browser.get("/design").get_data(as_text=True)
    found = words(preview(browser, f"own:{mine.id}", text="Texto nuevo"))
    assert "Texto nuevo" in found and "María Ñandú Güemes" in found and "Muestra" in found
    db.session.expire_all()
    assert mine.pdf_file_id is None
    assert "Texto nuevo" not in PdfReader(io.BytesIO(documents.preview(mine))).pages[0].extract_text()


def test_who_may_not_see_documents_sees_made_up_ones_only(login: Login, customer: Customer) -> None:
    mine = issue(customer)
    db.session.commit()
    browser = login(DESIGN)
    assert f"own:{mine.id}" not in browser.get("/design").get_data(as_text=True)
    assert preview(browser, f"own:{mine.id}").status_code == 422
    assert "application/pdf" in preview(browser).headers["Content-Type"]


def test_an_invoice_of_another_company_is_not_drawn(browser: FlaskClient, other_company: Company) -> None:
    assert preview(browser, "own:999999").status_code == 422


def test_what_cannot_be_drawn_is_said_in_its_place(browser: FlaskClient) -> None:
    response = preview(browser, color="teal")
    assert response.status_code == 422 and "#0f766e" in text(response)


# --- keeping ---------------------------------------------------------------------------------------------


def test_keeping_makes_a_revision_that_says_who_and_when(browser: FlaskClient) -> None:
    response = browser.post("/design", data=given(bank="Alias RCW.PAGOS", color="#AA0000", shown=["lines", "pay"]))
    assert response.status_code == 302
    made = designs.current()
    assert (made.revision, made.blocks, made.texts, made.color) == (2, ["pay", "lines"], {"bank": "Alias RCW.PAGOS"},
                                                                   "#aa0000")
    trace = db.session.scalars(sa.select(AuditRecord).where(AuditRecord.action == "accounting.revise_design")).one()
    assert (trace.object_id, trace.changes["texts"]) == (made.id, {"bank": "Alias RCW.PAGOS"})
    page = text(browser.get("/design"))
    assert "2 en uso" in page and "Ana" in page


def test_an_issued_document_keeps_its_look_and_the_next_one_has_the_new_one(browser: FlaskClient, customer: Customer,
                                                                             own_numbers: None) -> None:
    old = issue(customer)
    browser.post("/design", data=given(text="Texto nuevo"))
    new = issue(customer)
    for row, wanted in ((old, False), (new, True)):
        page = PdfReader(io.BytesIO(documents.preview(row))).pages[0].extract_text()
        assert ("Texto nuevo" in page) is wanted


def test_the_same_twice_is_one_revision(browser: FlaskClient) -> None:
    data = {"text": "x", "logo_data": base64.b64encode(picture()).decode()}
    first = given(**data)
    assert [browser.post("/design", data=first).status_code for _time in range(2)] == [302, 302]
    assert designs.current().revision == 2


def test_what_somebody_else_kept_meanwhile_is_not_lost_unseen(browser: FlaskClient) -> None:
    mine = given(text="Lo mío")
    designs.revise(blocks=["lines"], texts={"text": "Lo ajeno"})
    db.session.commit()
    refused = browser.post("/design", data=mine)
    assert refused.status_code == 422
    assert "Lo mío" in text(refused) and "revisión 2" in text(refused)
    assert designs.current().texts == {"text": "Lo ajeno"}
    base = re.search(r'name="base"[^>]*value="(\d+)"', refused.get_data(as_text=True))
    assert base and base[1] == "2"
    assert browser.post("/design", data=mine | {"base": base[1]}).status_code == 302
    assert designs.current().texts == {"text": "Lo mío"}


@pytest.mark.parametrize(("values", "said"), [
    ({"color": "teal"}, "#0f766e"), ({"bank": "x" * 601}, "601"), ({"footer": "a\nb\nc\nd"}, "4 renglones"),
    ({"footer": "W" * 260}, "4 renglones"), ({"blocks": ["lines", "nonsense"]}, "nonsense"),
    ({"logo_data": "%%%"}, "elegirlo otra vez"), ({"logo_data": base64.b64encode(b"%PDF-1.7").decode()}, "PDF")])
def test_a_refusal_stands_beside_its_field_and_what_was_typed_stays(browser: FlaskClient, values: dict[str, Any],
                                                                     said: str) -> None:
    response = browser.post("/design", data=given(receipt="Vuelva pronto", **values))
    assert response.status_code == 422
    assert "Vuelva pronto" in text(response) and said in text(response)
    assert 'class="field-error"' in response.get_data(as_text=True)
    assert designs.current().revision == 1


def test_lines_cannot_be_left_out(browser: FlaskClient) -> None:
    browser.post("/design", data=given(shown=["text"]))
    assert designs.current().blocks == ["lines", "text"]


def test_blocks_move_without_a_script(browser: FlaskClient) -> None:
    page = browser.post("/design", data=given(step="up:lines", text="Queda")).get_data(as_text=True)
    order = re.findall(r'name="blocks" value="(\w+)"', page)
    assert order[:3] == ["plan", "lines", "pay"] and "Queda" in page
    assert designs.current().revision == 1
    page = browser.post("/design", data=given(step="up:plan")).get_data(as_text=True)
    assert re.findall(r'name="blocks" value="(\w+)"', page) == list(BLOCKS)


# --- revisions -------------------------------------------------------------------------------------------


def test_an_old_revision_is_looked_at_and_used_again(browser: FlaskClient) -> None:
    browser.post("/design", data=given(text="Primero"))
    browser.post("/design", data=given(text="Segundo"))
    assert "Primero" in browser.get("/design?revision=2").get_data(as_text=True)
    assert "Primero" in words(browser.get("/design/preview?revision=2"))
    assert browser.post("/design/2/again").status_code == 302
    assert (designs.current().revision, designs.current().texts) == (4, {"text": "Primero"})
    assert browser.get("/design?revision=9").status_code == 404
    assert browser.post("/design/9/again").status_code == 404


# --- the logo --------------------------------------------------------------------------------------------


def test_a_logo_is_made_small_and_clean_and_printed(browser: FlaskClient) -> None:
    rotated = Image.Exif()
    rotated[0x0112], rotated[0x9286] = 6, "secret place"
    sent = picture("JPEG", (900, 300), exif=rotated.tobytes())
    browser.post("/design", data=given(logo=(io.BytesIO(sent), "logo.jpg")))
    kept = storage.read(designs.current().logo_file_id or 0)
    assert b"secret place" in sent and b"secret place" not in kept
    with Image.open(io.BytesIO(kept)) as made:
        assert (made.format, made.size) == ("PNG", (40, 120))  # it stood on its side
    assert len(read(browser.get("/design/preview")).pages[0].images) == 2
    browser.post("/design", data=given(no_logo="y"))
    assert designs.current().logo_file_id is None


@pytest.mark.parametrize(("sent", "said"), [
    (b"", None), (b"%PDF-1.7 x", "PDF"), (b"<svg onload='x()'/>", "SVG"), (b"GIF89a" + b"x" * 20, "GIF"),
    (b"MZ" + b"\0" * 90, "otro tipo"), (picture()[:300], "dañada"), (b"\x89PNG\r\n\x1a\n" + b"0" * (2 * 2**20), "2 MB"),
    (picture(size=(6000, 6000)), "6000 x 6000")])
def test_what_is_no_logo_is_refused_with_what_it_is(browser: FlaskClient, sent: bytes, said: str | None) -> None:
    part = browser.post("/design/logo", data=given(logo=(io.BytesIO(sent), "logo.png")))
    kept = browser.post("/design", data=given(text="Queda", logo=(io.BytesIO(sent), "logo.png")))
    assert (part.status_code, kept.status_code) == (422, 422)
    assert said is None or (said in text(part) and said in text(kept))
    assert "Queda" in text(kept) and designs.current().logo_file_id is None


def test_the_chosen_logo_comes_back_with_a_form_that_was_refused(browser: FlaskClient) -> None:
    part = browser.post("/design/logo", data=given(logo=(io.BytesIO(picture()), "logo.png")))
    refused = browser.post("/design", data=given(color="teal", logo=(io.BytesIO(picture()), "logo.png")))
    held = [re.search(r'name="logo_data"[^>]*value="([^"]+)"', one.get_data(as_text=True)) for one in (part, refused)]
    assert held[0] and held[1] and held[0][1] == held[1][1]
    assert browser.post("/design", data=given(logo_data=held[0][1])).status_code == 302
    assert designs.current().logo_file_id


def test_a_very_wide_logo_leaves_room_for_the_letter(browser: FlaskClient) -> None:
    response = preview(browser, logo=(io.BytesIO(picture(size=(2000, 100))), "logo.png"))
    widths = [image.image.size for image in read(response).pages[0].images if image.image]
    assert (400, 106) in widths


# --- the colour, and who may ------------------------------------------------------------------------------


@pytest.mark.parametrize(("color", "said"), [
    ("#0f766e", "5,47 a 1"), ("#ffee00", "Demasiado claro"), ("", "El color de la empresa"), ("red", "no es un color")])
def test_a_colour_says_whether_it_can_be_read(browser: FlaskClient, color: str, said: str) -> None:
    assert said in text(browser.get("/design/color", query_string={"color": color}))


@pytest.mark.parametrize(("method", "path"), [("get", "/design"), ("post", "/design"), ("get", "/design/preview"),
                                              ("post", "/design/logo"), ("get", "/design/color"),
                                              ("post", "/design/1/again")])
def test_it_needs_its_permission(login: Login, method: str, path: str) -> None:
    assert getattr(login(SEE), method)(path).status_code == 403


def test_a_company_without_a_country_layout_gets_its_samples(app: Any) -> None:
    made = companies.create_company("EC", "Quito Fibra S.A.", "1790012345001", code="uio")
    db.session.commit()
    with scope.company_scope(made):
        for code in SAMPLES:
            data = samples.pdf_of(code, InvoiceDesign(blocks=list(BLOCKS), texts={}, color=""))
            assert "Muestra" in " ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
