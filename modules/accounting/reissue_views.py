"""Staff page of an invoice that went to the wrong name: one press credits it and issues it again."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core.db import find
from core.errors import DomainError
from core.forms import Form, InputRequired, Length, SelectField, StringField, refused
from core.i18n import _, lazy
from core.scope import current_company
from core.security import check, require
from modules.accounting import reissuing
from modules.accounting.blueprint import bp
from modules.accounting.invoice_views import choose_customer
from modules.accounting.models import Invoice, Replacement
from modules.crm import countries
from modules.crm.models import Customer


class ReissueForm(Form):
    """To whom the invoice should have gone, and why it is issued again."""

    name = StringField(lazy("Name or legal name"), [InputRequired(), Length(max=200)])
    tax_id_kind = SelectField(lazy("Document"), default="")
    tax_id = StringField(lazy("Document number"), [Length(max=40)],
                         description=lazy("With or without points and dashes."))
    tax_condition = SelectField(lazy("Tax condition"), default="")
    reason = StringField(lazy("Reason"), [Length(max=300)], description=lazy("It stands on the credit note."))

    def receiver(self) -> dict[str, str]:
        """What `reissuing.reissue` takes."""
        return {name: self[name].data or "" for name in reissuing.RECEIVER}


def _form(customer: Customer) -> ReissueForm:
    form = ReissueForm(data={name: getattr(customer, name) for name in reissuing.RECEIVER}
                       | {"reason": _("Issued to the wrong name")})
    rules = countries.get(current_company().country)
    form.tax_id_kind.choices = [("", lazy("Recognise it")), *rules.TAX_ID_KINDS.items()]
    form.tax_condition.choices = [("", "—"), *rules.TAX_CONDITIONS.items()]
    return form


@bp.route("/invoices/<int:invoice_id>/reissue", methods=["GET", "POST"])
@require("accounting.issue_credit_notes")
def reissue(invoice_id: int) -> Any:
    """Who was wrong, who is right, why; then a credit note and a new invoice at once."""
    check("accounting.issue_documents")
    check("crm.edit_customers")
    row = find(Invoice, invoice_id)
    if (made := reissuing.of_invoice(row.id)) and made.wrong_id == row.id:
        return _done(made)
    if "q" in request.args:
        return choose_customer("accounting.reissue", _("Who should have got it"), invoice_id=row.id)
    other_id = request.values.get("customer", type=int)
    customer = find(Customer, other_id) if other_id else row.customer
    form = _form(customer)
    if form.validate_on_submit():
        try:
            made = reissuing.reissue(row, form.reason.data or "", form.receiver(), customer)
        except DomainError as error:
            refused(form, error)
            row, customer = find(Invoice, invoice_id), find(Customer, customer.id)
        else:
            flash(_("%(note)s takes %(wrong)s back, and %(right)s takes its place. Both are being authorised and sent.",
                    note=str(made.note), wrong=str(made.wrong), right=str(made.right)), "ok")
            return _done(made)
    page = render_template("accounting/reissue_form.html", form=form, invoice=row, customer=customer,
                           refusal=reissuing.refusal(row), before=(row.snapshot or {}).get("customer") or {},
                           rules=countries.get(current_company().country))
    return page, 422 if form.errors or form.form_errors else 200


def _done(made: Replacement) -> Any:
    return redirect(url_for("accounting.invoice", invoice_id=made.right_id))
