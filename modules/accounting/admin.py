"""Master data of accounting: cash and bank accounts, the chart, its roles, how the company accounts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from wtforms.validators import ValidationError

from core.admin import ModelView, in_words
from core.db import db
from core.i18n import _, lazy
from modules.accounting.models import Account, AccountRole, CashAccount, Policy, Posting

EDIT = "accounting.edit_accounts"
KINDS = [("cash", lazy("Cash box")), ("bank", lazy("Bank account")), ("gateway", lazy("Held by a gateway"))]
ACCOUNT_KINDS = [("asset", lazy("Asset")), ("liability", lazy("Liability")), ("equity", lazy("Equity")),
                 ("income", lazy("Income")), ("expense", lazy("Expense"))]
ROLE_WORDS = {
    "receivable": lazy("What customers owe"), "income": lazy("Income"), "vat_payable": lazy("VAT of sales"),
    "other_taxes_payable": lazy("Other taxes of sales"), "withholdings": lazy("Taxes that customers withheld"),
    "cash": lazy("Cash"), "bank": lazy("Bank"), "clearing": lazy("Held by gateways"), "fees": lazy("Fees of gateways"),
    "rounding": lazy("Rounding"), "opening": lazy("Opening balances")}


class CashAccountAdmin(ModelView):
    """Cash boxes and bank accounts; one with movements is switched off rather than deleted."""

    permission = EDIT
    column_list = ("name", "kind", "account", "currency", "is_default", "active")
    column_labels = {"name": lazy("Name"), "kind": lazy("Kind"), "account": lazy("Account"),
                     "currency": lazy("Currency"), "is_default": lazy("Default"), "active": lazy("In use")}
    column_descriptions = {"is_default": lazy("Taken where a payment names none"),
                           "currency": lazy("Empty: that of the company")}
    column_formatters = {"kind": in_words(KINDS)}
    form_columns = ("name", "kind", "account", "currency", "is_default", "active")
    form_choices = {"kind": KINDS}
    can_delete = False

    def on_model_change(self, form: Any, model: CashAccount, is_created: bool) -> None:
        """One default at most, and one in use; a bank account's currency does not change under its payments."""
        model.currency = (model.currency or "").strip().upper()
        if model.is_default and not model.active:
            raise ValidationError(_("To switch this account off you must first make another one the default."))
        if model.is_default:
            others = sa.update(CashAccount).where(CashAccount.id != (model.id or 0), CashAccount.is_default)
            with db.session.no_autoflush:
                db.session.execute(others.values(is_default=False), execution_options={"synchronize_session": False})


class AccountAdmin(ModelView):
    """The chart of accounts."""

    permission = EDIT
    column_list = ("code", "name", "kind", "active")
    column_default_sort = "code"
    column_searchable_list = ("code", "name")
    column_labels = {"code": lazy("Code"), "name": lazy("Name"), "kind": lazy("Kind"), "active": lazy("In use")}
    column_formatters = {"kind": in_words(ACCOUNT_KINDS)}
    form_columns = ("code", "name", "kind", "active")
    form_choices = {"kind": ACCOUNT_KINDS}
    can_delete = False

    def on_model_change(self, form: Any, model: Account, is_created: bool) -> None:
        """What was booked as income does not become a debt afterwards."""
        before = sa.inspect(model).attrs.kind.history.deleted
        if not is_created and before and db.session.scalar(
                sa.select(sa.exists().where(Posting.account_id == model.id))):
            raise ValidationError(_("Changing the kind is not possible because the account has entries. Make another "
                                    "account."))


class RoleAdmin(ModelView):
    """Which account plays which role."""

    permission = EDIT
    title_columns = ("role",)
    column_list = ("role", "account")
    column_labels = {"role": lazy("Used for"), "account": lazy("Account")}
    column_formatters = {"role": in_words(ROLE_WORDS)}
    form_columns = ("account",)
    can_create = can_delete = False


class PolicyAdmin(ModelView):
    """How the company accounts."""

    permission = EDIT
    column_list = ("legal_documents", "apply_credit")
    column_labels = {"legal_documents": lazy("Documents wait for the tax authority"),
                     "apply_credit": lazy("Money in favour pays the next invoice by itself")}
    form_columns = ("legal_documents", "apply_credit")
    can_create = can_delete = False


def views() -> list[Any]:
    """For the frame to add."""
    category = lazy("Money")
    return [CashAccountAdmin(CashAccount, name=lazy("Cash and bank accounts"), category=category),
            AccountAdmin(Account, name=lazy("Chart of accounts"), category=category),
            RoleAdmin(AccountRole, name=lazy("Roles of accounts"), category=category),
            PolicyAdmin(Policy, name=lazy("How the company accounts"), category=category)]
