"""Every reader of files against spoilt ones: cut, changed, in other encodings, gigantic, several in one.

A reader takes a file as a whole and says so, or refuses it in words; nothing else, and never a part of it. Where a file
tells its own count and total, nothing but these is ever taken.
"""

from __future__ import annotations

import io
import random
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from core import clock
from core.errors import DomainError
from modules.gateways import jsonform, ports
from modules.gateways.errors import BadFile
from modules.gateways.ports import BankLine, Settled
from modules.gateways.shapes import Control, Problem, Reading
from tests.modules.gateways.asobancaria import test_collections as asobancaria
from tests.modules.gateways.bank import test_tables, test_trade_formats
from tests.modules.gateways.bank.reading import DAY
from tests.modules.gateways.cobrodigital import test_mapping as cobrodigital
from tests.modules.gateways.efecty import test_files as efecty
from tests.modules.gateways.facilito import test_files as facilito
from tests.modules.gateways.files import spoilt
from tests.modules.gateways.mercadopago import test_statement as reports
from tests.modules.gateways.pagofacil import test_preset as pagofacil
from tests.modules.gateways.pagomiscuentas import test_files as pagomiscuentas
from tests.modules.gateways.prisma import test_files as prisma
from tests.modules.gateways.siro import test_rendition as siro
from tests.modules.gateways.snp import test_preset as snp
from tests.modules.gateways.test_layouts import FIXED, fixed

pytestmark = pytest.mark.once
TIMES = 40


@dataclass(frozen=True)
class Case:
    """A reader, a file that it takes, and whether the file proves itself (count and total, or balances)."""

    registry: Any
    provider: str
    content: bytes
    account: Mapping[str, Any] = field(default_factory=dict)
    proves_itself: bool = True
    # several in one are several statements
    may_follow: bool = False


def report(*rows: str) -> bytes:
    return ("\n".join(rows) + "\n").encode()


FILES, REPORTS, BANKS = ports.payment_files, ports.statements, ports.bank_statements
CASES = {
    "asobancaria 2001": Case(FILES, "asobancaria_2001", asobancaria.TWO_BATCHES),
    "asobancaria 2001, one batch": Case(FILES, "asobancaria_2001", asobancaria.ONE_BATCH, asobancaria.ACCOUNT),
    "asobancaria 1998": Case(FILES, "asobancaria_1998", asobancaria.OLD),
    "cobrodigital": Case(FILES, "cobrodigital", cobrodigital.file(*(cobrodigital.entes(100, n) for n in range(5)))),
    "efecty": Case(FILES, "efecty", efecty.PAID, {}, False),
    "facilito": Case(FILES, "facilito", facilito.DAY, {}, False),
    "own layout": Case(FILES, "generic_file", fixed(("A12", 12100, 1), ("A13", 500, 2), ("A14", 99, 3)).encode(),
                       {"layout_in": FIXED, "values": ["company=77"]}),
    "pagofacil": Case(FILES, "pagofacil", pagofacil.variant_a(*(pagofacil.triple(number=n) for n in range(1, 5))), {},
                      False),
    "pagomiscuentas": Case(FILES, "pagomiscuentas", pagomiscuentas.COB, pagomiscuentas.ACCOUNT),
    "prisma": Case(FILES, "prisma", prisma.GOOD, prisma.ACCOUNT),
    "prisma, Visa debit": Case(FILES, "prisma", prisma.visa_file("LDEBLIQD", prisma.visa()),
                               {**prisma.ACCOUNT, "tipo": "DEBLIQD"}),
    "prisma, First Data": Case(FILES, "prisma", prisma.first_data("00", "51"), prisma.FIRST_DATA),
    "pagofacil, one line": Case(FILES, "pagofacil", pagofacil.variant_b((1000001, 1815000), (2, 50)), pagofacil.B,
                                False),
    "siro, alternate": Case(FILES, "siro", siro.content(*(
        f"2026111{day}2026111220261110181500001000001{0}{siro.SLIP}PF " for day in range(3))), {}, False),
    "siro": Case(FILES, "siro", siro.content(*(siro.line(payment=f"{n:010d}") for n in range(1, 6))), {}, False),
    "siro, extended": Case(FILES, "siro", siro.content(siro.line(), siro.line(amount=99)), {}, False),
    "snp": Case(FILES, "snp", snp.GOOD, snp.ACCOUNT),
    "payments of a report": Case(FILES, "mercadopago", report(*reports.RELEASES), {"country": "AR"}),
    "settlement report": Case(REPORTS, "mercadopago", report(reports.HEAD, reports.PAID, reports.BACK, reports.OUT),
                              {"country": "AR"}, False),
    "release report": Case(REPORTS, "mercadopago", report(*reports.RELEASES), {"country": "AR"}),
    "bank, OFX": Case(BANKS, "bank", test_trade_formats.OFX.encode("cp1252"), {}, False),
    "bank, OFX 2": Case(BANKS, "bank", test_trade_formats.OFX2.encode(), {}, False),
    "bank, MT940": Case(BANKS, "bank", test_trade_formats.MT940.encode(), may_follow=True),
    "bank, CAMT.053": Case(BANKS, "bank", test_trade_formats.CAMT.encode()),
    "bank, CSV": Case(BANKS, "bank", test_tables.CSV.encode(), {}, False),
    "bank, XLSX": Case(BANKS, "bank", test_tables.workbook(
        ["Fecha", "Importe", "Concepto"], ["10/11/2026", 1500.5, "X"], ["11/11/2026", 20, "Y"]), {}, False),
}


