"""RVIE: the month's sales in the 40 columns of SUNAT's own proposal, to be compared with it line by line (peru.md, 5).

It is no file to be uploaded: the layout of the replacement (annex 3) was not found. Headings are SUNAT's.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.i18n import lazy
from core.lists.cells import harmless
from core.scope import current_company
from modules.einvoice import exporting
from modules.einvoice.exporting import Handed
from modules.einvoice.ports import ExportFile
from modules.einvoice_pe import access
from modules.einvoice_pe.catalogs import (
    CREDITO,
    CURRENCIES,
    DEBITO,
    NOBODY,
    SOLES,
    SUNAT_TYPES,
    note_kinds,
    operations,
    rvie_columns,
)
from modules.einvoice_pe.findings import read_day

ZERO = Decimal("0.00")
# what an ISP never sells: exports, goods with ISC, rice, bags; they are there all the same
NONE_OF_IT = ("Valor Facturado Exportación", "ISC", "BI Grav IVAP", "IVAP", "ICBPER")
SEPARATORS = {"csv": ",", "txt": "|"}


class Rvie:
    """Peru's entry in the port `exports`."""

    code = "rvie"
    title = lazy("Register of sales (RVIE)")
    about = lazy("The 40 columns of SUNAT's proposal in the SIRE, one line for each document, to compare with it. "
                 "Notes are negative, annulled documents have no amounts. It is not a file to upload.")
    forms: Mapping[str, Any] = {"csv": lazy("Separated by commas (CSV)"), "txt": lazy("Separated by bars (TXT)")}

    def make(self, first: dt.date, last: dt.date, form: str) -> ExportFile:
        """All documents of the environment in use that SUNAT has or will have."""
        company, written, count = current_company(), io.StringIO(newline=""), 0
        issuer = {"Ruc": company.tax_id, "Razon Social": company.name, "Periodo": f"{first:%Y%m}"}
        rows = csv.DictWriter(written, rvie_columns(), restval="", delimiter=SEPARATORS[form], lineterminator="\r\n")
        rows.writeheader()
        for one in exporting.documents("PE", access.environment(), first, last):
            rows.writerow(issuer | row(one))
            count += 1
        media = "text/csv" if form == "csv" else "text/plain"
        return ExportFile(f"RVIE-{company.tax_id}-{first:%Y%m}.{form}", media, written.getvalue().encode("utf-8-sig"),
                          count)


def row(one: Handed) -> dict[str, str]:
    """A document's line, under SUNAT's headings; what it does not know stays empty."""
    request, kind = one.request, int(one.kind)
    code = next((name for name, number in CURRENCIES.items() if number == int(request["moneda"])), SOLES)
    nobody = request["cliente_tipo_de_documento"] == NOBODY
    return {
        "Fecha de emisión": f"{read_day(request['fecha_de_emision']):%d/%m/%Y}",
        "Fecha Vcto/Pago": _day(request.get("fecha_de_vencimiento")),
        "Tipo CP/Doc.": SUNAT_TYPES[kind], "Serie del CDP": one.series,
        "Nro CP o Doc. Nro Inicial (Rango)": str(one.number),
        "Tipo Doc Identidad": "" if nobody else str(request["cliente_tipo_de_documento"]),
        "Nro Doc Identidad": "" if nobody else str(request["cliente_numero_de_documento"]),
        "Apellidos Nombres/ Razón Social": harmless(str(request["cliente_denominacion"])),
        **{name: f"{amount:.2f}" for name, amount in _amounts(one).items()},
        "Moneda": code, "Tipo Cambio": "1.000" if code == SOLES else f"{Decimal(str(request['tipo_de_cambio'])):.3f}",
        "Tipo Operación": operations().get(int(request["sunat_transaction"]), ""), **_modified(one)}


def _day(text: Any) -> str:
    return f"{read_day(text):%d/%m/%Y}" if text else ""


def _amounts(one: Handed) -> dict[str, Decimal]:
    """In the document's currency; of a credit note below zero, of what was annulled zero.

    A credit note on a document of an earlier month decreases that month's base: it stands under the discounts.
    """
    sign = 0 if one.is_annulled else -1 if int(one.kind) == CREDITO else 1
    said = {name: sign * Decimal(str(one.request.get(name) or 0)) for name in (
        "total_gravada", "total_igv", "total_exonerada", "total_inafecta", "total_otros_cargos", "total",
        "total_gratuita")}
    earlier = int(one.kind) == CREDITO and one.original is not None and one.original[3] < one.issue_date.replace(day=1)
    base, igv = ("Dscto BI", "Dscto IGV / IPM") if earlier else ("BI Gravada", "IGV / IPM")
    return dict.fromkeys((*NONE_OF_IT, "BI Gravada", "Dscto BI", "IGV / IPM", "Dscto IGV / IPM"), ZERO) | {
        base: said["total_gravada"], igv: said["total_igv"],
        "Mto Exonerado": said["total_exonerada"], "Mto Inafecto": said["total_inafecta"],
        "Otros Tributos": said["total_otros_cargos"], "Total CP": said["total"],
        "Valor OP Gratuitas": said["total_gratuita"]}


def _modified(one: Handed) -> dict[str, str]:
    """What a note says of the document that it corrects, and SUNAT's kind of note, which is not Nubefact's."""
    kind, request = int(one.kind), one.request
    if kind not in (CREDITO, DEBITO):
        return {}
    number = int(request["tipo_de_nota_de_credito" if kind == CREDITO else "tipo_de_nota_de_debito"])
    return {"Fecha Emisión Doc Modificado": f"{one.original[3]:%d/%m/%Y}" if one.original else "",
            "Tipo CP Modificado": SUNAT_TYPES[int(request["documento_que_se_modifica_tipo"])],
            "Serie CP Modificado": str(request["documento_que_se_modifica_serie"]),
            "Nro CP Modificado": str(request["documento_que_se_modifica_numero"]),
            "Tipo de Nota": note_kinds(kind)[number].sunat}
