"""ARCA's lists of codes: kept per company with their dates, and told where they are not ours any more."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask

from core import jobs
from core.db import db
from core.models import Company, Job
from core.simulators import Running
from modules.einvoice_ar import refreshing
from modules.einvoice_ar.client import Listed
from modules.einvoice_ar.jobs import refresh_lists_monthly
from modules.einvoice_ar.models import CatalogEntry, Notice


def notices() -> list[str]:
    return list(db.session.scalars(sa.select(Notice.text).order_by(Notice.id)))


def test_all_lists_are_read_over_the_wire_and_agree(app: Flask, company: Company, simulator: Running,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    settings = dataclasses.replace(app.extensions["abona"], simulators_url=simulator.url)
    monkeypatch.setitem(app.extensions, "abona", settings)
    assert refreshing.refresh("rehearsal") == 0
    assert notices() == []
    counted = dict(db.session.execute(sa.select(CatalogEntry.catalog, sa.func.count()).group_by(
        CatalogEntry.catalog)).all())
    assert set(counted) == set(refreshing.LISTS.values()) and counted["tipos_iva"] == 6
    row = db.session.scalars(sa.select(CatalogEntry).where(CatalogEntry.catalog == "tipos_iva",
                                                           CatalogEntry.code == "5")).one()
    assert (row.text, row.valid_from, row.valid_until) == ("21%", dt.date(2009, 2, 20), None)
    before = row.read_at
    assert refreshing.refresh("rehearsal") == 0
    db.session.expire_all()
    assert row.read_at > before and refreshing.last_read() is not None


def test_what_is_new_or_has_ended_is_told_once(company: Company) -> None:
    ended = Listed("5", "21%", dt.date(2009, 2, 20), dt.date(2020, 1, 1))
    new = Listed("10", "30%", dt.date(2026, 1, 1), None)
    assert refreshing.keep("tipos_iva", [ended, new, Listed("4", "10.5%", None, dt.date(2999, 1, 1))]) == 2
    refreshing.keep("tipos_iva", [ended, new])
    told = notices()
    assert len(told) == 2 and any("30%" in text for text in told) and any("2020-01-01" in text for text in told)


def test_once_a_month_for_companies_that_issue_for_real(company: Company, other_company: Company) -> None:
    other_company.environment = "production"
    db.session.commit()
    refresh_lists_monthly()
    refresh_lists_monthly()
    db.session.commit()
    found = db.session.scalars(sa.select(Job).where(Job.function == "modules.einvoice_ar.jobs.refresh_lists")).all()
    assert [one.company_id for one in found] == [other_company.id]
    assert jobs.open_jobs() >= 1
