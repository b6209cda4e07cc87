"""OFX, MT940 and CAMT.053: what is read, and what is refused because it is cut, wrong, unsafe or somebody else's."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest

from modules.gateways import ports
from modules.gateways.access import Access
from modules.gateways.errors import BadFile
from tests.modules.gateways.bank.reading import read, refusal

pytestmark = pytest.mark.once

OFX = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
ENCODING:USASCII
CHARSET:1252

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20261110<LANGUAGE>SPA</SONRS>
</SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>COP
<BANKACCTFROM><BANKID>040<ACCTID>400000012345<ACCTTYPE>SAVINGS</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20261101<DTEND>20261110
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261109102105[-5:COT]<TRNAMT>89900.00<FITID>N-1<NAME>ANA PRUEBA
<MEMO>1045 &amp; INTERNET
</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT</TRNTYPE><DTPOSTED>20261110</DTPOSTED><TRNAMT>-1500,50</TRNAMT>
<FITID>N-2</FITID><CHECKNUM>77</CHECKNUM><MEMO>COMISIÓN</MEMO></STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>188399.50<DTASOF>20261110</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""
OFX2 = '<?xml version="1.0" encoding="UTF-8"?><?OFX OFXHEADER="200" VERSION="220"?>' + OFX[OFX.index("<OFX>"):]

MT940 = """{1:F01BANKCOBBXXXX0000000000}{2:I940BANKCOBBXXXXN}{4:
:20:STMT-1
:25:040/400000012345
:28C:5/1
:60F:C261108COP100000,00
:61:2611091109C89900,NTRF1045//B-900
:86:TRANSFERENCIA ANA PRUEBA
INTERNET NOVIEMBRE
:61:2611101110D1500,50NCHGNONREF
:86:COMISION
:61:2611101110RC100,NTRFX//B-901
:86:DEVOLUCION
:62F:C261110COP188299,50
-}
"""

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
CAMT = HEAD + """
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr><Stmt>
<Id>S1</Id><Acct><Id><Othr><Id>400000012345</Id></Othr></Id></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="COP">100000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="COP">233299.50</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<TxsSummry><TtlNtries><NbOfNtries>4</NbOfNtries></TtlNtries></TxsSummry>
<Ntry><Amt Ccy="COP">89900.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-11-09</Dt></BookgDt><AcctSvcrRef>B-900</AcctSvcrRef>
<NtryDtls><TxDtls><Refs><EndToEndId>1045</EndToEndId></Refs>
<RltdPties><Dbtr><Pty><Nm>Ana Prueba</Nm></Pty></Dbtr></RltdPties>
<RmtInf><Ustrd>INTERNET</Ustrd><Ustrd>NOV</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="COP">1500.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>
<BookgDt><DtTm>2026-11-10T08:00:00</DtTm></BookgDt>
<AddtlNtryInf>COMISION</AddtlNtryInf></Ntry>
<Ntry><Amt Ccy="COP">44900.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-11-10</Dt></BookgDt><AcctSvcrRef>B-902</AcctSvcrRef><NtryDtls>
<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId><TxId>1046</TxId></Refs><Amt Ccy="COP">40000.00</Amt></TxDtls>
<TxDtls><Refs><EndToEndId>1047</EndToEndId></Refs>
<AmtDtls><TxAmt><Amt Ccy="COP">4900.00</Amt></TxAmt></AmtDtls></TxDtls>
</NtryDtls></Ntry>
<Ntry><Amt Ccy="COP">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts>
<BookgDt><Dt>2026-11-10</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""


@pytest.mark.parametrize("content", [
    OFX.encode("cp1252"), OFX.encode(), OFX.replace("\n", "\r\n").encode(), OFX2.encode(),
    OFX.replace("\n", "").replace("CHARSET:1252", "").encode(),
])
def test_ofx_is_read_with_and_without_end_tags(content: bytes) -> None:
    (paid, fee), problems, control = read(content, account="40-0000012345")
    assert (paid.external_id, paid.date, paid.amount, paid.currency, paid.name, paid.text) == (
        "N-1", dt.date(2026, 11, 9), Decimal("89900.00"), "COP", "ANA PRUEBA", "ANA PRUEBA 1045 & INTERNET")
    assert (fee.amount, fee.reference, fee.text) == (Decimal("-1500.50"), "77", "COMISIÓN")
    assert problems == [] and (control.count, control.total) == (2, Decimal("88399.50"))
    assert control.date == dt.date(2026, 11, 10)
    assert control.facts == {"account": "400000012345", "closing": "188399.50"}


