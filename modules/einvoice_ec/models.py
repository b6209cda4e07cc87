"""What a company has with the SRI: fiscal profile, points of emission, certificates."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import BigId, CompanyScoped, Model, UTCDateTime, secret

ENVIRONMENTS = ("rehearsal", "testing", "production")
# a certificate signs for pruebas and producción alike; the rehearsal has its own
USES = ("rehearsal", "sri")
_ENVIRONMENT = f"environment IN ({', '.join(repr(name) for name in ENVIRONMENTS)})"


class FiscalProfile(CompanyScoped, Model):
    """How the company issues: its ambiente, and the facts that stand on every voucher (ficha, annexes 21 to 26)."""

    __tablename__ = "einvoice_ec_profile"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # where it issues once the company has left rehearsal: testing (pruebas) or production
    environment: Mapped[str] = mapped_column(sa.String(12), default="rehearsal")
    # establishment and point of emission of new vouchers: 001-002
    series: Mapped[str] = mapped_column(sa.String(7), default="001-001")
    # address of the head office; "" is the company's
    dir_matriz: Mapped[str] = mapped_column(sa.String(300), default="")
    obligado_contabilidad: Mapped[bool] = mapped_column(default=True)
    # numbers of resolutions; "" where they do not apply
    contribuyente_especial: Mapped[str] = mapped_column(sa.String(13), default="")
    agente_retencion: Mapped[str] = mapped_column(sa.String(8), default="")
    gran_contribuyente: Mapped[str] = mapped_column(sa.String(100), default="")
    # "", RIMPE_E (emprendedor) or RIMPE_NP (negocio popular), and the last day of it
    rimpe: Mapped[str] = mapped_column(sa.String(8), default="")
    rimpe_until: Mapped[dt.date | None] = mapped_column(sa.Date)
    # RUC of the firm that hosts this system for others (annex 26)
    ruc_proveedor: Mapped[str] = mapped_column(sa.String(13), default="")
    # means of payment that facturas say (table 24)
    forma_pago: Mapped[str] = mapped_column(sa.String(2), default="20")
    # of the signature: rsa-sha1 is what the SRI's texts ask for
    signature_method: Mapped[str] = mapped_column(sa.String(12), default="rsa-sha1")
    digest: Mapped[str] = mapped_column(sa.String(8), default="sha1")

    __table_args__ = (sa.UniqueConstraint("company_id"), sa.CheckConstraint(_ENVIRONMENT, name="environment"),
                      sa.CheckConstraint("rimpe IN ('', 'RIMPE_E', 'RIMPE_NP')", name="rimpe"),
                      sa.CheckConstraint("signature_method IN ('rsa-sha1', 'rsa-sha256')", name="signature_method"),
                      sa.CheckConstraint("digest IN ('sha1', 'sha256')", name="digest"))

    def __str__(self) -> str:
        return self.series


class EmissionPoint(CompanyScoped, Model):
    """A point of emission of an establishment, used by no other system (message 45 otherwise)."""

    __tablename__ = "einvoice_ec_point"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    series: Mapped[str] = mapped_column(sa.String(7))
    # address of the establishment as the RUC has it; "" is the company's
    address: Mapped[str] = mapped_column(sa.String(300), default="")
    closed: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (sa.UniqueConstraint("company_id", "series"),)

    def __str__(self) -> str:
        return self.series


class Certificate(CompanyScoped, Model):
    """A .p12 with its password, both encrypted; the one in use signs."""

    __tablename__ = "einvoice_ec_certificate"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    use: Mapped[str] = mapped_column(sa.String(12))
    # the file in base64
    p12: Mapped[str] = secret()
    password: Mapped[str] = secret()
    holder: Mapped[str] = mapped_column(sa.String(200), default="")
    # as it stands in the certificate; "" where it does not say
    ruc: Mapped[str] = mapped_column(sa.String(13), default="")
    issuer: Mapped[str] = mapped_column(sa.String(300), default="")
    # decimal, up to 49 digits
    serial_number: Mapped[str] = mapped_column(sa.String(60), default="")
    valid_from: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    valid_until: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    active: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (
        sa.CheckConstraint(f"use IN ({', '.join(repr(name) for name in USES)})", name="use"),
        sa.Index("ix_einvoice_ec_certificate_active", "company_id", "use", unique=True,
                 sqlite_where=sa.text("active"), postgresql_where=sa.text("active")))

    def __str__(self) -> str:
        return self.holder