def taken(case: Case, content: bytes) -> tuple[Control, int] | None:
    """(Control, problems) of a file that is taken; None where it is refused in words. Anything else is a failure."""
    access = jsonform.access_of(case.provider, dict(case.account))
    counted, problems, control = 0, 0, None
    try:
        with clock.freeze(DAY):
            for one in case.registry.get(case.provider).read(io.BytesIO(content), access):
                assert control is None, "nothing comes after the Control"
                assert isinstance(one, (Reading, Settled, BankLine, Problem, Control))
                counted += not isinstance(one, (Problem, Control))
                problems += isinstance(one, Problem)
                control = one if isinstance(one, Control) else None
    except BadFile as refusal:
        assert str(refusal).strip() and len(str(refusal)) < 500, "in words, and not with the whole file in them"
        return None
    except DomainError as refusal:
        pytest.fail(f"a refusal of a file is a BadFile: {refusal!r}")
    assert control is not None, "a file ends with its Control"
    assert counted <= control.count <= counted + problems
    return control, problems


def is_the_same(case: Case, found: tuple[Control, int], content: bytes) -> bool:
    """Whether what was taken says what the whole file says, where a file can tell, or shows what it left out."""
    whole = taken(case, case.content)
    assert whole is not None
    if not case.proves_itself or found[1] > whole[1]:
        return True
    if case.may_follow and content == case.content * 2:
        return True
    # a movement of a bank may be shown in parts or as one
    return found[0].total == whole[0].total and (case.registry is BANKS or found[0].count == whole[0].count)


