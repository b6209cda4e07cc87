"""The simulators of both providers, each with one company."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from core import companies, scope
from core.db import db
from core.models import Company
from core.simulators import running
from modules.einvoice_co.providers.hka.client import Hka, Tokens
from modules.einvoice_co.providers.siigo import client as siigo_client
from modules.einvoice_co.providers.siigo.client import Access, Siigo
from tests.modules.einvoice_co.cases import TECHNICAL_KEY

TOKENS = Tokens("a1" * 20, "b2" * 20)
COMPANY = {"tokenEmpresa": TOKENS.company, "tokenPassword": TOKENS.password, "nit": "901234568", "folios": 100,
           "ranges": [{"prefix": "SETP", "first": 990000000, "last": 995000000, "valid_from": "2019-01-19",
                       "valid_until": "2030-01-19", "technical_key": TECHNICAL_KEY},
                      {"prefix": "NCE", "first": 1}]}


class Site:
    """One simulator, with what a test wants of it."""

    def __init__(self, address: str) -> None:
        self.address = address

    def post(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(f"{self.address}/_sim/{path}", json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def fault(self, name: str, **options: Any) -> None:
        self.post("faults", {"fault": name, "count": 1, **options})

    @property
    def state(self) -> Any:
        with urllib.request.urlopen(f"{self.address}/_sim/state") as answer:
            return json.load(answer)


@pytest.fixture(scope="session")
def _served() -> Iterator[str]:
    with running(["hka", "siigo"]) as found:
        yield found.url


@pytest.fixture
def hka_site(_served: str) -> Site:
    site = Site(f"{_served}/hka")
    site.post("reset", {})
    site.post("company", COMPANY)
    return site


@pytest.fixture
def hka(hka_site: Site) -> Hka:
    return Hka(f"{hka_site.address}/ws/v1.0/Service.svc", TOKENS, f"{hka_site.address}/ws/adjuntos/Service.svc")


ACCESS = Access("api@isp.example", "CLAVE")
SIIGO_COMPANY = {"username": ACCESS.username, "access_key": ACCESS.access_key, "nit": "901234568",
                 "per_minute": 10000, "products": ["INT100", "X1"]}


@pytest.fixture
def siigo_site(_served: str) -> Site:
    site = Site(f"{_served}/siigo")
    site.post("reset", {})
    site.post("company", SIIGO_COMPANY)
    siigo_client.forget()
    return site


@pytest.fixture
def siigo_api(siigo_site: Site) -> Siigo:
    return Siigo(siigo_site.address, ACCESS, per_minute=10000)


@pytest.fixture
def isp(app: Flask, _served: str, frozen: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """A Colombian ISP in rehearsal, on 3 November 2026, ten in the morning in Bogotá."""
    frozen(2026, 11, 3, 15)
    settings = app.extensions["abona"]
    monkeypatch.setitem(app.extensions, "abona", type(settings)(**{**vars(settings), "simulators_url": _served}))
    made = companies.create_company("CO", "Redes del Valle SAS", "901234568", code="valle", tax_condition="48",
                                    street="Cra 1", city="Cali", region="76",
                                    email="cobros@valle.example", phone="+576021234567")
    db.session.commit()
    siigo_client.forget()
    for name in ("hka", "siigo"):
        Site(f"{_served}/{name}").post("reset", {})
    with scope.company_scope(made):
        yield made


@pytest.fixture
def site(_served: str) -> Callable[[str], Site]:
    return lambda name: Site(f"{_served}/{name}")
