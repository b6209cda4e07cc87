"""Where ARCA's services are: hosts are settings, because ARCA renames them."""

from __future__ import annotations

from core.db import db
from core.models import Company
from core.scope import company_scope
from modules.einvoice_ar.endpoints import address
from modules.einvoice_ar.models import ServiceAddress

NEW = "https://wsaa.arca.gob.ar/ws/services/LoginCms"


def test_each_environment_has_its_hosts(company: Company) -> None:
    assert address("testing", "wsfe") == "https://wswhomo.afip.gov.ar/wsfev1/service.asmx"
    assert address("production", "wsfe") == "https://servicios1.afip.gov.ar/wsfev1/service.asmx"
    assert address("rehearsal", "wsaa") == "http://127.0.0.1:9100/arca/ws/services/LoginCms"


def test_a_renamed_host_is_set_by_company_and_environment(company: Company, other_company: Company) -> None:
    db.session.add(ServiceAddress(environment="production", service="wsaa", url=NEW))
    db.session.commit()
    assert address("production", "wsaa") == NEW
    assert address("testing", "wsaa") != NEW
    with company_scope(other_company):
        assert address("production", "wsaa") != NEW


def test_asking_leaves_no_transaction_open_and_ends_none(company: Company) -> None:
    db.session.commit()
    address("production", "wsfe")
    assert not db.session().in_transaction()
    db.session.add(ServiceAddress(environment="production", service="wsaa", url=NEW))
    db.session.flush()
    assert address("production", "wsaa") == NEW
    db.session.commit()
    assert address("production", "wsaa") == NEW
