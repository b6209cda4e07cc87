"""Both interfaces of a network behind one port: which one is meant stands in the path."""

from __future__ import annotations

import re
from dataclasses import replace

from modules.gateways.access import Access
from modules.gateways.networks import Desk, Reply
from modules.gateways.providers.facilito import collect, mapping, service
from modules.gateways.shapes import Incoming

COLLECT = re.compile(r".*/collect/v1/(?P<network>[^/]+)/(?P<verb>debts|payments|reversals)(?:/(?P<code>[^/]+))?")
TOKEN = re.compile(r'("token"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|[^,}\s]+)', re.IGNORECASE)
SERVICE = re.compile(rf".*/(?P<network>[^/]+)/(?P<verb>{'|'.join(service.VERBS)})")


class Counters:
    """A network of counters that asks and tells."""

    routes = (*(("POST", f"<network>/{verb}") for verb in service.VERBS),
              ("GET", "collect/v1/<network>/debts/<code>"), ("GET", "collect/v1/<network>/payments"),
              ("POST", "collect/v1/<network>/payments"), ("POST", "collect/v1/<network>/reversals"))
    limit = "20 per second"

    def answer(self, access: Access, incoming: Incoming, desk: Desk) -> Reply:
        if found := COLLECT.fullmatch(incoming.path):
            if found["network"] != mapping.network(access):
                return collect.refused("not_found")
            return collect.answer(access, incoming, desk, found["verb"], found["code"] or "")
        found = SERVICE.fullmatch(incoming.path)
        if found is None or found["network"] != mapping.network(access) or incoming.method != "POST":
            return collect.refused("not_found")
        return service.answer(access, incoming, desk, found["verb"])

    def harmless(self, incoming: Incoming) -> Incoming:
        """The token of the web service stands in its body."""
        return replace(incoming, body=TOKEN.sub(r'\1"***"', incoming.body))

    def busy(self, access: Access, incoming: Incoming, status: int) -> Reply:
        if COLLECT.fullmatch(incoming.path):
            return collect.refused("slow_down" if status == 429 else "maintenance")
        return service.said(access, "slow_down" if status == 429 else "maintenance")
