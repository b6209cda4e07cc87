"""Work in the background: routers are brought where they should be, one session each; nightly all are read."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from core import clock, companies, leases
from core.db import db
from core.i18n import _, lazy
from core.jobs import enqueue, job, renew_lease, retry_later, schedule
from core.scope import company_scope
from modules.networking import queries, reconciling, services, words
from modules.networking.models import Connection, Router

LEASE_SECONDS = 180
# what was thrown off dials again in some seconds; then it is read once more
LOOK_AGAIN = dt.timedelta(seconds=30)
NIGHT = 3


@job(queue="network", words=lazy("Bring a router where it should be"))
def reconcile(router_id: int, force: bool = False) -> None:
    """One session. The row of the router holds what is waited for; who finds the router taken comes later."""
    taken = leases.held(f"networking.router:{router_id}", LEASE_SECONDS, _("Another process works on this router."))
    with taken as keep:
        if keep is None:
            retry_later(5, _("another process works on this router"))
            return

        def hold() -> None:
            keep()
            renew_lease()

        router = db.session.scalar(sa.select(Router).where(Router.id == router_id))
        if router is None:
            return
        if not router.active or router.driver == "manual" or (router.state == "stopped" and not force):
            router.generation = Router.generation + 1
            hold()
            return
        result = reconciling.run(router_id, hold, force=force)
    _go_on(router_id, result)


def _go_on(router_id: int, result: reconciling.Result) -> None:
    """When this router is looked at again: at its next try, or after those who were thrown off are back."""
    router = db.session.scalar(sa.select(Router).where(Router.id == router_id))
    if router is None or router.state == "stopped":
        return
    if router.next_try_at is not None:
        services.ask([router_id])
        return
    router.retries = router.retries + 1 if result.waiting and router.armed_at else 0
    if result.kicked:
        services.ask([router_id], at=clock.now() + LOOK_AGAIN)
    elif router.retries:
        services.ask([router_id], at=clock.now() + dt.timedelta(minutes=words.wait_minutes(router.retries)))


@schedule("10 * * * *", words=lazy("Look at all routers"))
def look_at_routers() -> None:
    """Hourly: what waits and was lost is asked for, and where those are who are cut and have no address of their own;
    at night all routers are read, each company's once.
    """
    for company in companies.active_companies():
        with company_scope(company):
            waiting = db.session.scalars(sa.select(Connection.router_id).join(
                Router, Router.id == Connection.router_id).where(sa.or_(
                    Connection.waits_since.is_not(None), queries.is_cut_in_a_pool())).distinct()).all()
            services.ask(waiting)
        local = clock.local(clock.now(), company)
        if local.hour == NIGHT:
            enqueue(check_all, key=f"networking.check:{company.id}:{local.date()}", company_id=company.id)


@job(queue="network", words=lazy("Compare all routers with the contracts"))
def check_all() -> None:
    """What the contracts say, and then every router of the company, read once."""
    services.follow_all()
    services.ask(db.session.scalars(sa.select(Router.id).where(Router.active, Router.state != "stopped")).all())
