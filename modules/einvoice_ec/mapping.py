"""From a case to what the SRI gets: the voucher's XML, its key, and all that it would refuse. Pure.

The rules are those of the ficha técnica 2.32 and of the schemas; codes are the SRI's `identificador`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.accounting.totals import ZERO, LineTotals, Totals
from modules.einvoice.case import Case, Reference
from modules.einvoice.preview import Problem, ordered
from modules.einvoice_ec import amounts, comprobante, detalles, pagos, schemas
from modules.einvoice_ec import comprador as comprador_part
from modules.einvoice_ec import emisor as emisor_part
from modules.einvoice_ec.catalogs import FACTURA, KINDS, NOTA_CREDITO, NOTA_DEBITO, DocumentKind
from modules.einvoice_ec.clave_acceso import is_well_formed, number_of
from modules.einvoice_ec.comprador import Comprador
from modules.einvoice_ec.comprobante import Node
from modules.einvoice_ec.detalles import Linea
from modules.einvoice_ec.emisor import SERIES, Emisor
from modules.einvoice_ec.findings import (
    BAD_SUPPORT,
    BAD_VERSION,
    NO_SUCH_KIND,
    NO_SUPPORT,
    TOO_LARGE,
    Draft,
    clean,
    day,
    money,
)

THIRD_PARTIES = "2.1.0"
MOST_FIELDS = 15
PERMIT_FROM, LARGEST_TOTAL = Decimal(200_000_000), Decimal(10) ** 12
# bytes that the SRI takes, and those that the signature adds
LARGEST_FILE, SIGNATURE = 320 * 1024, 8 * 1024
DOLLAR = "DOLAR"
PROVIDER, LARGE = "RUC Proveedor", "Gran Contribuyente"


@dataclass(frozen=True)
class Mapped:
    """The voucher as the SRI gets it, unsigned: `xml` are its bytes, `clave` its key."""

    kind: DocumentKind
    version: str
    clave: str
    emisor: Emisor
    comprador: Comprador
    xml: bytes
    totals: Totals
    # other parties' money that is collected on the same paper
    rubros: tuple[tuple[str, Decimal], ...]
    lineas: tuple[Linea, ...]
    problems: tuple[Problem, ...]
    adicionales: tuple[tuple[str, str], ...] = ()

    @property
    def importe_total(self) -> Decimal:
        """What the document says that is to be paid."""
        return self.totals.total + sum((amount for _name, amount in self.rubros), ZERO)


def map_document(case: Case) -> Mapped:
    """Map a case."""
    draft = Draft(case)
    _choose_kind(draft)
    _check_currency(draft)
    issuer, buyer = emisor_part.emisor(draft), comprador_part.comprador(draft)
    key = emisor_part.clave(draft, issuer)
    rubros = _rubros(draft)
    lines = detalles.lineas(draft)
    found = amounts.total([line.detalle for line in lines])
    total = found.total + sum((amount for _name, amount in rubros), ZERO)
    comprador_part.check_limit(draft, buyer, total)
    if total >= LARGEST_TOTAL:
        draft.refuse("too_much", "lines", _(
            "To send this you must give smaller amounts: the SRI takes 12 digits before the point, and this comes to "
            "%(total)s.", total=money(total)))
    elif total > PERMIT_FROM:
        draft.remark("permit", "lines", _("Above USD 200 000 000 the SRI wants a permit first."))
    fields = _info_adicional(draft, issuer)
    codes = {id(part): detalles.codes(draft, part) for line in lines for part in line.detalle.impuestos}
    body = _BODIES[draft.kind.cod_doc](draft, issuer, buyer, lines, codes, found, total, rubros)
    tree = comprobante.root(draft.kind, draft.version, [
        comprobante.info_tributaria(draft.kind, issuer, key), *body, comprobante.info_adicional(fields)])
    _check_schema(draft, tree)
    xml = comprobante.text_of(tree)
    _check_size(draft, xml)
    return Mapped(draft.kind, draft.version, str(key), issuer, buyer, xml,
                  replace(found, lines=_shown(lines)), tuple(rubros), tuple(lines), ordered(draft.problems), fields)


def _shown(lines: list[Linea]) -> list[LineTotals]:
    """The lines as the document shows them: their own taxes, which may miss cents of the document's."""
    made = []
    for line in lines:
        parts = [(part.tax, part.valor) for part in line.detalle.impuestos if not part.tax.withheld]
        tax = sum((amount for _tax, amount in parts), ZERO)
        made.append(LineTotals(line.detalle.neto, tax, line.detalle.neto + tax, parts))
    return made


