"""The letter of a document and its receiver: condition, identity (RG 1415, 5003, 5616, 5700). Pure."""

from __future__ import annotations

from decimal import Decimal

from core.i18n import _
from modules.crm import countries
from modules.einvoice_ar import catalogs
from modules.einvoice_ar.catalogs import CONDITIONS, CUIT, KINDS, NOBODY, POSITIONS, credit_invoice_kind, document_kinds
from modules.einvoice_ar.findings import Draft, money, whole

ISSUERS = {CONDITIONS["RI"]: ("A", "ALEY", "B"), CONDITIONS["MO"]: ("C",), CONDITIONS["EX"]: ("C",)}
# who gets an A from an issuer registered for IVA: registered ones and all kinds of monotributo
RECEIVERS_OF_A = catalogs.conditions()["A"]
USES = {"invoice": ("factura", "recibo"), "debit_note": ("debito",), "credit_note": ("credito",)}
REGISTERED = (CUIT, 86, 87)
NOT_CATEGORISED = "23000000000"
IDENTITY_NAMES = {number: name for name, number in catalogs.IDENTITIES.items()}
# DocNro is an xsd:long
MOST_DIGITS = 18


def choose_kind(draft: Draft) -> None:
    """Decide class and type by both parties' conditions, or take the one that is asked for."""
    case = draft.case
    issuer = catalogs.condition(case.issuer.tax_condition)
    draft.condition = catalogs.condition(case.customer.tax_condition)
    groups = ISSUERS.get(issuer or 0)
    if groups is None:
        draft.refuse("issuer_condition", "issuer.tax_condition", _(
            "To issue in Argentina you must be registered for IVA (RI), in monotributo (MO) or exempt (EX), "
            "not %(found)s.", found=case.issuer.tax_condition or _("nothing")), 10000)
        groups = ("B",)
    if case.kind not in POSITIONS:
        draft.refuse("kind_unknown", "kind", _(
            "Sending is not possible because Argentina has no document of the kind %(kind)s.", kind=case.kind))
    group = groups[0] if len(groups) == 1 else "B"
    if "A" in groups and draft.condition in RECEIVERS_OF_A:
        group = "ALEY" if draft.extra.get("restricted_a") else "A"
    draft.kind = document_kinds()[KINDS[group][POSITIONS.get(case.kind, 0)]]
    if draft.extra.get("credit_invoice") and case.kind == "invoice":
        draft.kind = document_kinds()[credit_invoice_kind(group)]
    if draft.extra.get("CbteTipo") is not None:
        _force(draft, groups)


def _force(draft: Draft, groups: tuple[str, ...]) -> None:
    wanted = draft.extra["CbteTipo"]
    kind = document_kinds().get(whole(wanted) or 0)
    if kind is None:
        draft.refuse("type_unknown", "extra.CbteTipo", _(
            "To send this you must choose a type of document that ARCA has; %(type)s is none.", type=wanted), 10007)
        return
    if kind.group not in groups:
        draft.refuse("class_not_of_issuer", "extra.CbteTipo", _(
            "Sending is not possible because an issuer with condition %(condition)s issues no %(name)s.",
            condition=draft.case.issuer.tax_condition, name=kind.name), 10000)
    if not kind.use.startswith(USES.get(draft.case.kind, ())):
        draft.refuse("type_not_of_kind", "extra.CbteTipo", _(
            "To send this you must choose a type that goes with the kind %(kind)s; %(name)s does not.",
            kind=draft.case.kind, name=kind.name))
    draft.kind = kind


def check_condition(draft: Draft) -> None:
    """The receiver's condition must be said, exist, and go with the class (RG 5616)."""
    said, allowed = draft.case.customer.tax_condition, catalogs.conditions()
    if not said:
        draft.refuse("condition_missing", "customer.tax_condition", _(
            "To send this you must give the customer's tax condition: ARCA asks for it on every document."), 10246)
    elif draft.condition is None:
        draft.refuse("condition_unknown", "customer.tax_condition", _(
            "To send this you must correct the customer's tax condition: ARCA does not know %(found)s. It knows "
            "%(known)s.", found=said, known=", ".join(CONDITIONS)), 10242)
    elif draft.condition not in allowed.get(draft.kind.group, frozenset()):
        draft.refuse("condition_not_of_class", "customer.tax_condition", _(
            "To send this you must correct the customer's tax condition or the class: %(found)s does not get a "
            "document of class %(letter)s.", found=said, letter=draft.kind.letter), 10243)


