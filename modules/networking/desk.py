"""What other screens show of the network, without the weight of the views at import."""

from __future__ import annotations

from typing import Any

from flask import render_template
from markupsafe import Markup

from core import lists, setup
from core.i18n import ngettext
from core.models import Company
from core.slots import NOTICE
from modules.contracts.models import Contract
from modules.networking import queries


def contract_card(contract: Contract) -> str:
    """Where the contract hangs, on its page."""
    return render_template("networking/contract_card.html", contract=contract,
                           connection=queries.connection_of(contract.id))


def todo(company: Any) -> Markup:
    """Who paid and is still cut, who is cut and still on, routers that wait for somebody: normally nothing."""
    cut, on, stopped, away = (int(one) for one in str(setup.fact(company, "networking.trouble")).split("/"))
    lines = []
    from modules.networking.lists import CONNECTIONS, ROUTERS

    if cut:
        lines.append(NOTICE.format("bad", lists.url_of(CONNECTIONS, which="still_cut"), ngettext(
            "%(num)s contract should be on and is cut", "%(num)s contracts should be on and are cut", cut)))
    if on:
        lines.append(NOTICE.format("bad", lists.url_of(CONNECTIONS, which="still_on"), ngettext(
            "%(num)s contract should be cut and is on", "%(num)s contracts should be cut and are on", on)))
    if stopped:
        lines.append(NOTICE.format("bad", lists.url_of(ROUTERS, state="stopped"), ngettext(
            "%(num)s router waits for you", "%(num)s routers wait for you", stopped)))
    if away:
        lines.append(NOTICE.format("warn", lists.url_of(ROUTERS, state="away"), ngettext(
            "%(num)s router does not answer", "%(num)s routers do not answer", away)))
    return Markup("").join(lines)


def trouble(company: Company) -> Any:
    """The expression that `todo` reads, in one statement with what the first steps ask."""
    return queries.trouble_counts(company)