def _choose_kind(draft: Draft) -> None:
    """Kind and version of the schema."""
    if draft.case.kind not in KINDS:
        draft.refuse("kind_unknown", "kind", _(
            "Sending is not possible because Ecuador has no document of the kind %(kind)s.", kind=draft.case.kind),
            NO_SUCH_KIND)
    draft.kind = KINDS.get(draft.case.kind, KINDS["invoice"])
    said = clean(draft.extra.get("version"))
    draft.version = said or draft.kind.versions[0]
    if draft.version not in draft.kind.versions:
        draft.refuse("version", "extra.version", _(
            "To send this you must choose a version of the schema that is in force (%(known)s), not %(found)s.",
            known=", ".join(draft.kind.versions), found=said), BAD_VERSION)
        draft.version = draft.kind.versions[0]
    if draft.extra.get("otrosRubrosTerceros") and draft.kind.cod_doc == FACTURA:
        draft.version = THIRD_PARTIES


def _check_currency(draft: Draft) -> None:
    if draft.case.currency.upper() not in ("USD", DOLLAR):
        draft.refuse("currency", "currency", _(
            "To send this you must give its amounts in dollars (USD), not in %(found)s.", found=draft.case.currency))
    elif draft.case.exchange_rate not in (None, Decimal(1)):
        draft.refuse("exchange_rate", "exchange_rate", _(
            "To send a document in dollars you must give the exchange rate 1, not %(rate)s.",
            rate=f"{draft.case.exchange_rate:f}"))


# --- the three bodies ----------------------------------------------------------------------------------


def _factura(draft: Draft, issuer: Emisor, buyer: Comprador, lines: list[Linea], codes: dict[int, tuple[str, str]],
             found: Totals, total: Decimal, rubros: list[tuple[str, Decimal]]) -> list[Node]:
    if draft.case.references:
        draft.refuse("references", "references", _(
            "To send this factura you must take its references away: only notes refer to documents."))
    info = [("fechaEmision", day(draft.date)), ("dirEstablecimiento", issuer.dir_establecimiento),
            *comprobante.facts(issuer), *comprobante.buyer_of_factura(buyer),
            ("totalSinImpuestos", money(_net(found))), ("totalDescuento", money(found.discount)),
            ("totalConImpuestos", _total_con_impuestos(lines, codes, with_rate=True)), ("propina", "0.00"),
            ("importeTotal", money(total)), ("moneda", DOLLAR), ("pagos", pagos.pagos(draft, total))]
    others: list[Node] = [("otrosRubrosTerceros", [("rubro", [("concepto", name), ("total", money(amount))])
                                                   for name, amount in rubros])]
    return [(draft.kind.info, info), _detalles(draft, lines, codes), *others]


def _nota_credito(draft: Draft, issuer: Emisor, buyer: Comprador, lines: list[Linea],
                  codes: dict[int, tuple[str, str]], found: Totals, total: Decimal,
                  rubros: list[tuple[str, Decimal]]) -> list[Node]:
    reference = _reference(draft)
    info = [*_note_head(draft, issuer, buyer, reference), ("totalSinImpuestos", money(_net(found))),
            ("valorModificacion", money(total)), ("moneda", DOLLAR),
            ("totalConImpuestos", _total_con_impuestos(lines, codes, with_rate=False)),
            ("motivo", draft.text(reference.reason, "references[0].reason", needed=True))]
    return [(draft.kind.info, info), _detalles(draft, lines, codes)]


def _nota_debito(draft: Draft, issuer: Emisor, buyer: Comprador, lines: list[Linea],
                 codes: dict[int, tuple[str, str]], found: Totals, total: Decimal,
                 rubros: list[tuple[str, Decimal]]) -> list[Node]:
    info = [*_note_head(draft, issuer, buyer, _reference(draft)), ("totalSinImpuestos", money(_net(found))),
            ("impuestos", [comprobante.impuesto(pair, part) for pair, part in _grouped(lines, codes)]),
            ("valorTotal", money(total)), ("pagos", pagos.pagos(draft, total))]
    reasons = [("motivo", [("razon", line.descripcion), ("valor", money(line.detalle.neto))]) for line in lines]
    return [(draft.kind.info, info), ("motivos", reasons)]


