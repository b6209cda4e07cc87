"""How a factura is paid: at once or in quotas, with detracción or retención (peru.md, 1.4 and 1.5). Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.accounting.totals import ZERO
from modules.einvoice_pe.amounts import Amounts
from modules.einvoice_pe.catalogs import (
    ADVANCE,
    CREDITO,
    DETRACTION,
    FACTURA,
    INTERNAL,
    TAXED,
    detraction_payments,
    detractions,
    transactions,
)
from modules.einvoice_pe.findings import Draft, cents, clean, day, decimals, money, number, plain, read_day, whole, yes
from modules.einvoice_pe.references import PENDING_AMOUNT, note_kind

HUNDRED = Decimal(100)
ON_CREDIT = "credito"
FREE_TEXT = 250
# transactions of a detracción; only the general one is an ISP's
DETRACTIONS = range(30, 34)
_TERMS = {"cash": "cash", "contado": "cash", "credit": "credit", "credito": "credit", "crédito": "credit"}


@dataclass(frozen=True)
class Detraction:
    """What the customer pays into the account at Banco de la Nación; `amount` in soles, `share` in the currency."""

    kind: int
    rate: Decimal
    amount: Decimal
    share: Decimal
    payment: int


@dataclass(frozen=True)
class Quota:
    number: int
    date: dt.date
    amount: Decimal


@dataclass(frozen=True)
class Payment:
    """The fields of payment, and what they were made of."""

    fields: dict[str, Any]
    detraction: Detraction | None
    retention: Decimal
    quotas: tuple[Quota, ...]
    net: Decimal


def payment(draft: Draft, found: Amounts) -> Payment:
    """Transaction, due date, quotas, detracción and retención of a document."""
    detraction = _detraction(draft, found)
    asked, where = _asked_retention(draft)
    if detraction and asked not in (None, ""):
        draft.refuse("retention", where, _(
            "Sending is not possible because what bears a detracción bears no retención."), 3262)
    retention = ZERO if detraction else _retention(draft, found)
    net = found.totals.total - (detraction.share if detraction else ZERO) - retention
    quotas = _quotas(draft, found.totals.total, net)
    fields: dict[str, Any] = {
        "sunat_transaction": _transaction(draft, found, detraction), "fecha_de_vencimiento": _due(draft),
        **_words(draft, quotas), "detraccion": detraction is not None}
    if detraction:
        fields |= {"detraccion_tipo": detraction.kind, "detraccion_porcentaje": plain(detraction.rate),
                   "detraccion_total": money(detraction.amount), "medio_de_pago_detraccion": detraction.payment}
    if retention:
        fields |= {"retencion_tipo": 1, "retencion_base_imponible": money(found.totals.total),
                   "total_retencion": money(retention)}
    if quotas:
        fields["venta_al_credito"] = [{"cuota": one.number, "fecha_de_pago": day(one.date),
                                       "importe": money(one.amount)} for one in quotas]
    return Payment(fields, detraction, retention, quotas, net)


def _due(draft: Draft) -> str:
    """The due date, where it lies after the issue; on the day itself nothing is said."""
    due = draft.case.due_date
    if draft.is_note or due is None or due == draft.date:
        return ""
    if due < draft.date:
        draft.refuse("due_date", "due_date", _(
            "To send this its due date (%(due)s) must not lie before its date (%(date)s).", due=due.isoformat(),
            date=draft.date.isoformat()), 3267 if draft.kind == FACTURA else 21)
        return ""
    return day(due)


def _words(draft: Draft, quotas: Sequence[Quota]) -> dict[str, str]:
    """condiciones_de_pago and medio_de_pago, free texts."""
    said = {"condiciones_de_pago": str(draft.extra.get("condiciones_de_pago") or ""),
            "medio_de_pago": str(draft.extra.get("medio_de_pago") or draft.case.payment.get("method") or "")}
    if quotas:
        said["medio_de_pago"] = ON_CREDIT
    for name, text in said.items():
        if len(clean(text)) > FREE_TEXT:
            draft.refuse("too_long", f"extra.{name}", _(
                "To send this you must shorten %(field)s to %(size)s characters.", field=name, size=FREE_TEXT))
    return {name: clean(text) for name, text in said.items()}


def _transaction(draft: Draft, found: Amounts, detraction: Detraction | None) -> int:
    advance = any(item.sign < 0 for item in found.lines)
    usual = DETRACTION if detraction else ADVANCE if advance else INTERNAL
    said = draft.extra.get("sunat_transaction")
    if said in (None, ""):
        return usual
    chosen = whole(said) or 0
    if chosen not in transactions():
        draft.refuse("transaction", "extra.sunat_transaction", _(
            "To send this you must choose a kind of operation that exists (%(known)s), not %(found)s.",
            known=", ".join(map(str, transactions())), found=said), 3206)
    elif (chosen in DETRACTIONS) != (detraction is not None):
        draft.refuse("transaction", "extra.sunat_transaction", _(
            "To send this the kind of operation must be 30 with a detracción, and not without one."),
            3127 if detraction is None else 3128)
    return chosen


# --- detracción ----------------------------------------------------------------------------------------


def _detraction(draft: Draft, found: Amounts) -> Detraction | None:
    """As asked for; else by law: facturas of taxed services above the amount, unless something else is said."""
    asked = yes(draft.extra.get("detraccion"))
    if asked and not _may_be_detracted(draft, found):
        return None
    if asked or (asked is None and _is_subject(draft, found)):
        return _of_rate(draft, found)
    return None


def _may_be_detracted(draft: Draft, found: Amounts) -> bool:
    if draft.kind != FACTURA:
        draft.refuse("detraction", "extra.detraccion", _(
            "Sending is not possible because only facturas bear a detracción."), 3128)
        return False
    if draft.in_soles(found.totals.total) <= draft.terms.detraction_above:
        draft.refuse("detraction", "extra.detraccion", _(
            "Sending is not possible because a detracción is for totals above S/ %(limit)s.",
            limit=money(draft.terms.detraction_above)), 3128)
        return False
    return True


def _is_subject(draft: Draft, found: Amounts) -> bool:
    if draft.kind != FACTURA or draft.in_soles(found.totals.total) <= draft.terms.detraction_above:
        return False
    if not any(item.kind.number == TAXED and item.is_service for item in found.lines):
        return False
    # that the customer is an agent does not matter here: what bears a detracción bears no retención (1.5)
    if _asked_retention(draft)[0] not in (None, "") or _pays_all(draft, found.totals.total):
        return False
    return whole(draft.extra.get("sunat_transaction")) in (None, *DETRACTIONS)


def _pays_all(draft: Draft, total: Decimal) -> bool:
    """The quotas that were given are the whole total: nothing is left to be detracted."""
    given = draft.extra.get("venta_al_credito")
    if not isinstance(given, list) or not given:
        return False
    amounts = [number(one.get("importe")) or ZERO for one in given if isinstance(one, Mapping)]
    return sum(amounts, ZERO) == total


def _detraction_kind(said: Any) -> int:
    """Nubefact's number; three digits with a zero at the front are SUNAT's code, which is another number."""
    text = str(said).strip()
    if len(text) == 3 and text.startswith("0"):
        return next((number for number, (code, _name) in detractions().items() if code == text), 0)
    return whole(said) or 0


def _of_rate(draft: Draft, found: Amounts) -> Detraction:
    extra, terms = draft.extra, draft.terms
    kind = _detraction_kind(extra.get("detraccion_tipo") or terms.detraction_kind)
    if kind not in detractions():
        draft.refuse("detraction_kind", "extra.detraccion_tipo", _(
            "To send this you must choose Nubefact's number of a good or service that bears a detracción (35 is "
            "SUNAT's 037), not %(found)s.", found=extra.get("detraccion_tipo")), 3033)
    rate = number(extra.get("detraccion_porcentaje") or terms.detraction_rate)
    if rate is None or not 0 < rate <= HUNDRED or decimals(rate) > 5:
        draft.refuse("detraction_rate", "extra.detraccion_porcentaje", _(
            "To send this you must give the rate of the detracción in percent, not %(found)s.",
            found=extra.get("detraccion_porcentaje")), 3062)
        rate = terms.detraction_rate
    paid = whole(extra.get("medio_de_pago_detraccion") or terms.detraction_payment) or 0
    if paid not in detraction_payments():
        draft.refuse("detraction_payment", "extra.medio_de_pago_detraccion", _(
            "To send this you must choose how the detracción is paid (1 is a deposit), not %(found)s.",
            found=extra.get("medio_de_pago_detraccion")), 3174)
    amount = draft.in_soles(found.totals.total * rate / HUNDRED)
    said = extra.get("detraccion_total")
    if said not in (None, "") and number(said) != amount:
        draft.refuse("detraction_total", "extra.detraccion_total", _(
            "To send this the detracción must be %(rate)s %% of the total in soles, %(amount)s, not %(found)s.",
            rate=plain(rate), amount=money(amount), found=said), 3037)
    return Detraction(kind, rate, amount, cents(found.totals.total * rate / HUNDRED), paid)


# --- retención -----------------------------------------------------------------------------------------


def _asked_retention(draft: Draft) -> tuple[Any, str]:
    """(retencion_tipo, where it was said): Nubefact's own field, or a withheld tax of the document."""
    said = draft.extra.get("retencion_tipo")
    if said in (None, "") and draft.case.taxes and draft.case.taxes[0].withheld:
        return 1, "taxes[0]"
    return said, "extra.retencion_tipo"


