"""Checks of the installation itself: schema, keys, jobs, disk, audit, clock, Redis, mail, backups."""

from __future__ import annotations

import datetime as dt
import shutil
import time

import sqlalchemy as sa
from flask import current_app

from core import audit, clock, mail, schema, secrets_store, worker
from core.checks import Result, Words, check
from core.db import db, is_postgresql
from core.i18n import _, lazy, ngettext
from core.models import AuditRecord, Backup, Company, Job
from core.queues import STUCK_AFTER

CLOCK_TOLERANCE = 5
# a record from so far in the future shows that the clock went back
CLOCK_WENT_BACK = dt.timedelta(minutes=5)
BACKUP_AGE = dt.timedelta(days=2)
# due work that nobody begins for so long, while no worker is there
NOBODY_AFTER = dt.timedelta(minutes=10)
# of the disk that must be free: at least this, and this share of it up to so many bytes
FREE_BYTES, FREE_SHARE, FREE_ENOUGH = 2**29, 0.05, 5 * 2**30


@check("migrations_current", environment=True, words=Words(
    lazy("Database schema"), lazy("The program is newer than its tables."),
    lazy("Everybody: pages that use the new tables fail."), lazy("Run: abona upgrade")))
def migrations_current() -> Result:
    """Every enabled module's newest revision is applied."""
    if schema.is_current():
        return True, 0, ""
    return False, 1, _("To mend this run: abona upgrade")


@check("secrets_readable", words=Words(
    lazy("Secrets"), lazy("Passwords and certificates cannot be opened with the key of this installation."),
    lazy("Who uses those services: mail, tax authority, routers."),
    lazy("Put secret.key and encryption.keys back from the backup."), live=False))
def secrets_readable() -> Result:
    """Every encrypted column opens with the keys of this installation."""
    bad = secrets_store.unreadable()
    return not bad, len(bad), ", ".join(bad)


@check("disk", environment=True, words=Words(
    lazy("Disk"), lazy("The disk with the data and the files is nearly full."),
    lazy("Everybody, soon: payments and invoices cannot be kept, and SQLite stops writing."),
    lazy("Delete old backups and logs, or make the disk larger. Work that waits goes on by itself afterwards.")))
def disk_space() -> Result:
    """The disks of the instance folder and of the stored files, which may be mounted apart, have room left."""
    settings = current_app.extensions["abona"]
    disks = [shutil.disk_usage(place) for place in (settings.instance, settings.files) if place.exists()]
    found = min(disks, key=lambda one: one.free / _wanted(one.total))
    low = found.free < _wanted(found.total)
    return not low, int(low), _("%(free)s GB of %(total)s GB are free.", free=round(found.free / 2**30, 1),
                                total=round(found.total / 2**30, 1))


def _wanted(total: int) -> float:
    """Bytes that must be free on a disk of this size."""
    return max(FREE_BYTES, min(total * FREE_SHARE, FREE_ENOUGH))


@check("worker", environment=True, words=Words(
    lazy("Worker"), lazy("Nobody does the work in the background."),
    lazy("Customers get no invoices and no notices; nothing is authorised, and billing stands still."),
    lazy("Start “abona serve”, or with Redis “abona worker” and “abona scheduler”. The work waits in the database.")))
def worker_running() -> Result:
    """Some process does jobs, where jobs wait."""
    if worker.is_working():
        return True, 0, _("A worker is running.")
    late = _late(NOBODY_AFTER)
    if not late:
        return True, 0, _("No worker is running, and nothing waits for one.")
    return False, late, ngettext("No worker is running; %(num)s job waits.", "No worker is running; %(num)s jobs wait.",
                                 late)