_BODIES = {FACTURA: _factura, NOTA_CREDITO: _nota_credito, NOTA_DEBITO: _nota_debito}


def _net(found: Totals) -> Decimal:
    """totalSinImpuestos: the nets of all lines, whatever their IVA."""
    return found.net + found.untaxed + found.exempt


def _detalles(draft: Draft, lines: list[Linea], codes: dict[int, tuple[str, str]]) -> Node:
    return ("detalles", [comprobante.detalle(line, draft.kind, draft.version, codes) for line in lines])


def _grouped(lines: list[Linea], codes: dict[int, tuple[str, str]]) -> list[tuple[tuple[str, str], amounts.Impuesto]]:
    """The document's taxes: one per pair of codes, on the sum of its bases."""
    found = amounts.grouped([line.detalle for line in lines], lambda part: codes[id(part)])
    return [(pair, amounts.Impuesto(group.tax, group.base, group.valor)) for pair, group in found.items()
            if not group.tax.withheld]


def _total_con_impuestos(lines: list[Linea], codes: dict[int, tuple[str, str]], with_rate: bool) -> list[Node]:
    return [("totalImpuesto", [
        ("codigo", pair[0]), ("codigoPorcentaje", pair[1]), ("baseImponible", money(part.base)),
        ("tarifa", money(part.tax.rate or ZERO) if with_rate else ""), ("valor", money(part.valor))])
        for pair, part in _grouped(lines, codes)]


# --- notes ---------------------------------------------------------------------------------------------


def _note_head(draft: Draft, issuer: Emisor, buyer: Comprador, reference: Reference) -> list[Node]:
    """As far as fechaEmisionDocSustento: here the buyer comes before the facts of the issuer, without his address."""
    series = reference.series
    number = f"{series[:3]}-{series[-3:]}-{reference.number or 0:09d}" if SERIES.fullmatch(series) else ""
    return [("fechaEmision", day(draft.date)), ("dirEstablecimiento", issuer.dir_establecimiento),
            *comprobante.buyer_of_factura(buyer)[:3], *comprobante.facts(issuer), ("codDocModificado", FACTURA),
            ("numDocModificado", number),
            ("fechaEmisionDocSustento", day(reference.date) if reference.date else "")]


def _reference(draft: Draft) -> Reference:
    """The one factura that a note changes."""
    if len(draft.case.references) != 1:
        draft.refuse("reference", "references", _(
            "To issue a note you must refer to the one factura that it changes; %(found)s are given.",
            found=len(draft.case.references)))
        return draft.case.references[0] if draft.case.references else Reference()
    one, where = draft.case.references[0], "references[0]"
    if one.kind not in ("", FACTURA, "invoice"):
        draft.refuse("reference_kind", f"{where}.kind", _(
            "To issue a note you must refer to a factura (01), not to %(found)s.", found=one.kind), BAD_SUPPORT)
    if not SERIES.fullmatch(one.series):
        draft.refuse("reference_series", f"{where}.series", _(
            "To issue a note you must give the factura's series like 001-002, not %(found)s.",
            found=one.series or _("nothing")))
    if one.number is None or not 1 <= one.number <= emisor_part.LARGEST_NUMBER:
        draft.refuse("reference_number", f"{where}.number", _(
            "To issue a note you must give the factura's number, not %(found)s.",
            found=_("nothing") if one.number is None else one.number))
    _check_reference_date(draft, one, f"{where}.date")
    _check_reference_key(draft, one, f"{where}.authorization_code")
    return one


def _check_reference_date(draft: Draft, one: Reference, where: str) -> None:
    if one.date is None:
        draft.refuse("reference_date", where, _("To issue a note you must give the date of the factura."))
    elif one.date > draft.date:
        draft.refuse("reference_later", where, _(
            "Sending is not possible because the factura (%(date)s) is later than the note.",
            date=one.date.isoformat()), BAD_SUPPORT)


