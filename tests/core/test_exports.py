"""The writers of files: joined PDFs that share what they can, sheets that overflow, names in a ZIP, big files."""

from __future__ import annotations

import io
import os
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import Link
from pypdf.generic import Fit, NameObject
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from core import pdf, storage
from core.db import db
from core.exports import pdf_file, xlsx_file, zip_file
from core.lists.cells import harmless
from core.models import Company, StoredFile

LOGO = os.urandom(30_000)


def paper(text: str, pages: int = 1, logo: bool = False) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    for number in range(pages):
        if logo:
            canvas.drawImage(ImageReader(picture()), 50, 600, 100, 100)
        canvas.drawString(72, 700, f"{text} {number + 1}")
        canvas.linkURL("https://example.com", (0, 0, 10, 10))
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def picture() -> io.BytesIO:
    from PIL import Image

    out = io.BytesIO()
    Image.frombytes("RGB", (100, 100), LOGO).save(out, "PNG")
    out.seek(0)
    return out


def join(path: Path, *papers: bytes) -> PdfReader:
    with pdf_file.Joiner(path) as joiner:
        for one in papers:
            joiner.add(one)
    return PdfReader(path, strict=True)


def texts(reader: PdfReader) -> list[str]:
    return [page.extract_text().strip() for page in reader.pages]


# --- PDF ------------------------------------------------------------------------------------------------


@pytest.mark.once
def test_pages_stand_in_order_with_all_that_they_show(tmp_path: Path) -> None:
    joined = join(tmp_path / "j.pdf", paper("uno", 2, logo=True), paper("dos"), paper("tres", 3, logo=True))
    assert texts(joined) == ["uno 1", "uno 2", "dos 1", "tres 1", "tres 2", "tres 3"]
    assert [len(page.images) for page in joined.pages] == [1, 1, 0, 1, 1, 1]
    links = [page["/Annots"][0].get_object()["/A"]["/URI"] for page in joined.pages]  # type: ignore[index]
    assert set(links) == {"https://example.com"}


@pytest.mark.once
def test_what_all_papers_share_is_written_once(tmp_path: Path) -> None:
    papers = [paper(f"papel {n}", logo=True) for n in range(50)]
    join(tmp_path / "j.pdf", *papers)
    size = (tmp_path / "j.pdf").stat().st_size
    assert size < 2 * len(papers[0]) + 50 * 2_000 and sum(map(len, papers)) > 10 * size


@pytest.mark.once
def test_the_tree_of_pages_grows_by_nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_file, "PAGES_PER_NODE", 3)
    monkeypatch.setattr(pdf_file, "REMEMBERED", 4)
    joined = join(tmp_path / "j.pdf", *[paper(f"p{n}") for n in range(10)])
    assert texts(joined) == [f"p{n} 1" for n in range(10)]
    root: Any = joined.trailer["/Root"]
    assert len(root["/Pages"]["/Kids"]) == 4 and root["/Pages"]["/Count"] == 10


@pytest.mark.once
def test_memory_does_not_grow_with_the_papers(tmp_path: Path) -> None:
    import tracemalloc

    papers = [paper(f"papel {n}", logo=True) for n in range(20)]

    def peak(count: int) -> int:
        tracemalloc.start()
        with pdf_file.Joiner(tmp_path / "j.pdf") as joiner:
            for number in range(count):
                joiner.add(papers[number % 20])
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(5)
    small = peak(40)
    assert peak(300) < small + 3_000_000  # a merger that keeps all holds ten times as much


@pytest.mark.once
def test_the_product_s_own_documents_are_joined_with_their_fonts(tmp_path: Path) -> None:
    html = ('<html><head><meta name="abona-pages" content="Hoja %(page)s de %(pages)s"><meta name="abona-watermark" '
            'content="ENSAYO"><style>@page {{ size: a4; margin: 1cm }} body {{ font-family: Helvetica }}</style></head>'
            '<body>Factura {n} ąñ€ ✓</body></html>')
    joined = join(tmp_path / "j.pdf", *[pdf.render(html.format(n=n)) for n in (1, 2)])
    assert [f"Factura {n} ąñ€ ✓" in text and "ENSAYO" in text and "Hoja 1 de" in text
            for n, text in enumerate(texts(joined), 1)] == [True, True]


@pytest.mark.once
def test_pages_that_point_to_each_other_and_inherit_are_joined(tmp_path: Path) -> None:
    """A link from page to page is a ring; a media box may stand at the root of the tree."""
    writer = PdfWriter()
    writer.append(PdfReader(io.BytesIO(paper("anillo", 2))))
    for page, target in ((0, 1), (1, 0)):
        writer.add_annotation(page, Link(rect=(0, 0, 9, 9), target_page_index=target, fit=Fit.fit()))
    pages: Any = writer._root_object["/Pages"]
    for page in writer.pages:
        pages[NameObject("/MediaBox")] = page["/MediaBox"]
        del page["/MediaBox"]
    out = io.BytesIO()
    writer.write(out)
    joined = join(tmp_path / "j.pdf", paper("antes"), out.getvalue())
    assert texts(joined) == ["antes 1", "anillo 1", "anillo 2"]
    assert joined.pages[2].mediabox.width > 500
    target = joined.pages[1]["/Annots"][-1].get_object()["/Dest"][0]  # type: ignore[index]
    assert target.idnum == joined.pages[2].indirect_reference.idnum  # type: ignore[union-attr]


