"""XLSX as programs write it: formulas, merged cells, dates, sheets, damage. Parts are written by hand where openpyxl
would not write them so.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal

import openpyxl
import pytest

from core.errors import DomainError
from modules.importer import reader

pytestmark = pytest.mark.once
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
HEAD = ["Código", "Nombre", "DNI", "Plan", "Saldo"]


def saved(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def workbook(*rows, merge=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cells in merge:
        book.active.merge_cells(cells)
    return saved(book)


def by_hand(rows_xml, *, texts="", styles="", book="", sheets='<sheet name="Hoja1" sheetId="1" r:id="rId1"/>', **parts):
    """The smallest XLSX around these rows."""
    kept = {"workbook": ("officeDocument", "xl/workbook.xml")}
    own = {"rId1": ("worksheet", "worksheets/sheet1.xml")}
    if texts:
        own["rId2"] = ("sharedStrings", "sharedStrings.xml")
    if styles:
        own["rId3"] = ("styles", "styles.xml")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", relations(kept))
        archive.writestr("xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{RELS}">{book}'
                                            f"<sheets>{sheets}</sheets></workbook>")
        archive.writestr("xl/_rels/workbook.xml.rels", relations(own))
        archive.writestr("xl/worksheets/sheet1.xml",
                         f'<worksheet xmlns="{MAIN}"><dimension ref="A1"/><sheetData>{rows_xml}</sheetData>'
                         "</worksheet>")
        if texts:
            archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{texts}</sst>')
        if styles:
            archive.writestr("xl/styles.xml", f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>')
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def relations(known):
    return f'<Relationships xmlns="{PACKAGE}">' + "".join(
        f'<Relationship Id="{key}" Type="{RELS}/{kind}" Target="{target}"/>' for key, (kind, target) in known.items()
    ) + "</Relationships>"


def heading():
    return "<row>" + "".join(f'<c t="inlineStr"><is><t>{one}</t></is></c>' for one in HEAD) + "</row>"


def cells(data, row=0):
    return reader.read(data, "x.xlsx").rows[row].cells


@pytest.mark.parametrize(("formula", "value", "kind", "read"), [
    ("B1*2", "37000", "", Decimal(37000)),
    ('CONCATENATE("Ana"," Paz")', "Ana Paz", ' t="str"', "Ana Paz"),
    ('HYPERLINK("http://x.example","ver")', "ver", ' t="str"', '=HYPERLINK("http://x.example","ver")'),
    ('WEBSERVICE("http://x.example")', "1", ' t="str"', '=WEBSERVICE("http://x.example")'),
    ("cmd|'/c calc'!A0", "0", "", "=cmd|'/c calc'!A0"),
    ("VLOOKUP(A1,B:C,2)", "#N/A", ' t="e"', "#N/A"),
    ("", "", "", "=?"),
])
def test_a_formula_is_what_it_gave_unless_it_leads_out_of_the_file(formula, value, kind, read):
    row = f'<row><c t="inlineStr"><is><t>1</t></is></c><c{kind}><f>{formula}</f><v>{value}</v></c><c><v>1</v></c></row>'
    assert cells(by_hand(heading() + row))[1] == read


def test_a_formula_that_failed_is_no_name(take):
    row = '<row><c><v>1</v></c><c t="e"><f>A1/0</f><v>#DIV/0!</v></c><c><v>23456781</v></c></row>'
    taken = take(data=by_hand(heading() + row))
    assert "#DIV/0! is a formula that failed" in taken.refused[2]


def test_what_is_merged_over_rows_holds_for_each_but_amounts_count_once(take):
    taken = take(data=workbook(
        HEAD, [7, "Agro S.A.", 30707386343, "Empresa 100", 5000], [None, None, None, "Empresa 50", None],
        [8, "Eva", 23456781, "Hogar", 10], merge=["A2:A3", "B2:B3", "C2:C3", "E2:E3"]), prices="net")
    assert taken.refused == {2: "The price of the plan is missing.", 3: "The price of the plan is missing.",
                             4: "The price of the plan is missing."}
    assert [(r.customer.code, r.customer.name, str(r.balance)) for r in taken.records] == [
        ("7", "Agro S.A.", "5000.00"), ("7", "Agro S.A.", "0.00"), ("8", "Eva", "10.00")]


def test_a_title_merged_over_columns_is_a_title():
    found = reader.read(workbook(["Clientes de la zona norte"], HEAD, [1, "Ana", 2, "P", 5], merge=["A1:E1"]), "x.xlsx")
    assert (found.heading_line, len(found.rows)) == (2, 1)


def test_dates_are_told_by_their_format_and_the_workbooks_first_year():
    styles = ('<numFmts><numFmt numFmtId="170" formatCode="[$-es-AR]dd&quot; de &quot;mmm"/>'
              '<numFmt numFmtId="171" formatCode="&quot;dia&quot; 0"/></numFmts>'
              '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="171"/></cellXfs>')
    row = "<row>" + "".join(f'<c s="{style}"><v>44230</v></c>' for style in range(4)) + "</row>"
    assert cells(by_hand(heading() + row, styles=styles)) == (
        Decimal(44230), dt.date(2021, 2, 3), dt.date(2021, 2, 3), Decimal(44230), "")
    old = by_hand(heading() + row, styles=styles, book='<workbookPr date1904="1"/>')
    assert cells(old)[1] == dt.date(2025, 2, 4)


def test_shared_texts_may_be_rich_and_cells_may_have_no_address():
    texts = "<si><t>Ana</t></si><si><r><t>María </t></r><r><t>Ñandú</t></r><rPh><t>x</t></rPh></si>"
    row = '<row r="9"><c r="B9" t="s"><v>1</v></c><c t="b"><v>1</v></c><c r="E9"><v>1.5E1</v></c></row>'
    found = reader.read(by_hand(heading() + row, texts=texts), "x.xlsx")
    assert (found.rows[0].line, found.rows[0].cells) == (9, ("", "María Ñandú", "SI", "", Decimal(15)))


def test_a_wrong_dimension_and_a_million_blank_rows_do_no_harm():
    blank = "".join(f'<row r="{n}"><c r="A{n}" s="1"/></row>' for n in range(3, 3000))
    row = '<row r="2"><c><v>1</v></c><c t="inlineStr"><is><t>Ana</t></is></c></row>'
    last = '<row r="1048576"><c r="B1048576" t="inlineStr"><is><t>Eva</t></is></c></row>'
    found = reader.read(by_hand(heading() + row + blank + last), "x.xlsx")
    assert [r.line for r in found.rows] == [2, 1048576]
    assert found.skipped_rows > 2990 and len(found.skipped) == 200


def two_sheets():
    book = openpyxl.Workbook()
    book.active.title = "Norte"
    hidden, south = book.create_sheet("Vieja"), book.create_sheet("Sur")
    for page, name in ((book.active, "Ana"), (hidden, "Eva"), (south, "Luz")):
        page.append(HEAD)
        page.append([1, name, 23456781, "P", 5])
    hidden.sheet_state = "hidden"
    return saved(book)


def test_of_several_sheets_one_is_read_and_the_others_are_named():
    found = reader.read(two_sheets(), "x.xlsx")
    assert (found.page, found.other_pages, found.rows[0].cells[1]) == ("Norte", ("Sur",), "Ana")
    found = reader.read(two_sheets(), "x.xlsx", "Sur")
    assert (found.page, found.other_pages, found.rows[0].cells[1]) == ("Sur", ("Norte",), "Luz")


def test_a_column_without_a_heading_is_called_by_its_letter():
    found = reader.read(workbook([*HEAD, None, "Tel", "Tel"], [1, "Ana", 2, "P", 5, "x", "1", "2"]), "x.xlsx")
    assert found.labels == (*HEAD, "(F)", "Tel", "Tel (2)")
    assert found.headings == (*HEAD, "", "Tel", "Tel")


def ods():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<x/>")
    return out.getvalue()


def damaged(change):
    data = bytearray(workbook(HEAD, *[[n, f"Cliente {n}", 20000000 + n, "P", 5] for n in range(500)]))
    return bytes(change(data))


def overwritten(data):
    place = data.index(b"xl/worksheets/sheet1.xml") + 200
    data[place:place + 400] = bytes(400)
    return data


BROKEN = {
    "cut": damaged(lambda data: data[:len(data) // 2]),
    "overwritten": damaged(overwritten),
    "no workbook": b"PK\x03\x04" + bytes(200),
    "xml cut": by_hand("<row><c><v>1"),
    "text of nowhere": by_hand(heading() + '<row><c t="s"><v>x</v></c></row>', texts="<si><t>a</t></si>"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_damaged_file_is_refused_in_words(case):
    with pytest.raises(DomainError, match="damaged"):
        reader.read(BROKEN[case], "x.xlsx")


def test_what_only_looks_alike_is_named():
    for data in (ods(), by_hand("", **{"xl/workbook.bin": b""}).replace(b"_rels/.rels", b"_rels/.xels")):
        with pytest.raises(DomainError, match="another format"):
            reader.read(data, "x.xlsx")
    with pytest.raises(DomainError, match="password"):
        reader.read(b"\xd0\xcf\x11\xe0" + bytes(3000) + "EncryptedPackage".encode("utf-16-le") + bytes(900), "x.xlsx")
    with pytest.raises(DomainError, match="no row with headings"):
        reader.read(workbook(), "x.xlsx")


def test_a_file_that_swells_when_it_is_opened_is_refused(monkeypatch):
    from modules.importer import workbooks

    monkeypatch.setattr(workbooks, "LARGEST", 5_000_000)
    with pytest.raises(DomainError, match="too large"):
        reader.read(by_hand(heading() + "<row></row>" * 600_000), "x.xlsx")


def test_an_entity_of_a_malicious_file_is_not_opened(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret words")
    data = by_hand(heading())
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename.endswith("sheet1.xml"):
                row = b'<row><c t="inlineStr"><is><t>&e;</t></is></c></row></sheetData>'
                content = (f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'.encode()
                           + content.replace(b"</sheetData>", row))
            new.writestr(info, content)
    try:
        found = [cell for row in reader.read(out.getvalue(), "x.xlsx").rows for cell in row.cells]
    except DomainError:
        found = []
    assert not any("secret words" in str(cell) for cell in found)