def _check_reference_key(draft: Draft, one: Reference, where: str) -> None:
    """Message 68 is a remark: the note itself does not carry the factura's key."""
    said, series = clean(one.authorization_code), f"{one.series[:3]}-{one.series[-3:]}"
    if not said or one.date is None or one.number is None:
        return
    expected = (f"{one.date:%d%m%Y}", clean(draft.case.issuer.tax_id), (FACTURA, series, one.number))
    if not is_well_formed(said) or (said[:8], said[10:23], number_of(said)) != expected:
        draft.remark("reference_key", where, _(
            "The key %(found)s is not the one of factura %(number)s of %(date)s: the SRI will not find it.", found=said,
            number=f"{series}-{one.number:09d}", date=one.date.isoformat()), NO_SUPPORT)


# --- the rest ------------------------------------------------------------------------------------------


def _rubros(draft: Draft) -> list[tuple[str, Decimal]]:
    """otrosRubrosTerceros: [(concepto, total)]."""
    said, where = draft.extra.get("otrosRubrosTerceros"), "extra.otrosRubrosTerceros"
    if not said:
        return []
    if draft.kind.cod_doc != FACTURA or not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        draft.refuse("rubros", where, _(
            "To send this you must give otrosRubrosTerceros as a list of {concepto, total}, and only on a factura."))
        return []
    return [(draft.text(one.get("concepto"), f"{where}[{index}].concepto", needed=True),
             _rubro(draft, one.get("total"), f"{where}[{index}].total")) for index, one in enumerate(said)]


def _rubro(draft: Draft, said: Any, where: str) -> Decimal:
    text = str(said).strip()
    if not re.fullmatch(r"\d{1,12}(\.\d{1,2})?", text):
        draft.refuse("rubro_total", where, _(
            'To send this you must give %(field)s as an amount like "10.00", not %(found)s.', field=where, found=text))
        return ZERO
    return Decimal(text)


def _info_adicional(draft: Draft, issuer: Emisor) -> tuple[tuple[str, str], ...]:
    """The free fields, then those that the law wants (annexes 24 and 26) where they are not among them."""
    found = list(detalles.pairs(draft, draft.extra.get("infoAdicional"), "extra.infoAdicional", MOST_FIELDS))
    names = {name for name, _value in found}
    legal = [(LARGE, issuer.gran_contribuyente), (PROVIDER, issuer.ruc_proveedor)]
    added = [(name, value) for name, value in legal if value and name not in names]
    if len(found) <= MOST_FIELDS < len(found) + len(added):
        draft.refuse("too_many", "extra.infoAdicional", _(
            "To send this you must give extra.infoAdicional at most %(most)s entries, not %(found)s.",
            field="extra.infoAdicional", most=MOST_FIELDS - len(added), found=len(found)))
    return tuple(found + added)


_FIELDS = {"razonSocial": "issuer.name", "nombreComercial": "issuer.trade_name", "ruc": "issuer.tax_id",
           "dirMatriz": "issuer.address", "dirEstablecimiento": "issuer.address", "fechaEmision": "issued_at",
           "razonSocialComprador": "customer.name", "identificacionComprador": "customer.tax_id",
           "tipoIdentificacionComprador": "customer.tax_id_kind", "direccionComprador": "customer.address",
           "formaPago": "payment.method", "numDocModificado": "references[0]", "motivo": "references[0].reason",
           "detalles": "lines", "detalle": "lines", "campoAdicional": "extra.infoAdicional"}


def _check_size(draft: Draft, xml: bytes) -> None:
    if len(xml) + SIGNATURE > LARGEST_FILE:
        draft.refuse("too_large", "lines", _(
            "To send this you must split it: the SRI takes documents of up to 320 KB, and this one has %(size)s KB.",
            size=(len(xml) + SIGNATURE) // 1024), TOO_LARGE)


def _check_schema(draft: Draft, tree: Any) -> None:
    """What the rules above did not find the schema does."""
    if any(one.severity == "error" for one in draft.problems):
        return
    for element, message in schemas.errors(tree, draft.kind, draft.version):
        draft.refuse("schema", _FIELDS.get(element, "lines"), _(
            "To send this you must correct %(element)s: %(message)s", element=element, message=message))
