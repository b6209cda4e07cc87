"""Checks of the installation itself: schema, keys, jobs, audit, clock, Redis, mail, backups."""

from __future__ import annotations

import datetime as dt
import time

import sqlalchemy as sa
from flask import current_app

from core import audit, clock, mail, schema, secrets_store, worker
from core.checks import Result, check
from core.db import db, is_postgresql
from core.i18n import _
from core.models import Backup, Company, Job

STUCK_AFTER = dt.timedelta(minutes=30)
CLOCK_TOLERANCE = 5
BACKUP_AGE = dt.timedelta(days=2)


@check("migrations_current", environment=True)
def migrations_current() -> Result:
    """Every enabled module's newest revision is applied."""
    if schema.is_current():
        return True, 0, ""
    return False, 1, _("To mend this run: abona upgrade")


@check("secrets_readable")
def secrets_readable() -> Result:
    """Every encrypted column opens with the keys of this installation."""
    bad = secrets_store.unreadable()
    return not bad, len(bad), ", ".join(bad)


@check("stuck_jobs", environment=True)
def stuck_jobs() -> Result:
    """No job has failed for good, or waits long after its hour."""
    failed = db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.state == "failed")) or 0
    late = db.session.scalar(
        sa.select(sa.func.count()).select_from(Job)
        .where(Job.state == "pending", Job.run_at < clock.now() - STUCK_AFTER)) or 0
    detail = _("%(failed)s failed, %(late)s late; see the jobs page", failed=failed, late=late)
    return not (failed or late), failed + late, detail if failed or late else ""


@check("audit_chain")
def audit_chain() -> Result:
    """No audit record is missing or altered."""
    count, broken = audit.verify()
    if broken is None:
        return True, 0, _("%(count)s records", count=count)
    return False, 1, _("The chain is broken at record %(position)s: a record was altered or removed.", position=broken)


@check("clock", environment=True)
def machine_clock() -> Result:
    """The machine's clock agrees with the database server's."""
    if not is_postgresql():
        return True, 0, ""
    there = db.session.scalar(sa.text("SELECT extract(epoch FROM clock_timestamp())"))
    apart = abs(float(there or 0) - time.time())
    detail = _("The clocks of this machine and of the database are %(seconds)s s apart.", seconds=round(apart))
    return apart <= CLOCK_TOLERANCE, int(apart > CLOCK_TOLERANCE), detail if apart > CLOCK_TOLERANCE else ""


@check("redis", environment=True)
def redis_reachable() -> Result:
    """Redis answers, where it is used."""
    if not current_app.extensions["abona"].redis_url:
        return True, 0, _("not used")
    try:
        worker.redis().ping()
    except Exception as error:
        return False, 1, _("Redis does not answer (%(reason)s). Jobs wait in the database.", reason=str(error))
    return True, 0, ""


@check("mail", environment=True)
def mail_reachable() -> Result:
    """The mail server of the installation answers, where one is set."""
    problem = mail.probe()
    return not problem, int(bool(problem)), problem or ""


@check("backup_age", environment=True)
def backup_age() -> Result:
    """The last backup is recent; an installation without production companies needs none."""
    made = db.session.scalar(sa.select(sa.func.max(Backup.made_at)))
    in_production = sa.select(Company.id).where(Company.environment == "production", Company.active).limit(1)
    if db.session.scalar(in_production) is None:
        return True, 0, _("no company is in production")
    if made and clock.now() - made <= BACKUP_AGE:
        return True, 0, made.isoformat(timespec="seconds")
    return False, 1, _("To be safe you must make a backup: abona backup FILE")