def otherwise(content: bytes) -> Iterator[bytes]:
    """In other encodings, of other kinds, with lines and whole files where none belong."""
    text = content.decode("latin-1")
    yield from (text.encode(name, "replace") for name in ("utf-16", "utf-16-be", "utf-32", "utf-7", "cp037"))
    yield b"\xef\xbb\xbf" + content
    yield b"\xff\xfe" + content
    yield content.replace(b"\r\n", b"\n")
    yield content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    yield content.replace(b"\r", b"").replace(b"\n", b"\r")
    yield content.replace(b"\r", b"").replace(b"\n", b"")
    yield content.replace(b"0", "٣".encode())  # digits of another script
    yield content + content
    yield content + b"\0" * 1000
    yield content + b"9" * 3_000_000
    yield b"9" * 3_000_000 + content
    yield content[: len(content) // 2] + b" " * 2_000_000 + content[len(content) // 2:]
    yield b"\n" * 50_000 + content
    yield from (b"", b"\n", b"\0", b"\xff" * 100, b"<html><body>Sesion expirada</body></html>", b"%PDF-1.7\n",
                b"PK\x03\x04" + b"\0" * 100, b"[" * 100_000, b"<a>" * 50_000, b"\x1f\x8b" + zlib.compress(content))


@pytest.mark.parametrize("name", CASES)
def test_the_file_itself_is_taken(name: str) -> None:
    found = taken(CASES[name], CASES[name].content)
    assert found is not None and found[0].count > 0


@pytest.mark.parametrize("name", CASES)
def test_spoilt_files_are_refused_in_words_or_taken_as_a_whole(name: str) -> None:
    case = CASES[name]
    refused = 0
    for one in spoilt(case.content, seed=len(name), times=TIMES):
        found = taken(case, one)
        refused += found is None
        assert found is None or is_the_same(case, found, one), one
    assert refused > TIMES / 2, "what is spoilt is seen"


@pytest.mark.parametrize("name", CASES)
def test_files_of_another_kind_are_refused_in_words_or_are_the_same(name: str) -> None:
    case = CASES[name]
    for one in otherwise(case.content):
        found = taken(case, one)
        assert found is None or is_the_same(case, found, one), one[:200]


def other_digits(content: bytes) -> Iterator[bytes]:
    """The file with one digit of its first or last line changed: whose it is, its day, its count, its total."""
    lines = content.splitlines(keepends=True)
    for place in {0, len(lines) - 1}:
        for spot, sign in enumerate(lines[place]):
            if chr(sign).isdigit():
                changed = lines[place][:spot] + bytes([48 + (sign - 47) % 10]) + lines[place][spot + 1:]
                yield b"".join([*lines[:place], changed, *lines[place + 1:]])


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.proves_itself])
def test_no_digit_of_the_first_and_last_line_is_believed_alone(name: str) -> None:
    """A wrong count or total, above all: the file is refused, or says the same."""
    case = CASES[name]
    for one in other_digits(case.content):
        found = taken(case, one)
        assert found is None or is_the_same(case, found, one), one[-200:]


# by what of the account a file is known to be somebody else's
OTHERS: dict[str, Mapping[str, Any]] = {
    "asobancaria 2001": {"nit": "8009876541", "bank": "040", "account": "400000012345"},
    "asobancaria 2001, one batch": {**asobancaria.ACCOUNT, "account": "999"},
    "efecty": {"convenio": "999999"}, "own layout": {"layout_in": FIXED, "values": ["company=78"]},
    "pagofacil": {"empresa": "9999"}, "pagomiscuentas": {**pagomiscuentas.ACCOUNT, "empresa": "9999"},
    "prisma": {**prisma.ACCOUNT, "establecimiento": "0099999999"},
    "prisma, Visa debit": {"establecimiento": "0099999999", "tipo": "DEBLIQD"},
    "siro": {"convenio": "5150000000"}, "siro, extended": {"convenio": "5150000000"},
    "siro, alternate": {"convenio": "5150000000"}, "snp": {**snp.ACCOUNT, "servicio": "TELEFONO"},
    "bank, OFX": {"account": "999"}, "bank, MT940": {"account": "999"}, "bank, CAMT.053": {"account": "999"}}


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_of_somebody_else_is_refused_as_a_whole(name: str) -> None:
    case = CASES[name]
    assert taken(replace(case, account=OTHERS[name]), case.content) is None


@pytest.mark.parametrize("name", ["asobancaria 2001", "prisma", "siro", "own layout", "bank, MT940", "release report"])
def test_noise_is_no_file(name: str) -> None:
    chance = random.Random(name)
    for size in (1, 10, 1000, 100_000):
        assert taken(CASES[name], chance.randbytes(size)) is None


def test_no_reader_is_left_out() -> None:
    tried = {(case.registry.name, case.provider) for case in CASES.values()}
    known = {(one.name, key) for one in (FILES, REPORTS, BANKS) for key, _entry in one.items()}
    assert known - tried == set()


@pytest.mark.parametrize("spoil", [lambda text: text, *(lambda text, cut=cut: text[:cut] for cut in (0, 1, 50))])
def test_answers_to_debt_files_are_read_or_refused_in_words(spoil: Callable[[bytes], bytes]) -> None:
    reader = ports.debt_answers.get("pagomiscuentas")
    access = jsonform.access_of("pagomiscuentas", pagomiscuentas.ACCOUNT)
    for one in [spoil(pagomiscuentas.COB), *otherwise(spoil(pagomiscuentas.COB))]:
        try:
            _name, answer = reader.read(io.BytesIO(one), "FAC0123.241126", access)
        except BadFile as refusal:
            assert str(refusal).strip()
        else:
            assert answer.state in ("waiting", "taken", "refused")