def test_a_number_that_a_bank_gives_twice_is_told_apart() -> None:
    first, second = read(OFX.replace("N-2", "N-1"))[0]
    assert first.external_id == "N-1" and second.external_id.startswith("N-1-")
    assert [one.external_id for one in read(OFX.replace("N-2", "N-1"))[0]] == [first.external_id, second.external_id]


def test_mt940_is_read_and_its_balances_are_proved() -> None:
    (paid, fee, back), problems, control = read(MT940, account="400000012345")
    assert (paid.date, paid.amount, paid.currency, paid.reference, paid.text, paid.line) == (
        dt.date(2026, 11, 9), Decimal("89900"), "COP", "1045", "TRANSFERENCIA ANA PRUEBA INTERNET NOVIEMBRE", 6)
    assert (fee.amount, fee.reference, back.amount) == (Decimal("-1500.50"), "", Decimal("-100"))
    assert problems == [] and (control.count, control.total) == (3, Decimal("88299.50"))
    assert control.facts["opening"] == "100000.00" and control.facts["closing"] == "188299.50"


def test_statements_of_several_days_are_one_file() -> None:
    second = MT940[MT940.index(":20:"):].replace("STMT-1", "STMT-2").replace("100000,00", "188299,50").replace(
        ":62F:C261110COP188299,50", ":62F:C261110COP276599,00")
    lines, _problems, control = read(MT940 + second)
    assert control.count == 6 and len({one.external_id for one in lines}) == 6
    assert (control.facts["opening"], control.facts["closing"]) == ("100000.00", "276599.00")


def test_camt_is_read_its_batches_are_taken_apart_and_what_is_not_booked_is_shown() -> None:
    (paid, fee, one, two), problems, control = read(CAMT, account="400000012345")
    assert (paid.external_id, paid.date, paid.amount, paid.name, paid.text, paid.reference) == (
        "B-900", dt.date(2026, 11, 9), Decimal("89900.00"), "Ana Prueba", "INTERNET NOV", "1045")
    assert (fee.amount, fee.date, fee.text) == (Decimal("-1500.50"), dt.date(2026, 11, 10), "COMISION")
    assert [(part.external_id, part.amount, part.reference) for part in (one, two)] == [
        ("B-902/1", Decimal("40000.00"), "1046"), ("B-902/2", Decimal("4900.00"), "1047")]
    assert [problem.code for problem in problems] == ["not_booked"] and control.count == 4
    assert control.total == Decimal("133299.50")


@pytest.mark.parametrize("version", ["02", "04", "10", "13"])
def test_every_version_of_camt_is_understood(version: str) -> None:
    assert read(CAMT.replace("camt.053.001.08", f"camt.053.001.{version}"))[2].count == 4


@pytest.mark.parametrize("content", [OFX, MT940, CAMT])
def test_the_same_file_gives_the_same_identities(content: str) -> None:
    assert [one.external_id for one in read(content)[0]] == [one.external_id for one in read(content)[0]]


@pytest.mark.parametrize("content", [OFX, MT940, CAMT])
def test_a_statement_of_another_account_is_refused(content: str) -> None:
    error = refusal(content, account="400000012346")
    assert error is not None and error.code == "foreign" and "400000012345" in str(error)
    assert refusal(content, account="040-400000012345") is None


