"""Results of billing for people at a terminal."""

from __future__ import annotations

from typing import Any

import click

from core.cli import echo_table
from core.i18n import _, lazy
from modules.accounting import queries as accounting
from modules.accounting.models import Payment

SKIPPED = {
    "courtesy": lazy("courtesy"), "free": lazy("nothing to pay"), "free_period": lazy("free first or last days"),
    "suspended": lazy("suspended"), "not_started": lazy("not begun yet"),
    "not_this_month": lazy("their period is not due this month"), "ended": lazy("ended"),
}
SHOWN = 20


def preview_text(result: dict[str, Any]) -> None:
    """What a month would come to."""
    click.echo(_(
        "%(company)s %(period)s: would bill %(billed)s contracts in %(invoices)s invoices; %(already)s are billed "
        "already.",
        company=result["company"], period=result["period"], billed=result["billed"], invoices=result["invoices"],
        already=result["already_billed"]))
    _body(result)


def result_text(result: dict[str, Any]) -> None:
    """What a month came to, and how far its documents are."""
    click.echo(_(
        "%(company)s %(period)s: %(billed)s contracts billed, %(already)s were billed before, %(seconds)s seconds.",
        company=result["company"], period=result["period"], billed=result["billed"],
        already=result["already_billed"], seconds=result["seconds"]))
    _body(result)
    documents, notices = result["documents"], result["notices"]
    parts = [f"{_STATES.get(state, state)}: {count}" for state, count in documents.items() if count]
    click.echo(_("Documents: %(documents)s. PDFs: %(pdfs)s of %(invoices)s.", documents=", ".join(parts) or "0",
                 pdfs=result["pdfs"], invoices=result["invoices"]))
    held_text(result)
    click.echo(_("Notices: %(sent)s sent, %(queued)s waiting, %(failed)s failed, %(not_sent)s without an address.",
                 sent=notices["sent"], queued=notices["queued"], failed=notices["failed"],
                 not_sent=notices.get("not_sent", 0)))
    if result["drafts_waiting"]:
        click.echo(_("%(count)s drafts wait to be approved.", count=result["drafts_waiting"]))


def held_text(result: dict[str, Any]) -> None:
    """How many documents wait or were refused, with the most frequent reasons, and where all of them are told."""
    found = result["held"]
    for one in found:
        click.echo(f"  {_STATES.get(one['state'], one['state'])}, {one['count']}: {one['reason']}")
    for command in dict.fromkeys(one["see"] for one in found):
        click.echo(_("All of them, with what to do: %(command)s", command=f"{command} --company {result['company']}"))


_STATES = {"not_required": lazy("without an authority"), "pending": lazy("waiting"), "authorized": lazy("authorised"),
           "signed": lazy("signed, decided later"), "rejected": lazy("refused"),
           "unknown": lazy("without an answer"), "cancelled": lazy("annulled")}


def _body(result: dict[str, Any]) -> None:
    echo_table((_("currency"), _("net"), _("tax"), _("total")),
               [(one["currency"], one["net"], one["tax"], one["total"]) for one in result["totals"]])
    compared = result["compared"]
    click.echo(_(
        "Beside %(period)s (%(total)s): %(new)s new, %(gone)s gone, %(dearer)s pay more, %(cheaper)s pay less.",
        period=compared["period"], total=compared["total"], new=compared["new"], gone=compared["gone"],
        dearer=compared["dearer"], cheaper=compared["cheaper"]))
    for one in result["skipped"]:
        click.echo(_("Not billed, %(reason)s: %(count)s", reason=str(SKIPPED.get(one["reason"], one["reason"])),
                     count=one["count"]))
    exceptions_text(result)


def exceptions_text(result: dict[str, Any]) -> None:
    """The contracts that could not be billed; the first ones of many."""
    found = result["exceptions"]
    if not found:
        return
    echo_table((_("contract"), _("customer"), _("could not be billed")),
               [(one["contract"], one["customer"], one["message"]) for one in found[:SHOWN]])
    if len(found) > SHOWN:
        click.echo(_("… and %(count)s more: abona billing exceptions --period %(period)s --json",
                     count=result.get("exceptions_count", len(found)) - SHOWN, period=result["period"]))


def payment(row: Payment, *, is_new: bool) -> dict[str, Any]:
    """A payment as JSON: what it paid, what is left in favour, what is owed still."""
    paid = accounting.documents_paid(row.id)
    return {
        "payment": row.id, "receipt": row.number, "new": is_new, "customer": row.customer.code,
        "paid_on": row.paid_on, "currency": row.currency, "amount": f"{row.amount:.2f}",
        "paid": [{"invoice": invoice.id, "number": invoice.legal_number, "amount": f"{amount:.2f}",
                  "open": f"{invoice.open_amount:.2f}"} for invoice, amount in paid],
        "in_favour": f"{row.open_amount:.2f}", "balance": f"{accounting.balance(row.customer_id, row.currency):.2f}"}


def payment_text(result: dict[str, Any]) -> str:
    """The same as a sentence."""
    template = _("Receipt %(receipt)s: %(amount)s %(currency)s of customer %(customer)s. The balance is %(balance)s.")
    if not result["new"]:
        template = _("Recorded before, nothing was changed. Receipt %(receipt)s: %(amount)s %(currency)s of customer "
                     "%(customer)s. The balance is %(balance)s. To record another payment like it, give it an --id.")
    return template % {name: result[name] for name in ("receipt", "amount", "currency", "customer", "balance")}
