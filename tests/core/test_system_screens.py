"""Modules, queues, settings, the proof of the audit, the health page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core import (
    checks,
    clock,
    companies,
    config,
    environment_checks,
    health,
    jobs,
    modules,
    proofs,
    queues,
    switches,
    worker,
)
from core.app import create_app
from core.db import db
from core.errors import DomainError
from core.models import AuditRecord, Company, Job, User

Login = Callable[..., FlaskClient]
# what falls where accounting's legal documents are switched off
STANDING = {"demo", "einvoice", "einvoice_ar", "einvoice_co", "einvoice_ec", "einvoice_mx", "einvoice_pe"}


@pytest.fixture
def off_file(instance: Path) -> Iterator[Path]:
    path = instance / config.OFF_FILE
    yield path
    path.unlink(missing_ok=True)


# --- modules -------------------------------------------------------------------------------------------


def test_what_stands_on_a_module_goes_and_comes_with_it() -> None:
    every = modules.enabled((), ())
    left = modules.enabled((), ("einvoice",))
    assert set(every) - set(left) == STANDING
    assert modules.enabled(("contracts",), ("crm",)) == []


def test_an_app_without_a_module_has_neither_its_screens_nor_its_menu(tmp_path: Path) -> None:
    config.make_key_file(tmp_path)
    (tmp_path / config.OFF_FILE).write_text("einvoice_ar\n")
    app = create_app(config.load(instance=tmp_path, redis_url="", testing=True))
    assert "einvoice_ar" not in app.extensions["abona_modules"] and "einvoice" in app.extensions["abona_modules"]
    assert [rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("einvoice_ar.")] == []


def test_a_module_is_switched_off_and_on_on_screen(app: Flask, login: Login, off_file: Path) -> None:
    browser = login(admin=True)
    browser.post("/modules/einvoice/off")
    assert off_file.read_text() == "einvoice\n" and switches.is_stale(app)
    assert "einvoice_ar" not in switches.wanted(app.extensions["abona"])
    assert browser.get("/modules").status_code == 200
    browser.post("/modules/einvoice_ar/on")  # brings along what it stands on
    assert off_file.read_text() == "" and not switches.is_stale(app)
    recorded = db.session.scalars(sa.select(AuditRecord).where(AuditRecord.action.startswith("core.switch_"))).all()
    assert [one.changes["changed"] for one in recorded] == [sorted(STANDING)] * 2


def test_only_administrators_switch_modules(login: Login, off_file: Path) -> None:
    browser = login("core.view_system")
    assert browser.get("/modules").status_code == 200
    assert browser.post("/modules/einvoice/off").status_code in {303, 403, 409}
    assert not off_file.exists()


def test_what_the_environment_says_is_not_switched_on_screen(app: Flask, monkeypatch: pytest.MonkeyPatch,
                                                             off_file: Path) -> None:
    monkeypatch.setenv("ABONA_MODULES_OFF", "importer")
    with pytest.raises(DomainError):
        switches.switch("einvoice", False)
    assert not off_file.exists()


def test_work_of_a_module_that_is_off_waits_and_goes_on_afterwards(app: Flask, run_jobs: Callable[[], int],
                                                                   off_file: Path) -> None:
    running = app.extensions["abona_modules"]
    job = Job(function="modules.importer.jobs.gone", payload={})
    db.session.add(job)
    db.session.commit()
    job_id = job.id
    app.extensions["abona_modules"] = [name for name in running if name != "importer"]
    try:
        run_jobs()
    finally:
        app.extensions["abona_modules"] = running
    job = db.session.get_one(Job, job_id)
    assert job.state == "pending" and job.attempts == 0 and job.run_at > clock.now() + dt.timedelta(minutes=50)
    off_file.write_text("importer\n")
    switches.switch("importer", True)
    db.session.refresh(job)
    assert job.error == "" and job.run_at < clock.now() + dt.timedelta(minutes=1)


# --- jobs and queues -----------------------------------------------------------------------------------


def failed(count: int, error: str, function: str = "modules.x.jobs.y", **values: Any) -> list[Job]:
    made = [Job(function=function, state="failed", error=error, finished_at=clock.now(), **values)
            for _one in range(count)]
    db.session.add_all(made)
    db.session.commit()
    return made


def test_failures_alike_are_put_together_and_decided_together(login: Login) -> None:
    timeouts, others = failed(3, "timeout\nof the line"), failed(1, "no such plan")
    browser = login("core.view_jobs", "core.run_jobs")
    page = browser.get("/jobs/queues").text
    assert page.count("no such plan") == 1 and page.count("of the line") == 1
    browser.post("/jobs/cancel", data={"example": timeouts[0].id})
    assert {db.session.get_one(Job, one.id).state for one in timeouts} == {"cancelled"}
    browser.post("/jobs/run-again", data={"example": others[0].id})
    assert db.session.get_one(Job, others[0].id).state == "pending"
    browser.post(f"/jobs/{timeouts[0].id}/run-again")
    assert db.session.get_one(Job, timeouts[0].id).state == "pending"


def test_a_running_job_is_not_cancelled() -> None:
    with pytest.raises(DomainError):
        jobs.cancel(Job(function="x", state="running"))


def test_a_cancelled_job_is_never_run(app: Flask, run_jobs: Callable[[], int], login: Login) -> None:
    job = Job(function="core.housekeeping.tidy", payload={})
    db.session.add(job)
    db.session.commit()
    login("core.view_jobs", "core.run_jobs").post(f"/jobs/{job.id}/cancel")
    run_jobs()
    assert db.session.get_one(Job, job.id).state == "cancelled"


def test_a_queue_that_nobody_works_on_is_stuck(login: Login) -> None:
    db.session.add(Job(function="x", queue="notify", run_at=clock.now() - dt.timedelta(hours=2)))
    db.session.commit()
    [notify] = [queue for queue in queues.queues(sa.true()) if queue.name == "notify"]
    assert notify.is_stuck and notify.due == 1
    assert [queue.name for queue in queues.queues(sa.true())] == ["default", "einvoice", "network", "notify"]
    assert login("core.view_jobs").get("/jobs/queues").status_code == 200


def test_jobs_of_another_company_are_not_decided_here(login: Login, other_company: Company) -> None:
    theirs = failed(1, "boom", company_id=other_company.id)
    browser = login("core.view_jobs", "core.run_jobs")
    assert browser.post("/jobs/cancel", data={"example": theirs[0].id}).status_code == 404
    assert browser.post(f"/jobs/{theirs[0].id}/cancel").status_code == 404
    assert "boom" not in browser.get("/jobs/queues").text


# --- the proof of the audit ---------------------------------------------------------------------------------


def test_the_chain_is_proved_by_a_button_and_the_proof_is_on_record(login: Login) -> None:
    browser = login("core.view_audit")
    browser.post("/audit/prove")
    proof = proofs.last()
    assert proof is not None and proof.changes["broken"] is None and proof.changes["records"] > 0
    record = db.session.scalars(sa.select(AuditRecord).order_by(AuditRecord.id).limit(1)).one()
    record.label = "altered"
    db.session.commit()
    browser.post("/audit/prove")
    assert proofs.last().changes["broken"] == record.position  # type: ignore[union-attr]
    assert "notice-bad" in browser.get("/audit").text


def test_a_long_chain_is_proved_in_the_background(login: Login, monkeypatch: pytest.MonkeyPatch,
                                                  run_jobs: Callable[[], int]) -> None:
    monkeypatch.setattr(proofs, "AT_ONCE", 0)
    login("core.view_audit").post("/audit/prove")
    assert proofs.last() is None
    run_jobs()
    assert proofs.last() is not None


# --- health and settings ----------------------------------------------------------------------------------


def test_a_full_disk_a_dead_mail_server_and_a_stuck_queue_are_told_in_words(
        app: Flask, login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        total, free = 100 * 2**30, 2**20

    monkeypatch.setattr(environment_checks.shutil, "disk_usage", lambda _path: Usage)
    monkeypatch.setattr(environment_checks.mail, "probe", lambda: "mail.example does not answer")
    monkeypatch.setattr(worker, "is_working", lambda: False)
    db.session.add(Job(function="x", run_at=clock.now() - dt.timedelta(hours=2)))
    db.session.commit()
    bad = [line.finding.name for line in health.now() if not line.finding.ok]
    assert {"disk", "mail", "stuck_jobs", "worker"} <= set(bad)
    page = login("core.view_system").get("/health").text
    assert page.count("A quién afecta") == len(bad) and "mail.example does not answer" in page


def test_of_two_disks_the_one_that_is_nearer_to_full_for_its_size_is_told(app: Flask,
                                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    """The files may be mounted apart: 4 GB are little of a terabyte, and 2 GB enough on a disk of eight."""
    files = app.extensions["abona"].files
    files.mkdir(exist_ok=True)
    small, large = SimpleNamespace(total=8 * 2**30, free=2 * 2**30), SimpleNamespace(total=2**40, free=4 * 2**30)
    monkeypatch.setattr(environment_checks.shutil, "disk_usage", lambda path: large if path == files else small)
    [found] = checks.run_all(["disk"])
    assert not found.ok and "4.0 GB" in found.detail
    monkeypatch.setattr(environment_checks.shutil, "disk_usage", lambda path: small)
    [found] = checks.run_all(["disk"])
    assert found.ok


def test_a_clock_that_went_back_is_noticed(app: Flask, company: Company, frozen: Callable[..., dt.datetime]) -> None:
    frozen(2020, 1, 1)
    [found] = checks.run_all(["clock"])
    assert not found.ok


def test_every_live_check_says_what_it_means_whom_it_hurts_and_what_to_do(app: Flask) -> None:
    live = {name: words for name, words in checks.words_of.items() if words.live}
    assert {"disk", "mail", "worker", "stuck_jobs", "backup_age", "clock", "certificates_expiry"} <= set(live)
    assert [name for name, words in live.items() if not (words.means and words.hurts and words.cure)] == []
    assert [name for name, _check in checks.checks.items() if name not in checks.words_of] == []


def test_health_is_not_asked_about_countries_in_which_no_company_is(app: Flask, company: Company) -> None:
    """Nobody in Argentina knows what a CSD of the SAT is."""
    def told() -> set[str]:
        return {line.finding.name for line in health.now()}

    assert "certificates_expiry" in told() and not {"csd_expiry", "sri_certificates_expiry", "dian_numbering"} & told()
    companies.create_company("MX", "Red del Norte", "EKU9003173C9", code="mx", tax_condition="601")
    assert "csd_expiry" in told() and "dian_numbering" not in told()


def test_the_data_are_checked_in_the_background(login: Login, run_jobs: Callable[[], int]) -> None:
    browser = login("core.view_system")
    browser.post("/health/prove")
    assert "data-poll" in browser.get("/health").text
    run_jobs()
    proof = health.last_proof()
    assert proof is not None and proof.changes["bad"] == {} and proof.changes["checked"] >= 10
    assert "data-poll" not in browser.get("/health").text


def test_the_settings_show_what_one_may_open_and_no_secrets(login: Login, make_user: Callable[..., User]) -> None:
    page = login("core.view_system", "core.edit_company").get("/settings").text
    assert 'href="/company"' in page and 'href="/people"' not in page
    assert "ABONA_SECRET_KEY" in page and "test-key" not in page


def test_who_may_set_nothing_is_not_led_to_the_settings(login: Login) -> None:
    browser = login("core.share_views")
    assert 'href="/settings"' not in browser.get("/").text
    assert "ABONA_" not in browser.get("/settings").text
