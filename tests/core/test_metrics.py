"""Figures for Prometheus: requests, jobs, the database; of one process or of several together."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from core import metrics
from core.config import ROOT
from core.db import db
from core.models import Job
from tests.installation import Installation


def figures(client: FlaskClient) -> dict[str, float]:
    """Name with labels -> value."""
    lines = client.get("/metrics").get_data(as_text=True).splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name: float(value) for name, value in pairs if name.startswith("abona_")}


def test_jobs_are_counted_by_state_and_the_oldest_waiting_one_tells_how_late_the_work_is(
        client: FlaskClient, frozen: Callable[..., dt.datetime]) -> None:
    now = frozen(2026, 11, 3, 12)
    db.session.add_all([Job(function="x", state=state, run_at=now - dt.timedelta(seconds=90))
                        for state in ("pending", "pending", "running", "failed", "done")])
    db.session.add(Job(function="x", run_at=now + dt.timedelta(hours=1)))
    db.session.commit()
    found = figures(client)
    assert found["abona_jobs{state=\"pending\"}"] == 3 and found["abona_jobs{state=\"failed\"}"] == 1
    assert found["abona_oldest_job_seconds"] == 90 and found["abona_database_up"] == 1


def test_a_database_that_is_away_is_a_figure_and_not_an_error(client: FlaskClient,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("x", {}, Exception("gone"))

    monkeypatch.setattr(metrics, "_read_jobs", away)
    found = figures(client)
    assert found["abona_database_up"] == 0 and "abona_oldest_job_seconds" not in found


def test_requests_are_counted_by_page_and_not_by_address(app: Flask, client: FlaskClient) -> None:
    before = figures(client)
    for number in range(3):
        client.get(f"/nowhere/{number}")
        client.get("/login")
    found = figures(client)
    asked = 'abona_requests_total{endpoint="core.login",method="GET",status="200"}'
    lost = 'abona_requests_total{endpoint="none",method="GET",status="404"}'
    assert found[asked] - before.get(asked, 0) == 3 and found[lost] - before.get(lost, 0) == 3
    assert not [name for name in found if "nowhere" in name]


def test_several_processes_tell_their_figures_together(installation: Installation, tmp_path: Path) -> None:
    """The folder must be known before the library is loaded: hence processes that begin from nothing."""
    installation.settings |= {"ABONA_MODULES": "crm", "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    installation.init()
    ask = """if True:
        from core.app import create_app
        app = create_app()
        client = app.test_client()
        client.get("/login"), client.get("/login")
        print(client.get("/metrics").get_data(as_text=True))"""

    def asked() -> str:
        return subprocess.run([sys.executable, "-c", ask], env=installation.environment(), cwd=ROOT, text=True,
                              capture_output=True, check=True).stdout

    counted = 'abona_requests_total{endpoint="core.login",method="GET",status="200"} '
    assert counted + "2.0" in asked()
    second = asked()
    assert counted + "4.0" in second and "abona_database_up 1.0" in second