def _late(after: dt.timedelta) -> int:
    """How many jobs were to begin so long ago."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(
        Job.state == "pending", Job.run_at < clock.now() - after)) or 0


@check("stuck_jobs", environment=True, words=Words(
    lazy("Jobs and queues"), lazy("Work failed for good, or waits much longer than it should."),
    lazy("Whoever waits for that work: a customer for an invoice, the office for a billing run."),
    lazy("Open “Jobs”, “Queues and failures”: mend the cause that stands there, then run the jobs again.")))
def stuck_jobs() -> Result:
    """No job has failed for good, or waits long after its hour."""
    failed = db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.state == "failed")) or 0
    late = _late(STUCK_AFTER)
    detail = _("%(failed)s failed, %(late)s late; see the jobs page", failed=failed, late=late)
    return not (failed or late), failed + late, detail if failed or late else ""


@check("audit_chain", words=Words(
    lazy("Who did what"), lazy("A record of who did what was altered, removed or put in outside Abona."),
    lazy("The owner and the accountant: the record proves nothing any more from there on."),
    lazy("Keep the database as it is, compare it with a backup, and find out who could write to it."), live=False))
def audit_chain() -> Result:
    """No audit record is missing or altered."""
    count, broken = audit.verify()
    if broken is None:
        return True, 0, _("%(count)s records", count=count)
    return False, 1, _("The chain is broken at record %(position)s: a record was altered or removed.", position=broken)


@check("clock", environment=True, words=Words(
    lazy("Clock"), lazy("This machine's clock is wrong."),
    lazy("Everybody: invoices get a wrong date, and the tax authority refuses what seems to come from another day."),
    lazy("Switch on time synchronisation (timedatectl set-ntp true) and wait until the clock agrees.")))
def machine_clock() -> Result:
    """The machine's clock agrees with the database server's, and has not gone back."""
    last = db.session.scalar(sa.select(AuditRecord.at).order_by(AuditRecord.id.desc()).limit(1))
    if last is not None and last > clock.now() + CLOCK_WENT_BACK:
        return False, 1, _("The last record of who did what is from the future: the clock went back.")
    if not is_postgresql():
        return True, 0, ""
    there = db.session.scalar(sa.text("SELECT extract(epoch FROM clock_timestamp())"))
    apart = abs(float(there or 0) - time.time())
    detail = _("The clocks of this machine and of the database are %(seconds)s s apart.", seconds=round(apart))
    return apart <= CLOCK_TOLERANCE, int(apart > CLOCK_TOLERANCE), detail if apart > CLOCK_TOLERANCE else ""


@check("redis", environment=True, words=Words(
    lazy("Redis"), lazy("Redis, which wakes the workers, does not answer."),
    lazy("Everybody a little: work in the background begins late."),
    lazy("Start Redis. Nothing is lost: the scheduler sends what waited.")))
def redis_reachable() -> Result:
    """Redis answers, where it is used."""
    if not current_app.extensions["abona"].redis_url:
        return True, 0, _("not used")
    try:
        worker.redis().ping()
    except Exception as error:
        return False, 1, _("Redis does not answer (%(reason)s). Jobs wait in the database.", reason=str(error))
    return True, 0, ""


@check("mail", environment=True, words=Words(
    lazy("Mail server"), lazy("The mail server of the installation takes no messages."),
    lazy("Customers get no invoices and notices by mail, and nobody can choose a new password."),
    lazy("Check address and password in ABONA_SMTP_URL, and whether the provider blocks the port. What waits is sent "
         "by itself afterwards.")))
def mail_reachable() -> Result:
    """The mail server of the installation answers, where one is set."""
    problem = mail.probe()
    return not problem, int(bool(problem)), problem or ""


@check("backup_age", environment=True, words=Words(
    lazy("Backup"), lazy("The last backup is old, or there is none."),
    lazy("The owner: when the disk breaks, everything since then is gone."),
    lazy("Run every night: abona backup FILE, and keep the file on another machine.")))
def backup_age() -> Result:
    """The last backup is recent; an installation without production companies needs none."""
    made = db.session.scalar(sa.select(sa.func.max(Backup.made_at)))
    in_production = sa.select(Company.id).where(Company.environment == "production", Company.active).limit(1)
    if db.session.scalar(in_production) is None:
        return True, 0, _("no company is in production")
    if made and clock.now() - made <= BACKUP_AGE:
        return True, 0, made.isoformat(timespec="seconds")
    return False, 1, _("To be safe you must make a backup: abona backup FILE")
