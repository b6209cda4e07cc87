"""Two providers of a country with everything that an address can name: what walks over all routes works on.

The subscribers come from the demonstration, a month is billed and paid; tables that are empty afterwards and that
addresses point to get a plain row.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from core import clock, config, installation, jobs, modules, schema, scope
from core.app import create_app
from core.db import Base, db
from core.models import Company, Job, Membership, Role, User, UserSession
from core.security import hash_password, sessions
from tests.installation import fresh_database

COMPANIES = ({"code": "norte", "name": "Norte Fibra S.A.", "trade_name": "Norte Fibra"},
             {"code": "otra", "name": "Otra Antena S.A.", "trade_name": "Otra Antena"})
# where the two are not the same taxpayer
TAX_IDS = {"AR": ("30990000103", "30990000308")}
COUNTRIES = ("AR", "EC", "CO", "MX", "PE")
PEOPLE = 6
# address argument -> table; where modules use the same name, the beginning of the endpoint tells
TABLES = {
    "customer_id": "crm_customer", "address_id": "crm_address", "contact_id": "crm_contact",
    "invoice_id": "accounting_invoice", "payment_id": "accounting_payment", "draft_id": "contracts_billing_draft",
    "contract_id": "contracts_contract", "item_id": "contracts_item", "charge_id": "contracts_charge",
    "discount_id": "contracts_discount", "plan_id": "contracts_plan", "price_id": "contracts_plan_price",
    "revision_id": "contracts_price_revision", "change_id": "contracts_plan_change",
    "document_id": "einvoice_document", "sequence_id": "einvoice_sequence", "notice_id": "einvoice_ar_notice",
    "receipt_id": "einvoice_mx_payment_receipt", "einvoice_mx.row_id": "einvoice_mx_payment_receipt",
    "detraction_id": "einvoice_pe_detraction", "global_id": "einvoice_mx_global",
    "entry_id": "accounting_entry",
    "message_id": "notifications_message", "file_id": "core_file", "job_id": "core_job", "view_id": "core_list_view",
    "gateways.transaction_id": "gateways_transaction", "gateways.notice_id": "gateways_notice",
    "gateways.line_id": "gateways_bank_line", "router_id": "networking_router",
    "gateways.file_id": "gateways_file", "gateways.account_id": "gateways_account",
    "promise_id": "arrears_promise", "proof_id": "arrears_proof", "batch_id": "arrears_batch",
    "batch_item_id": "arrears_batch_item", "moratorium_id": "arrears_moratorium",
    "equipment_id": "contracts_equipment",
    "contracts.run_id": "contracts_billing_run", "importer.run_id": "importer_run", "core.run_id": "core_list_run",
}
# arguments that name nothing of a company
WORDS = {"kind_code": "accounting.invoice_ready", "step_key": "data", "filter_key": "who",
         "export_type": "csv", "name": "demo", "revision": 1, "provider": "siro", "code": "promise"}
# what the plainest row of a table lacks
MORE: dict[str, dict[str, Any]] = {
    "core_job": {"state": "failed"}, "einvoice_sequence": {"kind": "1"},
    "arrears_promise": {"until": dt.datetime(2026, 11, 9, 13, tzinfo=dt.UTC)},
    "gateways_account": {"provider": "siro"},
    "gateways_transaction": {"status": "approved", "state": "waiting", "cause": "unknown_reference"},
    "gateways_file": {"direction": "in", "state": "imported"},
    "gateways_bank_line": {"state": "waiting"}, "gateways_settlement": {"kind": "payment"},
    "contracts_price_revision": {"percent": 5},
    "einvoice_mx_global": {
        "xml": (Path(__file__).parent / "modules/einvoice_mx/samples/global_timbrado.xml").read_text()},
    "einvoice_mx_payment_receipt": {
        "xml": (Path(__file__).parent / "modules/einvoice_mx/samples/pago_timbrado.xml").read_text()},
}


@dataclass
class World:
    """The app, its two companies, a person per role in the first one, and ids by table and company."""

    app: Flask
    country: str
    own: int
    other: int
    cookies: dict[str, str] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    rows: dict[tuple[str, int], int] = field(default_factory=dict)

    def values(self, rule: Rule, company_id: int) -> dict[str, Any]:
        """Arguments of an address that name rows of this company."""
        return {name: self._value(rule, name, company_id) for name in rule.arguments}

    def every(self, rule: Rule, company_id: int) -> Iterator[dict[str, Any]]:
        """The same with each word of a choice, each step of the country's guide, each of its files."""
        words = {name: found[1].replace(" ", "").split(",") for name in rule.arguments
                 if (found := re.search(rf"<any\(([^)]*)\):{name}>", rule.rule))}
        if rule.endpoint.startswith("einvoice."):
            words |= {name: self.words(company_id)[name] for name in rule.arguments & {"step_key", "code"}}
        for chosen in itertools.product(*words.values()):
            yield self.values(rule, company_id) | dict(zip(words, chosen, strict=True))

    def words(self, company_id: int) -> dict[str, list[str]]:
        """By argument of an address: the steps of the country's guide, the files for its accountants."""
        from modules.einvoice import exporting
        from modules.einvoice.ports import enablers

        company = db.session.get_one(Company, company_id)
        with scope.company_scope(company):
            return {"step_key": [step.key for step in enablers.get(self.country).steps()],
                    "code": [*exporting.exports_of(company)]}

    def country_of(self, rule: Rule) -> str | None:
        """The country whose module has this address; None where it is for all."""
        blueprint = rule.endpoint.partition(".")[0]
        view = {one.endpoint: one for one in self.app.extensions["abona_admin"]._views}.get(blueprint)
        return getattr(view, "country", None) or modules.country_of(f"modules.{blueprint}")

    def _value(self, rule: Rule, name: str, company_id: int) -> Any:
        if found := re.search(rf"<any\(([a-z_]+)[^>]*:{name}>", rule.rule):
            return found[1]
        own = f"{rule.endpoint.split('.')[0]}.{name}"
        key = own if own in TABLES else name
        if key in TABLES:
            return self.rows[TABLES[key], company_id]
        if name in ("user_id", "role_id", "session_id"):
            return self.rows[f"core_{name.removesuffix('_id')}", company_id]
        assert name in WORDS or f"<int:{name}>" not in rule.rule, f"{rule.rule}: which table does {name} mean?"
        return WORDS.get(name, "x")

    def names_rows(self, rule: Rule) -> bool:
        """Whether an address names something that belongs to a company."""
        return bool(set(rule.arguments) & {key.rpartition(".")[2] for key in TABLES}
                    | (rule.arguments & {"user_id", "session_id"}))

    def open(self, role: str, method: str, path: str, **options: Any) -> Any:
        """What this role's person gets there."""
        return self.app.test_client(use_cookies=False).open(
            path, method=method, headers={"Cookie": self.cookies[role], **options.pop("headers", {})}, **options)

    def address(self, rule: Rule, values: dict[str, Any], company_id: int) -> str:
        """The address with these arguments; pages of one record of master data with a record of this company."""
        with self.app.test_request_context():
            path = self.app.url_map.bind("localhost").build(rule.endpoint, values)
        blueprint, _, name = rule.endpoint.partition(".")
        if name not in ("edit_view", "details_view"):
            return path
        view = next(one for one in self.app.extensions["abona_admin"]._views if one.endpoint == blueprint)
        return f"{path}?id={self.row(view.model.__tablename__, company_id)}"

    def row(self, table: str, company_id: int) -> int:
        """The id of a row of this company; the first, or one made for it."""
        if (table, company_id) not in self.rows:
            company = db.session.get_one(Company, company_id)
            with scope.company_scope(company):
                self.rows[table, company_id] = _row(self, Base.metadata.tables[table], company)
            db.session.commit()
        return self.rows[table, company_id]

    @contextmanager
    def changed(self, statement: sa.Executable) -> Iterator[None]:
        """The block with this written, which is taken back after it."""
        with self.undone():
            db.session.connection().execute(statement)
            db.session.commit()
            yield

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever the block writes is taken back after it; the connection of the app is inside a transaction.

        Within another such block only what this one wrote is taken back.
        """
        db.session.remove()
        real: Any = db.engine
        with ExitStack() as stack:
            is_within = isinstance(real, sa.Connection)
            connection = real if is_within else stack.enter_context(real.connect())
            outer = stack.enter_context(real.begin_nested() if is_within else connection.begin())
            db._app_engines[self.app][None] = connection  # type: ignore[assignment]
            db.session.configure(join_transaction_mode="create_savepoint")
            try:
                yield
            finally:
                db.session.remove()
                outer.rollback()
                db._app_engines[self.app][None] = real


@contextmanager
def world(folder: Path, country: str = "AR") -> Iterator[World]:
    """Build it in a database of its own."""
    with fresh_database(folder, migrated=True) as url:
        app = create_app(config.load(instance=folder, database_url=url, redis_url="", secret_key="k", testing=True,
                                     simulators_url="http://127.0.0.1:9"))
        app.config.update(WTF_CSRF_ENABLED=False, SERVER_NAME=None)
        with app.app_context(), clock.freeze(dt.datetime(2026, 11, 5, 15, tzinfo=dt.UTC)):
            schema.upgrade()
            installation.make_roles()
            first, second = (_provider(country, place) for place in range(2))
            made = World(app, country, first.id, second.id)
            _people(made, first, second)
            for company in (first, second):
                _fill(made, company)
            db.session.commit()
            yield made
            db.session.remove()
            db.engine.dispose()


def _provider(country: str, place: int) -> Company:
    from modules.accounting import bulk_payments, ledger
    from modules.contracts import billing
    from modules.demo import facts, oddities, past, stock
    from modules.demo.cast import Cast
    from modules.demo.loading import Loader

    known = facts.of(country)
    tax_id = TAX_IDS.get(country, (known.company["tax_id"],) * 2)[place]
    known = replace(known, company={**known.company, **COMPANIES[place], "tax_id": tax_id})
    today = clock.now().date()
    made = stock.make(known)
    with scope.company_scope(made.company):
        cast = Cast(known, 1, made.zone_ids)
        oddities.make(made, cast, today)
        list(Loader(made, cast, 1, today, today).load(PEOPLE))
        ledger.policy().legal_documents = False
        db.session.commit()
        month = today.replace(day=1)
        billing.start_run(made.company, month)
        db.session.commit()
        _bill()
        bulk_payments.record_many([replace(one, paid_on=today) for one in past.payments(made.company, month, 1)])
        db.session.commit()
    return made.company


def _bill() -> None:
    """The jobs of billing alone: no papers are drawn, no mail is sent."""
    while found := db.session.scalars(sa.select(Job.id).where(
            Job.state == "pending", Job.function.like("modules.contracts.%"), Job.run_at <= clock.now())
            .order_by(Job.id).limit(50)).all():
        db.session.rollback()
        if not sum(jobs.run(job_id) for job_id in found):
            break


def _people(made: World, own: Company, other: Company) -> None:
    """A person per standard role and an administrator in the first company, a stranger in the second."""
    roles = db.session.scalars(sa.select(Role).order_by(Role.id)).all()
    for role in [*roles, None]:
        user = User(email=f"{role.code if role else 'admin'}@example.com", name=f"Persona {role or 'Admin'}",
                    is_admin=role is None, locale="es", password_hash=hash_password("correct horse"))
        if role is not None:
            user.memberships.append(Membership(company=own, role=role))
        db.session.add(user)
        db.session.flush()
        made.users[role.code if role else "admin"] = user.id
    colleague, stranger = (User(email=f"{code}@example.com", name=f"Gente de {code}", locale="es",
                                memberships=[Membership(company=company, role=roles[-1])])
                           for code, company in (("colega", own), ("ajena", other)))
    db.session.add_all([colleague, stranger])
    db.session.flush()
    for user, company in ((colleague, own), (stranger, other)):
        sessions.open_session(user, "10.0.0.9", "Firefox")
        made.rows["core_user", company.id] = user.id
        made.rows["core_role", company.id] = roles[-1].id
        made.rows["core_session", company.id] = db.session.scalars(
            sa.select(UserSession.id).where(UserSession.user_id == user.id)).one()
    db.session.commit()
    for name in made.users:
        answer = made.app.test_client().post("/login", data={"email": f"{name}@example.com",
                                                             "password": "correct horse"})
        made.cookies[name] = answer.headers["Set-Cookie"].split(";")[0]
    db.session.execute(sa.update(UserSession).where(UserSession.user_id == made.users["admin"])
                       .values(company_id=own.id))
    db.session.commit()


# --- rows of tables that are still empty --------------------------------------------------------------------


def _fill(made: World, company: Company) -> None:
    with scope.company_scope(company):
        for name in TABLES.values():
            made.rows[name, company.id] = _row(made, Base.metadata.tables[name], company)


def _row(made: World, table: sa.Table, company: Company) -> int:
    """The id of a row of this company; made with the plainest values where there is none."""
    mine = table.c.company_id == company.id if "company_id" in table.c else sa.true()
    key = next(iter(table.primary_key.columns))
    found = db.session.execute(sa.select(key).select_from(table).where(mine).order_by(key).limit(1)).scalar()
    if found is not None and ("company_id" in table.c or company.id == made.own):
        return int(found)
    values = {column.name: _plain(made, column, company) for column in table.columns if _is_needed(column)}
    values.update(MORE.get(table.name, {}))
    if table.name == "contracts_billing_draft":
        values["payload"] = _draft(values["customer_id"])
    if table.name == "core_list_view":
        values["user_id"] = made.users["admin"]
    return int(db.session.execute(sa.insert(table).values(values)).inserted_primary_key[0])


def _draft(customer_id: int) -> dict[str, Any]:
    from modules.accounting.drafts import DraftLine, InvoiceDraft
    from modules.contracts import payloads

    line = DraftLine("Abono", Decimal(1), Decimal(100), taxes=({"code": "VAT", "rate": "21"},))
    return payloads.as_json(InvoiceDraft(customer_id, clock.now().date(), (line,)))


def _is_needed(column: sa.Column) -> bool:
    if column.name in ("company_id", "customer_id"):  # a notice without a customer is a test
        return True
    return not column.primary_key and not column.nullable and column.default is None and column.server_default is None


def _plain(made: World, column: sa.Column, company: Company) -> Any:
    if column.name == "company_id":
        return company.id
    if column.name in ("currency", "country"):
        return getattr(company, column.name)
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column.table
        if target.name == "core_user":
            return made.rows["core_user", company.id]
        return _row(made, target, company)
    kind = getattr(column.type, "impl", column.type).python_type
    plain: dict[type, Any] = {str: _choice(column) or "x", bool: False, dt.date: clock.now().date(),
                              dt.datetime: clock.now(), dict: {}, list: []}
    return plain.get(kind, 1)


def _choice(column: sa.Column) -> str | None:
    """The first value that a check constraint lets into a column of states."""
    for rule in column.table.constraints:
        text = str(rule.sqltext) if isinstance(rule, sa.CheckConstraint) else ""
        if text.startswith(f"{column.name} IN ('"):
            return text.split("'")[1]
    return None
