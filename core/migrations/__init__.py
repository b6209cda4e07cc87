"""Migrations: one alembic branch per module, all in one version table (ADR 001)."""
