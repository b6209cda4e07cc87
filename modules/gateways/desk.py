"""What gateways put on the home page: money that waits for a person, gateways that are away, forged notices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup

from core.db import db
from core.i18n import _, ngettext
from core.lists import url_of
from core.slots import NOTICE
from modules.gateways import inbox
from modules.gateways.lists import NOTICES, TRANSACTIONS, WAITS
from modules.gateways.models import Account, Transaction


def todo(_company: Any) -> Markup:
    """Lines that open their lists; nothing where nothing waits."""
    return Markup("").join(NOTICE.format(*line) for line in _lines())


def _lines() -> Iterator[tuple[str, str, str]]:
    if count := db.session.scalar(sa.select(sa.func.count()).select_from(Transaction).where(WAITS)):
        yield "warn", url_of(TRANSACTIONS, state="waiting"), ngettext(
            "%(num)s payment of a gateway waits for you", "%(num)s payments of gateways wait for you", count)
    for row in db.session.execute(sa.select(Account.id, Account.name).where(Account.active, Account.trouble != "")):
        yield "bad", url_for("gateways.account_list"), _("%(account)s cannot be reached, or does not take its keys",
                                                        account=row.name)
    if forged := sum(inbox.forged_lately().values()):
        yield "bad", url_of(NOTICES, state="refused"), ngettext(
            "%(num)s forged notice of a gateway within an hour", "%(num)s forged notices of gateways within an hour",
            forged)
