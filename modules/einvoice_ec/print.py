"""The RIDE: what the SRI wants on the printed form (ficha, annex 2); pure, only texts.

The fixed words are the SRI's and are not translated.
"""

from __future__ import annotations

from dataclasses import dataclass

from modules.accounting.print_data import CountryPart, Fact, Note
from modules.einvoice_ec.legends import TESTING

TITLES = {"01": "FACTURA", "04": "NOTA DE CRÉDITO", "05": "NOTA DE DÉBITO"}
NAMES = {"invoice": "Factura", "debit_note": "Nota de débito", "credit_note": "Nota de crédito"}
IDENTITIES = {"04": "RUC", "05": "Cédula", "06": "Pasaporte", "07": "Identificación",
              "08": "Identificación del exterior"}
AMBIENTES = {"1": "PRUEBAS", "2": "PRODUCCIÓN"}
VOID = "SIN AUTORIZACIÓN DEL SRI"
WITHOUT_KEY = "Sin número: todavía sin autorización"


@dataclass(frozen=True)
class Ride:
    """What is known about one document; `clave` is "" while it is not authorised, then most else is of the voucher."""

    accounting_kind: str
    issuer_ruc: str
    cod_doc: str = ""
    number: str = ""
    clave: str = ""
    date: str = ""
    # of a document that needs no authority: the company's own
    own_number: str = ""
    production: bool = True
    dir_matriz: str = ""
    dir_establecimiento: str = ""
    legends: tuple[str, ...] = ()
    customer_kind: str = ""
    customer_number: str = ""
    # label and text: means of payment, what a note changes, the free fields
    facts: tuple[tuple[str, str], ...] = ()
    additional: tuple[tuple[str, str], ...] = ()
    # the subtotals that the form must show
    sums: tuple[tuple[str, str], ...] = ()
    authorized_at: str = ""


def part(ride: Ride) -> CountryPart:
    """The country's part of one sheet; without authorisation nothing looks like a factura."""
    valid = bool(ride.clave)
    found = CountryPart(
        title=TITLES.get(ride.cod_doc, NAMES[ride.accounting_kind]), valid=valid, void_text=VOID, date=ride.date,
        issuer=[Fact(f"{label}:", value) for label, value in _issuer(ride) if value],
        customer=[Fact(f"{label}:", value) for label, value in _customer(ride) if value],
        tax_in_prices=False, show_rates=True, show_codes=True, tax_names={"VAT": "IVA", "ICE": "ICE"},
        legends=_notes(ride), rehearsal=not ride.production)
    if valid:
        found.number = f"No. {ride.number}"
        found.legal_title = "NÚMERO DE AUTORIZACIÓN Y CLAVE DE ACCESO"
        found.legal = [Fact("", ride.clave), Fact("AMBIENTE:", AMBIENTES[ride.clave[23]]), Fact("EMISIÓN:", "NORMAL")]
        found.barcode = ride.clave
        if ride.authorized_at:
            found.legal.append(Fact("FECHA Y HORA DE AUTORIZACIÓN:", ride.authorized_at))
    else:
        found.number = f"No. {ride.own_number}" if ride.own_number else WITHOUT_KEY
    return found


def _issuer(ride: Ride) -> list[tuple[str, str]]:
    return [("RUC", ride.issuer_ruc), ("Dir. matriz", ride.dir_matriz), ("Dir. sucursal", ride.dir_establecimiento)]


def _customer(ride: Ride) -> list[tuple[str, str]]:
    return [(IDENTITIES.get(ride.customer_kind, "Identificación"), ride.customer_number), *ride.facts]


def _notes(ride: Ride) -> list[Note]:
    """Legends first, then the subtotals and the free fields."""
    lines = [one for one in ride.legends if one != TESTING or ride.clave]
    notes = [Note(" · ".join(lines))] if lines else []
    for title, pairs in (("Subtotales", ride.sums), ("Información adicional", ride.additional)):
        if pairs:
            notes.append(Note(" · ".join(f"{name}: {value}" for name, value in pairs), title))
    return notes