def identity(draft: Draft) -> tuple[int, int]:
    """DocTipo and DocNro, with what is wrong about them."""
    party = draft.case.customer
    kind, number = catalogs.identity(party.tax_id_kind), party.tax_id
    where = "customer.tax_id"
    if kind is None:
        draft.refuse("identity_unknown", "customer.tax_id_kind", _(
            "To send this you must correct the kind of the customer's document: ARCA does not know %(kind)s.",
            kind=party.tax_id_kind), 10015)
        return NOBODY, 0
    found = _number(draft, kind, number, where)
    _check_class(draft, kind)
    if found and kind in REGISTERED and f"{found:011d}" == _digits(draft.case.issuer.tax_id):
        draft.refuse("receiver_is_issuer", where, _(
            "Sending is not possible because customer and issuer have the same CUIT."), 10069)
    return kind, found


def _number(draft: Draft, kind: int, number: str, where: str) -> int:
    if kind == NOBODY:
        if number and _digits(number).strip("0"):
            draft.refuse("identity_kind_missing", "customer.tax_id_kind", _(
                "To send this you must say what kind of document the customer's number %(number)s is.",
                number=number), 10015)
        return 0
    if not number:
        draft.refuse("identity_number_missing", where, _(
            "To send this you must give the number of the customer's %(kind)s.", kind=_name(kind)), 10015)
        return 0
    rules, name, found = countries.get("AR"), _name(kind), _digits(number)
    fits = 0 < len(found) <= MOST_DIGITS and bool(found.strip("0"))
    answer = rules.validate(name, number) if name in rules.TAX_ID_KINDS else None
    if answer is not None and not answer.valid:
        draft.refuse("identity_wrong", where, _("To send this you must correct the customer's document. %(reason)s",
                                                reason=answer.reason), 10015)
    elif not fits:
        draft.refuse("identity_without_number", where, _(
            "To send this you must give the customer's %(kind)s with its number: ARCA takes only the digits, of which "
            "%(found)s has none, or too many.", kind=name, found=number), 10015)
    return int(found) if fits else 0


def _check_class(draft: Draft, kind: int) -> None:
    if kind == CUIT:
        return
    if draft.kind.is_credit_invoice:
        draft.refuse("cuit_needed", "customer.tax_id_kind", _(
            "To issue a credit invoice (FCE) you must give the customer's CUIT."), 10015)
    elif draft.kind.letter == "A":
        draft.refuse("cuit_needed", "customer.tax_id_kind", _(
            "To issue a document of class A you must give the customer's CUIT; another document does not do."), 10013)


def check_threshold(draft: Draft, kind: int, total: Decimal) -> None:
    """A final consumer is identified from a total in pesos on (RG 5700/2025)."""
    limit = draft.thresholds["identify"]
    pesos = total * (draft.case.exchange_rate or 1)
    if kind == NOBODY and draft.kind.letter != "A" and pesos >= limit:
        draft.refuse("identification_needed", "customer.tax_id", _(
            "To issue for %(total)s you must identify the customer (DNI, CUIL or passport): the law asks for it from "
            "%(limit)s on.", total=money(pesos), limit=money(limit)), 10015)


def check_issuer(draft: Draft) -> None:
    """The issuer's CUIT and point of sale."""
    issuer = draft.case.issuer
    answer = countries.get("AR").validate("CUIT", issuer.tax_id)
    if not answer.valid:
        draft.refuse("issuer_cuit", "issuer.tax_id", _(
            "To send this you must correct the issuer's CUIT. %(reason)s", reason=answer.reason), 600)
    point = whole(issuer.series)
    if point is None or not 1 <= point <= 99998:
        draft.refuse("point_of_sale", "issuer.series", _(
            "To send this you must give a point of sale from 1 to 99998, not %(found)s.",
            found=issuer.series or _("nothing")), 10004)
    number = draft.case.number
    if number is None or not 1 <= number <= 99_999_999:
        draft.refuse("number", "number", _(
            "To send this you must give a number from 1 to 99999999, not %(found)s.",
            found=_("nothing") if number is None else number), 10008)


def is_not_categorised(draft: Draft) -> bool:
    """Whether the receiver is the conventional "no categorizado" (CUIT 23000000000)."""
    return _digits(draft.case.customer.tax_id) == NOT_CATEGORISED


def _name(kind: int) -> str:
    """Our code of a kind of document, else ARCA's number; "" for nobody."""
    if kind == NOBODY:
        return ""
    return IDENTITY_NAMES.get(kind) or str(kind)


def _digits(text: str) -> str:
    return text if text.isdecimal() else "".join(sign for sign in text if sign.isdecimal())
