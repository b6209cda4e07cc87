"""Routers written down and changed: settings checked, secrets kept, the rest of a change asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from core import audit
from core.db import db
from core.errors import DomainError
from core.i18n import _
from modules.networking import services
from modules.networking.errors import Taken, WrongSetting
from modules.networking.models import Router
from modules.networking.ports import About

PLAIN = ("name", "node_id", "driver", "host", "port", "username", "tls", "ca", "encoding", "method", "cut_list",
         "cut_profile", "cut_limit", "has_ipv6", "sets_speed", "heals", "active")
# where one of these changes, another machine may answer
PLACE = ("driver", "host", "port", "tls")


def save(router: Router | None, values: Mapping[str, Any], password: str) -> Router:
    """Make or change a router. An empty password leaves the one that is there; another place is to be tested again."""
    _check(router, values)
    row = router or Router()
    changes = {name: [getattr(row, name), values[name]] for name in PLAIN
               if name in values and getattr(row, name, None) != values[name]}
    for name in changes:
        setattr(row, name, values[name])
    if password:
        row.password = password
        changes["password"] = ["********", "********"]
    if router is None:
        db.session.add(row)
    elif set(changes) & set(PLACE):
        row.fingerprint, row.state, row.armed_at = "", "new", None
    db.session.flush()
    if router is None:
        audit.record("networking.create_router", row, {"name": row.name, "host": row.host})
    elif changes:
        audit.record("networking.update_router", row, changes)
        services.try_now(row)
    return row


def _check(router: Router | None, values: Mapping[str, Any]) -> None:
    other = db.session.scalar(sa.select(Router.id).where(Router.name == values["name"],
                                                         Router.id != (router.id if router else 0)))
    if other:
        raise Taken(_("There is a router %(name)s already.", name=values["name"]), field="name")
    if values["driver"] != "manual" and not values.get("host"):
        raise WrongSetting(_("To speak to a router you must give its address."), field="host")
    for name in ("cut_list", "cut_profile"):
        if not str(values[name]).isascii() or " " in str(values[name]).strip():
            raise WrongSetting(_("Names on a router are written without accents and spaces; found: %(found)s.",
                                 found=values[name]), field=name)


def accept(router: Router) -> None:
    """Another certificate, or another machine, is the right one from now on."""
    audit.record("networking.accept", router, {"serial": router.serial, "fingerprint": router.fingerprint})
    router.fingerprint = router.serial = router.identity = ""
    services.try_now(router)


def met(router: Router, about: About) -> None:
    """A test reached it: what it is; the certificate of the first contact counts from now on."""
    if router.serial and about.serial != router.serial:
        raise DomainError(_("Another router answers at this address: %(found)s instead of %(known)s. Nothing was "
                            "written.", found=about.serial or about.identity, known=router.serial))
    speaks(router, about)


def speaks(router: Router, about: About) -> None:
    """It answered: what it is, the certificate of the first contact, and that it is not away."""
    router.serial, router.identity = router.serial or about.serial, about.identity
    router.version, router.board = about.version[:40], about.board[:60]
    router.fingerprint = router.fingerprint or about.fingerprint
    router.state, router.trouble, router.trouble_code = "ok", "", ""
    router.failures, router.away_since, router.next_try_at = 0, None, None
    db.session.flush()
