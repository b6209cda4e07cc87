"""Master data of the network: nodes, and pools of addresses."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from core.admin import ModelView
from core.db import db
from core.i18n import lazy
from core.scope import current_company_id
from modules.networking import pools, services
from modules.networking.models import Node, Pool, Router

SEE, EDIT = "networking.view_network", "networking.edit_routers"


class NodeAdmin(ModelView):
    """Places where routers stand."""

    permission, edit_permission = SEE, EDIT
    column_list = ("name", "place", "notes")
    column_labels = {"name": lazy("Node"), "place": lazy("Where it is"), "notes": lazy("Notes")}
    form_columns = ("name", "place", "notes")
    answer = lazy("A node is a place where routers stand. Cut-offs go ahead node by node.")


class PoolAdmin(ModelView):
    """Ranges of addresses that are given one by one."""

    permission, edit_permission = SEE, EDIT
    column_list = ("name", "router", "ranges", "size")
    column_details_list = ("name", "router", "ranges", "size", "free", "notes")
    column_labels = {"name": lazy("Pool"), "router": lazy("Router"), "ranges": lazy("Ranges"),
                     "notes": lazy("Notes"), "size": lazy("Addresses in all"), "free": lazy("Free")}
    # what is free is counted on a pool's own page: it costs more than a list may
    column_formatters = {"size": lambda view, context, row, name: pools.size(row.ranges),
                         "free": lambda view, context, row, name: _free(row)}
    form_columns = ("name", "router", "ranges", "notes")
    form_args = {"router": {"blank_text": lazy("any router")}}
    answer = lazy("Addresses that are given one by one: a range or a network per line. What a router says is in use is "
                  "given to nobody.")

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        """A range that cannot be read is refused; the routers are asked which addresses are in use."""
        for line in model.ranges.split("\n"):
            next(iter(pools.addresses(line)), None)
        super().on_model_change(form, model, is_created)
        # first the pools, then their routers, as who gives an address and links it does
        with db.session.no_autoflush:
            pools.hold(current_company_id())
            services.ask([model.router.id] if model.router else db.session.scalars(
                sa.select(Router.id).where(Router.active, Router.state != "stopped")))


def _free(row: Pool) -> str:
    free, every = pools.free_count(row)
    return f"{free}{'+' if pools.COUNTED == free < every else ''} / {every}"


def views() -> list[ModelView]:
    """Nodes and pools."""
    return [NodeAdmin(Node, name=lazy("Nodes"), category=lazy("Network")),
            PoolAdmin(Pool, name=lazy("Pools of addresses"), category=lazy("Network"))]
