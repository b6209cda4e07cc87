"""What a new company starts with: chart, roles, cash accounts, policy."""

from __future__ import annotations

import sqlalchemy as sa

from core.db import db, insert_new
from core.i18n import _, use_locale
from core.models import Company
from modules.accounting import designs
from modules.accounting.charts import CHARTS
from modules.accounting.models import Account, AccountRole, CashAccount, Policy


def seed(company: Company) -> None:
    """Idempotent: what a company has already, or has changed, is left alone."""
    insert_new(Policy.__table__, [{"company_id": company.id, "legal_documents": True, "apply_credit": True,
                                   "lock_reason": ""}], ("company_id",))
    chart = CHARTS[company.country]
    insert_new(Account.__table__, [
        {"company_id": company.id, "code": code, "name": name, "kind": kind, "active": True}
        for code, name, kind, _role in chart], ("company_id", "code"))
    ids = {row.code: row.id for row in db.session.execute(sa.select(Account.code, Account.id))}
    insert_new(AccountRole.__table__, [
        {"company_id": company.id, "role": role, "account_id": ids[code]} for code, _name, _kind, role in chart],
        ("company_id", "role"))
    _cash_accounts(company)
    designs.current()


def _cash_accounts(company: Company) -> None:
    if db.session.scalar(sa.select(CashAccount.id).limit(1)):
        return
    rows = db.session.execute(sa.select(AccountRole.role, AccountRole.account_id))
    roles = {row.role: row.account_id for row in rows}
    with use_locale(company.locale):
        db.session.add_all([
            CashAccount(name=_("Cash box"), kind="cash", account_id=roles["cash"], is_default=True),
            CashAccount(name=_("Bank"), kind="bank", account_id=roles["bank"])])
    db.session.flush()