@pytest.mark.parametrize(("content", "code"), [
    (OFX.replace("89900.00", "89.9oo"), "field"), (OFX.replace("20261109102105", "20261309102105"), "field"),
    (OFX.replace("<TRNAMT>89900.00", ""), "field"), (OFX.replace("</OFX>", ""), "cut"),
    (OFX.replace("20261110</DTPOSTED>", "20271110</DTPOSTED>"), "future"),
    (OFX2.replace("<OFX>", '<!DOCTYPE OFX [<!ENTITY a "b">]><OFX>', 1), "unsafe"), (OFX[:60] + "<OFX><A" + "x" * 70_000,
                                                                                    "length"),
    (OFX.replace("</STMTTRNRS>", "</STMTTRNRS><STMTTRNRS><ACCTID>9</STMTTRNRS>"), "foreign"),
    (MT940.replace("89900,", "89901,"), "control"), (MT940.replace("188299,50", "188299,51"), "control"),
    (MT940.replace(":62F:C261110COP188299,50\n", ""), "cut"), (MT940.replace(":60F:C261108COP100000,00\n", ""), "cut"),
    (MT940.replace("2611091109C89900,", "2611991109C89900,"), "field"), (MT940.replace("C89900,NTRF", "Q89900,NTRF"),
                                                                         "field"),
    (MT940.replace(":61:2611101110D", ":61:xx2611101110D"), "field"),
    (MT940 + MT940.replace("400000012345", "400000099999"), "foreign"),
    (MT940.replace("COMISION", "C" * 5000), "length"),
    (CAMT.replace(">89900.00", ">89901.00"), "control"), (CAMT.replace(">4</NbOf", ">5</NbOf"), "control"),
    (CAMT.replace("2026-11-09", "2026-13-09"), "field"), (CAMT.replace("<CdtDbtInd>DBIT</CdtDbtInd>", ""), "field"),
    (CAMT.replace(">1500.50<", ">1.500,50<"), "field"), (CAMT[:-60], "cut"), (CAMT.replace("</Ntry>", "", 1), "cut"),
    (CAMT.replace("camt.053", "camt.054"), "record"), (HEAD + "<html></html>", "record"),
    (CAMT.replace("<Document", '<!DOCTYPE d [<!ENTITY a "b">]><Document'), "unsafe"),
    (CAMT.replace("<Document", '<!DOCTYPE d SYSTEM "http://192.0.2.1/x.dtd"><Document'), "unsafe"),
    (b"\xd0\xcf\x11\xe0" + b"x" * 500, "record"), (b"", "empty"), (b"\r\n \r\n", "empty"),
])
def test_files_that_are_not_right_are_refused(content: Any, code: str) -> None:
    error = refusal(content)
    assert error is not None and error.code == code and error.line


def test_entities_never_grow(tmp_path: Any) -> None:
    bombs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    laughs = CAMT.replace("<Document", f'<!DOCTYPE d [<!ENTITY a0 "ha">{bombs}]><Document').replace("COMISION", "&a9;")
    error = refusal(laughs)
    assert error is not None and error.code == "unsafe"
    assert refusal(CAMT.replace("COMISION", "&undeclared;")) is not None


@pytest.mark.parametrize("content", [OFX, MT940, CAMT])
def test_no_beginning_of_a_file_passes_for_the_whole(content: str) -> None:
    whole = content.rstrip()
    end = whole.rindex("\n-}") if content is MT940 else len(whole)
    for length in range(1, end - 3, 7):
        assert refusal(whole[:length]) is not None, length


@pytest.mark.parametrize("content", [OFX, MT940, CAMT])
def test_no_garbage_breaks_the_reader(content: str) -> None:
    whole = content.encode()
    for place in range(0, len(whole), 23):
        for sign in (b"\x00", b"\xff", b"<", b":", b"\n", b"9"):
            refusal(whole[:place] + sign + whole[place + 1:])


def test_nothing_is_held_of_a_large_file() -> None:
    entry = CAMT[CAMT.index("<Ntry>"):CAMT.index("</Ntry>") + 7].replace("<AcctSvcrRef>B-900</AcctSvcrRef>", "")
    start, end = CAMT[:CAMT.index("<Bal>")], CAMT[CAMT.index("</Stmt>"):]

    class Endless(io.BytesIO):
        """A file whose reader may stop."""

    file = Endless((start + entry * 3000 + end).encode())
    found = ports.bank_statements.get("bank").read(file, Access("bank", {}))
    next(found)
    assert file.tell() < len(file.getvalue()) // 2  # the first line comes before the file is read


def test_a_format_that_does_not_exist_is_told() -> None:
    with pytest.raises(BadFile, match="camt053"):
        read(OFX, format="qif")