def _wants_retention(draft: Draft) -> bool:
    return (_asked_retention(draft)[0] not in (None, "")
            or bool(yes(draft.case.customer.extra.get("agente_de_retencion"))))


def _retention(draft: Draft, found: Amounts) -> Decimal:
    """What a customer that is an agent keeps back: of facturas above the amount, without detracción."""
    (said, where), total = _asked_retention(draft), found.totals.total
    applies = draft.kind == FACTURA and draft.in_soles(total) > draft.terms.retention_above
    if said not in (None, ""):
        if whole(said) != 1:
            draft.refuse("retention_kind", where, _(
                "To send this you must choose the retención 1 (3 %%), not %(found)s.", found=said), 3263)
        elif not applies:
            draft.refuse("retention", where, _(
                "Sending is not possible because a retención is for facturas above S/ %(limit)s.",
                limit=money(draft.terms.retention_above)), 3262)
    if not applies or not _wants_retention(draft):
        return ZERO
    base = number(draft.extra.get("retencion_base_imponible") or total) or ZERO
    if base > total:
        draft.refuse("retention_base", "extra.retencion_base_imponible", _(
            "To send this the base of the retención must not be more than the total (%(total)s).",
            total=money(total)), 3264)
    amount = cents(total * draft.terms.retention_rate / HUNDRED)
    own = where.startswith("extra")
    given = draft.extra.get("total_retencion") if own else draft.case.taxes[0].amount
    if given not in (None, "") and number(given) != amount:
        draft.refuse("retention_amount", "extra.total_retencion" if own else f"{where}.amount", _(
            "To send this the retención must be %(amount)s, not %(found)s.", amount=money(amount), found=given), 3263)
    return amount


