"""Vouchers of today, signed, and the simulated SRI to send them to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lxml import etree

from core import clock
from core.simulators import Running, running
from modules.einvoice.case import parse
from modules.einvoice_ec import certificados, firma
from modules.einvoice_ec.client import Sri
from modules.einvoice_ec.findings import GUAYAQUIL
from modules.einvoice_ec.mapping import map_document
from tests.modules.einvoice_ec import keys
from tests.modules.einvoice_ec.cases import REFERENCE, case, note

PATH = "/pruebas/comprobantes-electronicos-ws"
_KEY: Any = None


def signing_key() -> Any:
    """One key for all tests of a process: making one takes a second."""
    global _KEY
    _KEY = _KEY or certificados.open_p12(keys.signing_file(), keys.PASSWORD)
    return _KEY


def today() -> str:
    return clock.now().astimezone(GUAYAQUIL).isoformat(timespec="seconds")


def voucher(kind: str = "invoice", date: str = "", change: Callable[[Any], None] | None = None, key: Any = None,
            **changes: Any) -> tuple[str, bytes]:
    """(clave, signed XML) of a voucher of today; `change` edits the tree before it is signed."""
    moment = date or today()
    if kind == "invoice":
        data = case(issued_at=moment, due_date=None, **changes)
    else:
        reference = REFERENCE | {"date": dt.datetime.fromisoformat(moment).date().isoformat()}
        data = note(kind, issued_at=moment, due_date=None, **({"references": [reference]} | changes))
    mapped = map_document(parse(data))
    xml = mapped.xml
    if change is not None:
        tree = etree.fromstring(xml)
        change(tree)
        xml = etree.tostring(tree, xml_declaration=True, encoding="UTF-8")
    clave = etree.fromstring(xml).findtext("infoTributaria/claveAcceso") or ""
    return clave, firma.sign(xml, key or signing_key())


def put(path: str, text: str) -> Callable[[Any], None]:
    """A change: the text of an element."""
    def change(tree: Any) -> None:
        tree.find(path).text = text

    return change


@contextmanager
def sri_running() -> Iterator[Running]:
    """The simulator, deciding at once, that accepts the tests' authority."""
    with running(["sri"]) as found:
        prepare(found)
        yield found


def prepare(found: Running) -> None:
    found.post("sri", "authority", {"pem": keys.authority_pem().decode()})
    found.post("sri", "config", {"delay": 0})


def client(found: Running, path: str = PATH) -> Sri:
    return Sri(f"{found.url}/sri{path}")
