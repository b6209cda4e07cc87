"""The test document of enabling: the SAT's fictitious taxpayer invoices another, at the PAC's demo service only.

The PAC's demo knows no real RFC; the document is sealed with the test certificate that the SAT publishes for this.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa

from core import audit, clock
from core.db import db
from core.errors import Rejected
from core.i18n import _
from core.models import AuditRecord
from core.scope import current_company, current_company_id
from modules.accounting.totals import VAT
from modules.einvoice.case import Address, Case, CaseLine, LineTax, Party
from modules.einvoice_mx import access, schema, seal
from modules.einvoice_mx.catalogs import FOLDER
from modules.einvoice_mx.client import Pac
from modules.einvoice_mx.endpoints import TEST_PASSWORD, TEST_USER, TESTING, pac_url
from modules.einvoice_mx.mapping import map_document
from modules.einvoice_mx.wire import SKEW

ACTION = "einvoice_mx.test_document"
TAXPAYER = Party(name="ESCUELA KEMPER URGATE", tax_id="EKU9003173C9", tax_condition="601", series="PRUEBA",
                 address=Address(postal_code="42501"))
CUSTOMER = Party(name="UNIVERSIDAD ROBOTICA ESPAÑOLA", tax_id_kind="RFC", tax_id="URE180429TM6", tax_condition="601",
                 address=Address(postal_code="86991"))
# published by the SAT with its test certificates
_PASSWORD = "12345678a"


def send() -> str:
    """Have it stamped: its UUID. Rejected with the PAC's words where it refuses. Commits."""
    own = access.account(TESTING)
    address = own.address if own else ""
    db.session.commit()
    pac = Pac(pac_url(TESTING, address), TEST_USER, TAXPAYER.tax_id, TEST_PASSWORD)
    try:
        timbre = pac.stamp(_document())
    except Rejected as refusal:
        raise Rejected(_("The PAC refused the test document: %(text)s", text=f"{refusal.message} ({refusal.code})"),
                       code=refusal.code) from None
    audit.record(ACTION, current_company(), {"uuid": timbre.uuid})
    db.session.commit()
    return timbre.uuid


def _document() -> bytes:
    """1.16 in all, sealed."""
    moment = clock.now() - SKEW
    tax = LineTax(VAT, Decimal(16), entry={"code": VAT, "rate": "16"})
    made = map_document(Case(
        country="MX", kind="invoice", issuer=TAXPAYER, customer=CUSTOMER, issued_at=moment, currency="MXN",
        number=int(moment.timestamp()), payment={"terms": "credit"},
        lines=(CaseLine(Decimal(1), Decimal("1.00"), description="Documento de prueba", taxes=(tax,)),)))
    cer, key = ((FOLDER / "csd" / f"{TAXPAYER.tax_id}_{end}.pem").read_bytes() for end in ("cer", "key"))
    seal.seal(made.document, seal.read_pair(cer, key, _PASSWORD))
    return schema.text(made.document).encode()


def last_proof() -> tuple[str, dt.datetime] | None:
    """UUID of the last test document and when, from the audit."""
    row = db.session.scalar(sa.select(AuditRecord).where(
        AuditRecord.action == ACTION, AuditRecord.company_id == current_company_id())
        .order_by(AuditRecord.id.desc()).limit(1))
    return (str(row.changes.get("uuid")), row.at) if row else None
