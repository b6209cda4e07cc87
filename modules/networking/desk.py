"""What other screens show of the network, without the weight of the views at import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import render_template
from markupsafe import Markup

from core import lists, setup
from core.i18n import _, ngettext
from core.models import Company
from core.slots import NOTICE
from core.templating import moment
from modules.contracts.models import Contract
from modules.contracts.ports import Remark
from modules.networking import queries, words
from modules.networking.models import Connection


def contract_card(contract: Contract) -> str:
    """Where the contract hangs, on its page."""
    return render_template("networking/contract_card.html", contract=contract,
                           connection=queries.connection_of(contract.id))


class OnItsRouter:
    """The router that each contract hangs on, and what is not there as it should be."""

    permission = "networking.view_network"

    def of(self, contract_ids: Sequence[int]) -> Mapping[int, Remark]:
        """Contracts that hang on no router are left out: the company may do without."""
        return {one.contract_id: _remark(one) for one in queries.connections_of(contract_ids)}


def _remark(connection: Connection) -> Remark:
    name = connection.router.name
    if connection.difference:
        return Remark(_("router %(name)s: %(what)s", name=name, what=words.DIFFERENCES.get(
            connection.difference, connection.difference)), "bad")
    if connection.waits_since:
        return Remark(_("router %(name)s: waits since %(moment)s", name=name, moment=moment(connection.waits_since)),
                      "warn")
    return Remark(_("router %(name)s", name=name))


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
