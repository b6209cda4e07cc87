"""The engineer's screens: a router added, tested, looked at, let be changed; contracts linked; lists and ticks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from core.db import db, find
from core.errors import DomainError
from modules.contracts.models import Contract
from modules.networking import importing, pools, services
from modules.networking.matching import Candidate, propose
from modules.networking.models import Change, Connection, Given, Pool, Router
from modules.networking.ports import Found
from tests.modules.networking.conftest import Net, connection_of
from tests.modules.networking.test_reconciling import SET, cut

ALL = ("networking.view_network", "networking.link_contracts", "networking.work_routers", "networking.edit_routers",
       "contracts.view_contracts")


@pytest.fixture
def browser(login: Callable[..., FlaskClient], company: Any) -> FlaskClient:
    return login(*ALL)


def text(answer: Any) -> str:
    found: str = answer.get_data(as_text=True)
    return found


FORM = {"name": "Torre 1", "node_id": "0", "driver": "routeros", "username": "abona", "password": "secreta",
        "tls": "tls_pinned", "encoding": "utf-8", "method": "pppoe_profile", "cut_list": "abona-cut",
        "cut_profile": "abona-cut", "cut_limit": "64k/64k", "heals": "y", "active": "y"}


def test_a_router_is_added_tested_looked_at_and_only_then_changed(
        net: Net, browser: FlaskClient, make_contract: Callable[..., Contract], run_jobs: Callable[[], int]) -> None:
    ports = net.post("routers", routers=[{
        "name": "norte", "password": "secreta", "clients": ["u1"], "tables": {
            "/ppp/profile": [{"name": "abona-cut", "address-list": "abona-cut"}],
            "/ppp/secret": [{"name": "u1", "password": "clave"}]}}])["routers"]["norte"]
    answer = browser.post("/network/routers/new", data={**FORM, "host": "127.0.0.1", "port": ports["tls_port"]})
    assert answer.status_code == 302, text(answer)
    router = db.session.query(Router).one()
    page = text(browser.post(f"/network/routers/{router.id}/test", follow_redirects=True))
    assert "HEX0000001" in page and "7.12" in page and "Solo se lee" in page
    contract = make_contract(pppoe_user="u1")
    page = text(browser.get(f"/network/routers/{router.id}/import"))
    assert "el usuario PPPoE del contrato" in page and f'value="{contract.number}"' in page
    browser.post(f"/network/routers/{router.id}/import", data={"key": "u1", "accept": "0",
                                                                 "contract-0": contract.number})
    cut(contract)
    run_jobs()
    page = text(browser.post(f"/network/routers/{router.id}/preview"))
    assert "/ppp/secret/set profile=abona-cut" in page and contract.number in page and net.count(SET) == 0
    browser.post(f"/network/routers/{router.id}/arm")
    run_jobs()
    net.advance()
    assert net.sees("u1") == "abona-cut"
    page = text(browser.get(f"/network/routers/{router.id}"))
    assert "/ppp/secret/set profile=abona-cut" in page and "secreta" not in page and "clave" not in page


@pytest.mark.parametrize(("values", "words"), [
    ({"name": ""}, "name"), ({"host": ""}, "Para hablar con un router"), ({"cut_list": "cortados ñ"}, "sin acentos")])
def test_a_wrong_setting_is_said_beside_its_field(browser: FlaskClient, values: dict[str, str], words: str) -> None:
    answer = browser.post("/network/routers/new", data={**FORM, "host": "10.0.0.1", "port": "8729", **values})
    assert answer.status_code == 422 and words in text(answer)
    assert db.session.query(Router).count() == 0


def test_another_password_keeps_what_is_there_when_it_is_left_empty(
        net: Net, norte: Router, browser: FlaskClient) -> None:
    data = {**FORM, "name": "norte", "host": norte.host, "port": str(norte.port), "password": ""}
    assert browser.post(f"/network/routers/{norte.id}/edit", data=data).status_code == 302
    db.session.expire_all()
    assert find(Router, norte.id).password == "secreta"
    browser.post(f"/network/routers/{norte.id}/edit", data={**data, "host": "10.9.9.9"})
    db.session.expire_all()
    row = find(Router, norte.id)
    assert (row.fingerprint, row.armed_at, row.state) == ("", None, "new")


def test_what_a_person_must_decide_has_its_button(
        net: Net, norte: Router, browser: FlaskClient, run_jobs: Callable[[], int]) -> None:
    net.fault("cert_changed")
    services.ask([norte.id])
    db.session.commit()
    run_jobs()
    page = text(browser.get(f"/network/routers/{norte.id}"))
    assert "Aceptar lo que responde ahora" in page
    browser.post(f"/network/routers/{norte.id}/accept")
    run_jobs()
    db.session.expire_all()
    assert find(Router, norte.id).state == "ok"


def test_the_contract_s_page_shows_where_it_hangs_and_links_it(
        net: Net, norte: Router, browser: FlaskClient, make_contract: Callable[..., Contract]) -> None:
    page = text(browser.get(f"/contracts/{net.contracts['u1'].id}"))
    assert "norte" in page and "u1" in page
    pool = Pool(name="Norte", ranges="10.20.0.10-10.20.0.12")
    db.session.add(pool)
    db.session.commit()
    contract = make_contract()
    db.session.commit()
    answer = browser.post(f"/network/contracts/{contract.id}/link", data={
        "router_id": norte.id, "key": "u9", "method": "", "address": "", "pool_id": pool.id, "address6": ""})
    assert answer.status_code == 302, text(answer)
    assert connection_of(contract).address == "10.20.0.10"
    another = make_contract()
    db.session.commit()
    answer = browser.post(f"/network/contracts/{another.id}/link", data={
        "router_id": norte.id, "key": "u9", "method": "", "address": "", "pool_id": 0, "address6": ""})
    assert answer.status_code == 422 and contract.number in text(answer)
    browser.post(f"/network/contracts/{contract.id}/unlink")
    assert db.session.query(Connection).filter_by(contract_id=contract.id).count() == 0


def test_an_address_of_a_pool_is_given_once_and_what_is_in_use_never(
        net: Net, norte: Router, make_contract: Callable[..., Contract]) -> None:
    pool = Pool(name="Norte", ranges="10.5.0.1-10.5.0.4\n10.6.0.0/30")
    db.session.add(pool)
    db.session.flush()
    make_contract(ip="10.6.0.1")
    assert pools.free_count(pool) == (2, 6)
    assert [pools.give(pool, None), pools.give(pool, None)] == ["10.5.0.4", "10.6.0.2"]  # 1 to 3 hang on connections
    with pytest.raises(DomainError, match="Norte"):
        pools.give(pool, None)
    assert db.session.query(Given).count() == 2
    for bad in ("10.5.0.9-10.5.0.1", "hola", "10.0.0.0/8"):
        with pytest.raises(DomainError):
            list(pools.addresses(bad))


def test_what_is_done_by_hand_is_a_list_that_is_ticked_off(
        browser: FlaskClient, company: Any, make_contract: Callable[..., Contract],
        run_jobs: Callable[[], int]) -> None:
    router = Router(name="Otra marca", driver="manual")
    db.session.add(router)
    db.session.flush()
    contract = make_contract()
    services.link(contract, router, "puerto 7")
    services.tick(connection_of(contract))
    cut(contract)
    run_jobs()
    assert "puerto 7" in text(browser.get("/network/connections?which=hand"))
    assert browser.post(f"/network/contracts/{contract.id}/tick").status_code == 302
    row = connection_of(contract)
    assert (row.applied, row.waits_since) == ("cut", None)
    done = db.session.query(Change).order_by(Change.id.desc()).first()
    assert done is not None and (done.action, done.state, done.user_id is not None) == ("cut", "done", True)


def test_lists_and_the_script_open(net: Net, norte: Router, browser: FlaskClient) -> None:
    for path in ("/network/routers", "/network/connections?which=still_cut", "/network/connections?which=still_on",
                 "/network/connections?which=different", "/network/changes"):
        assert browser.get(path).status_code == 200, path
    page = text(browser.get(f"/network/routers/{norte.id}/script?portal=203.0.113.10&allowed=www.mercadopago.com.ar"))
    assert "address=www.mercadopago.com.ar" in page and "to-addresses=203.0.113.10" in page
    assert "secreta" not in page


def test_matching_is_sure_by_name_mark_document_or_address_and_perhaps_by_likeness() -> None:
    known = [Candidate(1, "000001", "Ana Pérez", user="anap"), Candidate(2, "000002", "Luis Gómez", address="10.0.0.2"),
             Candidate(3, "000003", "Marta Ruiz", tax_id="30111222"), Candidate(4, "000004", "Ferretería Olmos"),
             Candidate(5, "000005", "Juan Gómez"), Candidate(6, "000006", "Rosa Paz")]
    found = [Found("pppoe_profile", "ANAP"), Found("queue", "casa", address="10.0.0.2"),
             Found("pppoe_profile", "x9", comment="dni 30111222"), Found("pppoe_profile", "olmos-local"),
             Found("pppoe_profile", "gomez"), Found("pppoe_profile", "y", comment="abona:contract:000006"),
             Found("pppoe_profile", "zz")]
    told = [(one.contract.contract_id if one.contract else 0, one.why, one.is_sure) for one in propose(found, known)]
    assert told == [(1, "user", True), (2, "address", True), (3, "code", True), (4, "name", False),
                    (5, "name", False), (6, "mark", True), (0, "", False)]
    assert set(importing.WHY) >= {why for _id, why, _sure in told}


def test_nobody_sees_the_network_of_another_company(
        net: Net, norte: Router, client: FlaskClient, other_company: Any, make_user: Any) -> None:
    from core.models import Membership, Role, RolePermission
    from core.scope import company_scope

    user = make_user()
    role = Role(code="red", name="Red", permissions=[RolePermission(permission=one) for one in ALL])
    user.memberships.append(Membership(company=other_company, role=role))
    db.session.commit()
    client.post("/login", data={"email": user.email, "password": "correct horse"})
    for path in ("", "/edit", "/script", "/import"):
        assert client.get(f"/network/routers/{norte.id}{path}").status_code == 404
    assert client.post(f"/network/contracts/{net.contracts['u1'].id}/unlink").status_code == 404
    with company_scope(other_company):
        assert db.session.query(Router).count() == 0


def test_a_customers_page_says_on_which_router_each_contract_hangs_and_what_is_wrong(
        net: Net, norte: Router, login: Callable[..., FlaskClient]) -> None:
    contract = net.contracts["u1"]
    browser = login(*ALL, "crm.view_customers")

    def strip() -> str:
        page = text(browser.get(f"/customers/{contract.customer_id}"))
        return page.split('<div class="summary">')[1].split("</nav>")[0]

    row = connection_of(contract)
    assert f"router {row.router.name}" in strip() and "badge-bad" not in strip()
    row.difference = "missing"
    db.session.commit()
    assert f"router {row.router.name}: no está en el router" in strip() and "badge-bad" in strip()
    assert "router" not in text(login("crm.view_customers", "contracts.view_contracts").get(
        f"/customers/{contract.customer_id}")).split('<div class="summary">')[1].split("</nav>")[0]