@pytest.mark.once
@pytest.mark.parametrize("data", [b"", b"no pdf", b"%PDF-1.4\n", paper("x")[:300]])
def test_what_is_no_pdf_is_refused_and_hurts_nothing(tmp_path: Path, data: bytes) -> None:
    with pdf_file.Joiner(tmp_path / "j.pdf") as joiner:
        joiner.add(paper("antes"))
        with pytest.raises(pdf_file.BadPdf):
            joiner.add(data)
        joiner.add(paper("después"))
    assert texts(PdfReader(tmp_path / "j.pdf", strict=True)) == ["antes 1", "después 1"]


@pytest.mark.once
def test_a_locked_pdf_is_refused(tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.append(PdfReader(io.BytesIO(paper("secreto"))))
    writer.encrypt("clave", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    with pdf_file.Joiner(tmp_path / "j.pdf") as joiner, pytest.raises(pdf_file.BadPdf, match="encrypted"):
        joiner.add(out.getvalue())


# --- sheets and archives ------------------------------------------------------------------------------------


@pytest.mark.once
def test_rows_beyond_a_sheet_go_to_the_next_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_file, "ROWS_PER_SHEET", 3)
    rows = [[f"fila {n}", n] for n in range(7)]
    written = xlsx_file.write(tmp_path / "a.xlsx", "Cosas/[raras]: todas las que hay aquí", ["Nombre", "Número"],
                              [rows[:5], rows[5:]], [str, int], ["", "#,##0"])
    book = load_workbook(tmp_path / "a.xlsx")
    assert written == 7 and [sheet.max_row for sheet in book] == [4, 4, 2]
    assert [[cell.value for cell in row] for row in book.worksheets[2]] == [["Nombre", "Número"], ["fila 6", 6]]
    assert all(len(name) <= 31 for name in book.sheetnames)


@pytest.mark.once
@pytest.mark.parametrize("text", ["a\x00b\x0bc", "=1+1", "x" * 40_000, "", "línea\r\notra"])
def test_any_text_makes_a_sheet_that_opens(tmp_path: Path, text: str) -> None:
    xlsx_file.write(tmp_path / "a.xlsx", "x", ["=Título"], [[[text], [None]]], [lambda value: value], [""])
    sheet = load_workbook(tmp_path / "a.xlsx").active
    assert sheet is not None and sheet["A1"].value == "=Título" and sheet["A1"].data_type != "f"
    assert sheet["A2"].data_type != "f"


@pytest.mark.once
def test_names_in_an_archive_are_free_and_without_folders(tmp_path: Path) -> None:
    names = ["a.pdf", "A.pdf", "../../etc/passwd", "a.pdf", "a (2).pdf", "..\\x.pdf", "", "sin punto", "sin punto"]
    assert zip_file.write(tmp_path / "z.zip", [(name, b"x") for name in names]) == 9
    found = zipfile.ZipFile(tmp_path / "z.zip").namelist()
    assert len({name.casefold() for name in found}) == 9 and not [name for name in found if "/" in name or "\\" in name]


@pytest.mark.once
@pytest.mark.parametrize(("text", "written"), [
    ("=1", "'=1"), ("+54 9 358", "'+54 9 358"), ("+549358", "+549358"), ("-1.5", "-1.5"), ("-1,5", "-1,5"),
    ("-", "'-"), ("@x", "'@x"), ("\tx", "'\tx"), ("\n=1", "'\n=1"), ("a=1", "a=1"), ("", ""), ("+1e9", "'+1e9"),
    ("-1\n", "'-1\n")])  # fmt: skip
def test_a_text_that_a_program_would_run_is_quoted(text: str, written: str) -> None:
    assert harmless(text) == written


# --- storage --------------------------------------------------------------------------------------------------


def grow(size: int) -> Path:
    with storage.draft() as path:
        path.write_bytes(os.urandom(size))
        file = storage.store_path(path, "grande.csv", "text/csv")
        assert not path.exists()
    return storage.backend().path(file.sha256)  # type: ignore[attr-defined]


def test_a_big_file_is_kept_without_being_held_in_memory(company: Company) -> None:
    import tracemalloc

    grow(1000)
    tracemalloc.start()
    path = grow(20_000_000)
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size == 20_000_000 and used < 20_000_000 + 2_000_000  # os.urandom itself holds it once
    with storage.backend().open(path.name) as file:
        assert len(file.read(10)) == 10


def test_a_draft_that_failed_leaves_nothing(company: Company, instance: Path) -> None:
    with pytest.raises(RuntimeError), storage.draft() as path:
        path.write_bytes(b"half")
        raise RuntimeError
    assert not list((instance / "files").glob(".*.part"))


def test_the_same_big_content_is_kept_once(company: Company) -> None:
    for _time in range(2):
        with storage.draft() as path:
            path.write_bytes(b"same" * 1000)
            storage.store_path(path, "a.csv", "text/csv")
    rows = list(db.session.scalars(sa.select(StoredFile).where(StoredFile.size == 4000)))
    assert len(rows) == 2 and storage.read(rows[0]) == storage.read(rows[1])


def test_young_content_is_spared_since_its_row_may_be_on_its_way(company: Company) -> None:
    path = grow(1000)
    storage.discard([path.name])
    assert path.exists()
    old = time.time() - storage.YOUNG_SECONDS - 10
    os.utime(path, (old, old))
    storage.backend().put([path.read_bytes()])  # somebody stores the same again
    storage.discard([path.name])
    assert path.exists()
    os.utime(path, (old, old))
    storage.discard([path.name, "0" * 64])
    assert not path.exists()
