"""What each role of a new installation may do, said a second time: a permission is given or kept back on purpose."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from core import installation, modules
from core.db import db
from core.models import Role

# what the stories of users.md ask of a role, by module
BILLING = {
    "crm": "view_customers edit_customers deactivate_customers edit_settings",
    "contracts": "view_contracts edit_contracts suspend_contracts end_contracts edit_plans view_billing run_billing "
                 "approve_drafts revise_prices",
    "accounting": "view_documents issue_documents issue_credit_notes send_documents cancel_documents view_payments "
                  "record_payments reverse_payments view_ledger edit_design",
    "einvoice": "view_documents send_documents abandon_documents cancel_documents manage_sequences",
    "einvoice_co": "edit_settings", "einvoice_ec": "edit_settings", "einvoice_mx": "edit_settings",
    "einvoice_pe": "edit_settings",
    "notifications": "view_messages send_messages edit_templates edit_mail_account",
    "importer": "import_customers import_payments",
    "arrears": "view_arrears grant_promises review_proofs",
    "gateways": "view_inbox match_payments exchange_files hand_out_links edit_ways",
    "networking": "view_network"}
ACCOUNTANT = {  # A1: what is not closed, of every kind; A3 to A6: the books
    "crm": "view_customers", "contracts": "view_contracts view_billing", "notifications": "view_messages",
    "accounting": "view_documents issue_documents issue_credit_notes send_documents cancel_documents view_payments "
                  "record_payments reverse_payments view_ledger edit_accounts edit_design lock_periods",
    "einvoice": "view_documents send_documents abandon_documents cancel_documents manage_sequences enable",
    "einvoice_ar": "edit_settings", "einvoice_co": "edit_settings", "einvoice_ec": "edit_settings",
    "einvoice_mx": "edit_settings", "einvoice_pe": "edit_settings",
    "gateways": "view_inbox", "arrears": "view_arrears"}
SUPPORT = {  # S1 to S5: debt, service, connection, why, what a gateway reported, a promise, the invoice once more
    "crm": "view_customers edit_customers edit_settings", "contracts": "view_contracts view_billing",
    "accounting": "view_documents send_documents view_payments view_ledger",
    "notifications": "view_messages send_messages", "arrears": "view_arrears grant_promises",
    "gateways": "view_inbox hand_out_links", "networking": "view_network"}


@pytest.mark.parametrize(("code", "wanted"), [("billing", BILLING), ("accountant", ACCOUNTANT), ("support", SUPPORT)])
def test_a_role_holds_what_its_stories_need_and_no_more(app: Flask, code: str, wanted: dict[str, str]) -> None:
    installation.make_roles()
    role = db.session.scalars(sa.select(Role).where(Role.code == code)).one()
    asked = {f"{module}.{name}" for module, names in wanted.items() for name in names.split()}
    assert {one.permission for one in role.permissions} == asked


def test_the_manager_holds_everything(app: Flask) -> None:
    installation.make_roles()
    role = db.session.scalars(sa.select(Role).where(Role.code == "manager")).one()
    assert {one.permission for one in role.permissions} == set(modules.permissions(app.extensions["abona_modules"]))