# --- quotas --------------------------------------------------------------------------------------------


def on_credit(draft: Draft) -> bool:
    """Whether a factura is paid later: as said, else by its due date."""
    if draft.is_note:
        return draft.kind == CREDITO and note_kind(draft) == PENDING_AMOUNT
    if draft.kind != FACTURA:
        return False
    terms = _TERMS.get(str(draft.case.payment.get("terms") or "").strip().lower(), "")
    later = draft.case.due_date is not None and draft.case.due_date > draft.date
    if terms == "cash":
        return False
    return later or bool(draft.extra.get("venta_al_credito")) or (terms == "credit" and draft.case.due_date is None)


def _quotas(draft: Draft, total: Decimal, net: Decimal) -> tuple[Quota, ...]:
    given = draft.extra.get("venta_al_credito")
    if not on_credit(draft):
        if given:
            draft.refuse("quotas", "extra.venta_al_credito", _(
                "To send this it must be a factura on credit: only those are paid in quotas."), 3252)
        return ()
    if draft.is_note:
        return _of_note(draft, given)
    if given:
        return _given(draft, given, total, net)
    if draft.case.due_date is None:
        draft.refuse("quotas", "due_date", _(
            "To issue a factura on credit you must give its due date, or its quotas."), 3249)
        return ()
    return (Quota(1, draft.case.due_date, net),) if net else ()


def _of_note(draft: Draft, given: Any) -> tuple[Quota, ...]:
    """A note of kind 13 says the quotas anew; its own total is zero."""
    if not given:
        draft.refuse("quotas", "extra.venta_al_credito", _(
            "To send a note of kind 13 you must give the new quotas."), 3257)
        return ()
    return tuple(_read(draft, given))


def _given(draft: Draft, given: Any, total: Decimal, net: Decimal) -> tuple[Quota, ...]:
    quotas = tuple(_read(draft, given))
    added = sum((one.amount for one in quotas), ZERO)
    if any(one.amount > total for one in quotas) or added > total:
        draft.refuse("quotas_sum", "extra.venta_al_credito", _(
            "To send this the quotas must not be more than the total (%(total)s); they are %(sum)s.",
            total=money(total), sum=money(added)), 3266 if any(one.amount > total for one in quotas) else 3265)
    elif added != net:
        draft.refuse("quotas_sum", "extra.venta_al_credito", _(
            "To send this the quotas must add up to what is to be paid (%(net)s); they are %(sum)s.", net=money(net),
            sum=money(added)), 3265)
    return quotas


def _read(draft: Draft, given: Any) -> list[Quota]:
    found: list[Quota] = []
    rows = given if isinstance(given, list) else [given]
    for index, row in enumerate(rows):
        where = f"extra.venta_al_credito[{index}]"
        entry = row if isinstance(row, Mapping) else {}
        place = whole(entry.get("cuota", index + 1)) or 0
        date, amount = read_day(entry.get("fecha_de_pago")), number(entry.get("importe"))
        if not 1 <= place <= 999 or place in {one.number for one in found}:
            draft.refuse("quota_number", f"{where}.cuota", _(
                "To send this you must number the quotas 1, 2, 3 ..."), 3246 if not 1 <= place <= 999 else 3248)
        if date is None:
            draft.refuse("quota_date", f"{where}.fecha_de_pago", _(
                "To send this you must date each quota, like 15-03-2025."), 3256 if not entry.get("fecha_de_pago")
                else 3255)
        elif date <= draft.date:
            draft.refuse("quota_date", f"{where}.fecha_de_pago", _(
                "To send this each quota must be dated after the issue (%(date)s).", date=draft.date.isoformat()), 3267)
        if amount is None or amount <= 0 or decimals(amount) > 2:
            draft.refuse("quota_amount", f"{where}.importe", _(
                "To send this you must give each quota an amount above zero with two decimals."),
                3254 if amount is None else 3253)
        if date is not None and amount is not None:
            found.append(Quota(place, date, amount))
    return found
