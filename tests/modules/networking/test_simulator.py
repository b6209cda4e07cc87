"""The simulated router: what clients of three makes see of it, its subscribers, and everything that can go wrong."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import librouteros
import pytest
from librouteros.exceptions import ConnectionClosed, FatalError, TrapError
from librouteros.query import Key, Or

from core.simulators import Running, running
from modules.networking.drivers.routeros.simulator import asking, words
from tests.modules.networking.raw import Raw

pytestmark = pytest.mark.once
PROFILES = [{"name": "100M", "rate-limit": "20M/100M"},
            {"name": "abona-cut", "address-list": "abona-cut", "rate-limit": "512k/512k"}]
SECRETS = [{"name": f"u{number}", "password": "clave", "profile": "100M", "remote-address": f"10.5.0.{number}"}
           for number in range(1, 6)]
Make = Callable[..., dict[str, Any]]


@pytest.fixture
def simulator() -> Iterator[Running]:
    with running(["routeros"]) as found:
        yield found


@pytest.fixture
def make(simulator: Running) -> Make:
    """`make("norte", version="6.49")`: a router with five subscribers who are connected; its ports."""
    def router(name: str = "norte", **values: Any) -> dict[str, Any]:
        given = {"name": name, "password": "secreta", "clients": [one["name"] for one in SECRETS],
                 "tables": {"/ppp/profile": PROFILES, "/ppp/secret": SECRETS}, **values}
        found: dict[str, Any] = simulator.post("routeros", "routers", {"routers": [given]})["routers"][name]
        return found

    return router


def client(router: dict[str, Any], **options: Any) -> Any:
    return librouteros.connect("127.0.0.1", "abona", "secreta", **{"port": router["port"], "timeout": 5, **options})


def without_checks() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


# --- words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "written"), [
    (0, "00"), (0x7F, "7f"), (0x80, "8080"), (0x3FFF, "bfff"), (0x4000, "c04000"), (0x1FFFFF, "dfffff"),
    (0x200000, "e0200000"), (0xFFFFFFF, "efffffff"), (0x10000000, "f010000000")])
def test_lengths_take_one_to_five_bytes(size: int, written: str) -> None:
    assert words.length(size).hex() == written
    rest = iter(bytes.fromhex(written))
    assert words.read_length(lambda count: bytes(next(rest) for _ in range(count))) == size


def test_a_reserved_first_byte_is_refused() -> None:
    with pytest.raises(words.BadLength):
        words.read_length(lambda count: b"\xf8")


@pytest.mark.parametrize(("queries", "kept"), [
    (["=name=a"], True), (["name=a"], True), (["name=b"], False), (["name"], True), (["-comment"], True),
    (["-name"], False), (["=name=a", "#!"], False), (["=name=b", "=name=a", "#|"], True),
    (["=name=b", "=name=a", "#&"], False), (["=name=a", "=disabled=no", "#&"], True), (["<rate=20"], True),
    ([">rate=20"], False), (["=name=b", "=name=a", "#0"], True), (["=name=b", "=name=a", "#1"], False),
    (["=name=b", "=name=a", "#1!|"], False),
    (["=name=b", "=name=a", "#1!||"], True), (["=name=a", "#.&"], True), ([], True)])
def test_queries_are_a_stack(queries: list[str], kept: bool) -> None:
    assert asking.keeps({"name": "a", "disabled": "false", "rate": "9"}, queries) is kept


def test_many_sentences_in_one_packet_and_one_sentence_in_many(make: Make) -> None:
    raw = Raw(make()["port"])
    raw.login()
    both = [b"".join(Raw.coded(one) for one in (b"/ppp/secret/print", b"=.proplist=name", b"?name=u1", tag, b""))
            for tag in (b".tag=a", b".tag=b")]
    raw.bytes(b"\x00" + b"".join(both))  # an empty sentence is ignored
    assert [raw.replies("a"), raw.replies("b")] == [
        [["!re", "=name=u1", f".tag={tag}"], ["!done", f".tag={tag}"]] for tag in "ab"]
    raw.send("/ppp/secret/print", "=count-only=", pieces=1)
    assert raw.replies() == [["!done", "=ret=5"]]


def test_answers_may_come_in_small_pieces_and_long_words_pass(make: Make) -> None:
    api = client(make(piece=3))
    api.path("ppp", "secret").add(name="largo", comment="x" * 20_000)
    rows = list(api.path("ppp", "secret").select(Key("comment")).where(Key("name") == "largo"))
    assert rows == [{"comment": "x" * 20_000}]


# --- login -------------------------------------------------------------------------------------------------


def test_nothing_is_done_before_the_login(make: Make) -> None:
    raw = Raw(make()["port"])
    assert raw.ask("/ppp/secret/print") == [["!fatal", "not logged in"]]
    with pytest.raises(EOFError):
        raw.reply()


def test_a_wrong_password_is_a_trap_and_the_right_one_may_follow(make: Make) -> None:
    raw = Raw(make()["port"])
    assert raw.login("otra") == [["!trap", "=message=invalid user name or password (6)"], ["!done"]]
    assert raw.login() == [["!done"]]
    assert raw.ask("/quit") == [["!fatal", "session terminated on request"]]


def test_tls_with_a_certificate_and_anonymously(make: Make) -> None:
    own, anonymous = make("norte"), make("sur", anonymous=True)
    adh = without_checks()
    adh.maximum_version = ssl.TLSVersion.TLSv1_2
    adh.set_ciphers("ADH:@SECLEVEL=0")
    for router, context in ((own, without_checks()), (anonymous, adh)):
        api = client(router, port=router["tls_port"], ssl_wrapper=context.wrap_socket)
        assert list(api("/system/identity/print")) == [{"name": "norte" if router is own else "sur"}]
    with pytest.raises(ssl.SSLError):
        client(anonymous, port=anonymous["tls_port"], ssl_wrapper=without_checks().wrap_socket)
    with pytest.raises(ssl.SSLError):
        client(own, port=own["tls_port"], ssl_wrapper=partial(
            ssl.create_default_context().wrap_socket, server_hostname="localhost"))


# --- commands ----------------------------------------------------------------------------------------------


def test_librouteros_plain_reads_adds_changes_and_removes(make: Make) -> None:
    secrets = client(make()).path("ppp", "secret")
    name = Key("name")
    assert [row["name"] for row in secrets.select(name).where(Or(name == "u1", name == "u2"))] == ["u1", "u2"]
    assert [row["name"] for row in secrets.select(name).where(name != "u1")] == ["u2", "u3", "u4", "u5"]
    made = secrets.add(name="nuevo", profile="100M", comment="abona:contract:1")
    secrets.update(**{".id": made, "disabled": True})
    row = next(iter(secrets.select().where(name == "nuevo")))
    assert (row["disabled"], row["service"], row["comment"]) == (True, "any", "abona:contract:1")
    secrets.remove(made)
    assert list(secrets.select(name).where(name == "nuevo")) == []


def test_librouteros_async_reads_the_same(make: Make) -> None:
    router = make()

    async def read() -> list[str]:
        api = await librouteros.async_connect("127.0.0.1", "abona", "secreta", port=router["port"], timeout=5)
        return [row["name"] async for row in api("/ppp/secret/print", **{".proplist": "name"})]

    # a browser's loop may run in the thread of the tests
    with ThreadPoolExecutor(1) as aside:
        assert aside.submit(lambda: asyncio.run(read())).result() == ["u1", "u2", "u3", "u4", "u5"]


@pytest.mark.parametrize(("version", "empty"), [("6.49", False), ("7.12", False), ("7.21", True)])
def test_versions_say_nothing_and_write_times_in_their_own_way(make: Make, version: str, empty: bool) -> None:
    raw = Raw(make(version=version)["port"])
    raw.login()
    assert raw.ask("/queue/simple/print") == [["!empty"]] * empty + [["!done"]]
    raw.ask("/ip/firewall/address-list/add", "=list=a", "=address=10.5.0.9")
    shown = raw.ask("/ip/firewall/address-list/print", "=.proplist=creation-time")[0][1].removeprefix("=creation-time=")
    assert (shown[3] == "/") is version.startswith("6")


@pytest.mark.parametrize(("sentence", "said"), [
    (["/ppp/secret/add", "=name=u1"], "failure: secret with the same name already exists"),
    (["/ppp/secret/add", "=name=z", "=profile=nada"], "input does not match any value of profile"),
    (["/ppp/secret/add", "=name=z", "=foo=1"], "unknown parameter foo"),
    (["/ppp/secret/add", "=name=z", "=remote-address=x"], "invalid value for argument remote-address"),
    (["/ppp/secret/set", "=numbers=u1", "=local-address="],
     "ambiguous value of address, more than one possible value matches input"),
    (["/ppp/secret/remove", "=.id=*FFF"], "no such item"),
    (["/ppp/secret/fly"], "no such command"), (["/ppp/nada/print"], "no such command prefix"),
    (["/ppp/active/set", "=.id=*1"], "no such command"),
    (["/queue/simple/add", "=name=q", "=target=10.5.0.1", "=max-limit=1M/1M", "=limit-at=2M/1M"],
     "failure: upload-max-limit less than upload-limit"),
    (["/ip/hotspot/user/add", "=name=h", "=shared-users=1"], "unknown parameter shared-users")])
def test_refusals_are_worded_as_real_routers_do(make: Make, sentence: list[str], said: str) -> None:
    raw = Raw(make()["port"])
    raw.login()
    trap, done = raw.ask(*sentence)
    assert (trap[0], trap[-1], done) == ("!trap", f"=message={said}", ["!done"])


def test_queues_leases_and_lists_get_defaults_and_refuse_duplicates(make: Make) -> None:
    raw = Raw(make()["port"])
    raw.login()
    assert raw.ask("/queue/simple/add", "=name=q1", "=target=10.5.0.1", "=max-limit=2M/10M")[0][1].startswith("=ret=*")
    row = raw.ask("/queue/simple/print", "?name=q1")[0]
    assert {"=max-limit=2000000/10000000", "=target=10.5.0.1/32", "=priority=8/8", "=parent=none"} <= set(row)
    again = raw.ask("/queue/simple/add", "=name=q1", "=target=10.5.0.2")[0]
    assert again[-1] == "=message=failure: already have such name"
    lease = raw.ask("/ip/dhcp-server/lease/add", "=address=10.6.0.1", "=mac-address=02:00:00:00:00:01")[0]
    assert lease[0] == "!done"
    assert "=block-access=false" in raw.ask("/ip/dhcp-server/lease/print")[0]
    entry = ("/ip/firewall/address-list/add", "=list=abona-cut", "=address=10.5.0.1")
    raw.ask(*entry)
    assert raw.ask(*entry)[0][-1] == "=message=failure: already have such entry"
    raw.ask(*entry[:2], "=address=10.5.0.7", "=timeout=1h")
    assert "=dynamic=true" in raw.ask("/ip/firewall/address-list/print", "?address=10.5.0.7")[0]


def test_a_command_names_many_rows_by_id_or_by_numbers(make: Make, simulator: Running) -> None:
    router = make()
    api = client(router)
    ids = [row[".id"] for row in api.path("ppp", "secret").select(Key(".id"))]
    tuple(api("/ppp/secret/disable", numbers=f"{ids[0]},u2"))
    tuple(api("/ppp/secret/set", **{".id": ",".join(ids[3:]), "comment": "x"}))
    with pytest.raises(TrapError):
        tuple(api("/ppp/secret/set", **{".id": f"{ids[0]},*FFF", "comment": "y"}))
    tables = simulator.state("routeros", router="norte")["routers"]["norte"]["tables"]["/ppp/secret"]
    assert [(row["disabled"], row.get("comment", "")) for row in tables] == [
        ("true", ""), ("true", ""), ("false", ""), ("false", "x"), ("false", "x")]


def test_listening_ends_when_it_is_cancelled(make: Make) -> None:
    raw = Raw(make()["port"])
    raw.login()
    raw.send("/ppp/active/listen", ".tag=7")
    raw.send("/cancel", "=tag=7", ".tag=8")
    assert raw.replies("8") == [["!trap", "=category=2", "=message=interrupted", ".tag=7"], ["!done", ".tag=7"],
                                ["!done", ".tag=8"]]


# --- subscribers -------------------------------------------------------------------------------------------


def test_a_session_keeps_its_profile_until_it_is_thrown_off(make: Make, simulator: Running) -> None:
    api = client(make())
    secret = next(iter(api.path("ppp", "secret").select(Key(".id")).where(Key("name") == "u1")))
    tuple(api("/ppp/secret/set", **{".id": secret[".id"], "profile": "abona-cut"}))

    def sees() -> str:
        found = simulator.state("routeros")["routers"]["norte"]["connected"].get("u1")
        return found["profile"] if found else "nothing"

    assert sees() == "100M"
    active = next(iter(api.path("ppp", "active").select(Key(".id")).where(Key("name") == "u1")))
    tuple(api("/ppp/active/remove", **{".id": active[".id"]}))
    assert sees() == "nothing"
    simulator.post("routeros", "advance", {"seconds": 2})
    assert sees() == "nothing"
    simulator.post("routeros", "advance", {"seconds": 1})
    assert sees() == "abona-cut"
    entries = [row["address"] for row in api.path("ip", "firewall", "address-list") if row["dynamic"]]
    assert entries == ["10.5.0.1"]


def test_a_disabled_secret_keeps_its_session_and_cannot_dial_again(make: Make, simulator: Running) -> None:
    api = client(make())
    tuple(api("/ppp/secret/disable", numbers="u1"))
    assert "u1" in simulator.state("routeros")["routers"]["norte"]["connected"]
    for row in list(api.path("ppp", "active")):
        tuple(api("/ppp/active/remove", **{".id": row[".id"]}))
    simulator.post("routeros", "advance", {"seconds": 3})
    assert set(simulator.state("routeros")["routers"]["norte"]["connected"]) == {"u2", "u3", "u4", "u5"}


# --- faults ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fault", "error"), [
    ("refuse", (ConnectionClosed, ConnectionResetError)), ("dead", TimeoutError), ("bad_login", TrapError),
    ("sessions_full", (ConnectionClosed, ConnectionResetError)), ("fatal", FatalError)])
def test_faults_that_let_nobody_in(make: Make, simulator: Running, fault: str, error: Any) -> None:
    router, other = make("norte"), make("sur")
    simulator.fault("routeros", fault, only="norte")
    with pytest.raises(error):
        client(router, timeout=0.3)
    assert client(other)


@pytest.mark.parametrize(("fault", "error"), [
    ("half", ConnectionClosed), ("cut_in_word", ConnectionClosed), ("lost_answer", ConnectionClosed),
    ("no_rights", TrapError)])
def test_faults_in_the_middle_of_the_work(make: Make, simulator: Running, fault: str, error: Any) -> None:
    api = client(make())
    tuple(api("/system/identity/print"))
    simulator.fault("routeros", fault)
    with pytest.raises((error, ConnectionResetError)):
        tuple(api("/ppp/secret/disable", numbers="u1"))
    rows = simulator.state("routeros", router="norte")["routers"]["norte"]["tables"]["/ppp/secret"]
    assert rows[0]["disabled"] == ("true" if fault in ("cut_in_word", "lost_answer") else "false")


def test_faults_that_change_the_router(make: Make, simulator: Running) -> None:
    router = make()

    def read(menu: str, *words: str) -> list[Any]:
        return list(client(router, encoding="cp1252")(menu))

    before = [row[".id"] for row in read("/ppp/secret/print")]
    simulator.fault("routeros", "renumber", count=1)
    after = read("/ppp/secret/print")
    assert [row["name"] for row in after] == [one["name"] for one in SECRETS]
    assert not set(before) & {row[".id"] for row in after}
    simulator.fault("routeros", "other_serial", count=1)
    serials = [read("/system/routerboard/print")[0]["serial-number"] for _ in range(2)]
    assert serials == ["OTHERHEX0000001", "HEX0000001"]
    simulator.fault("routeros", "ascii_bytes", count=1)
    assert read("/ppp/secret/print")[0]["comment"] == "Peña"
    simulator.fault("routeros", "reset", count=1)
    assert read("/ppp/secret/print") == []
    simulator.fault("routeros", "old_backup", count=1)
    assert len(read("/ppp/secret/print")) == 5


def test_a_changed_certificate_is_another_one(make: Make, simulator: Running) -> None:
    router = make()
    first = ssl.get_server_certificate(("127.0.0.1", router["tls_port"]))
    simulator.fault("routeros", "cert_changed", count=1)
    assert ssl.get_server_certificate(("127.0.0.1", router["tls_port"])) != first
    assert ssl.get_server_certificate(("127.0.0.1", router["tls_port"])) == first


def test_newer_routers_let_twenty_in(make: Make) -> None:
    router = make(version="7.21")
    inside = [client(router) for _ in range(20)]
    with pytest.raises((ConnectionClosed, ConnectionResetError)):
        client(router)
    assert len(inside) == 20


def test_secrets_are_neither_shown_nor_logged_and_routers_outlive_their_process(tmp_path: Any) -> None:
    given = {"name": "norte", "password": "secreta", "clients": ["u1"],
             "tables": {"/ppp/profile": PROFILES, "/ppp/secret": SECRETS}}
    with running(["routeros"], folder=tmp_path) as first:
        port = first.post("routeros", "routers", {"routers": [given]})["routers"]["norte"]["port"]
        tuple(client({"port": port})("/ppp/secret/set", numbers="u1", password="otra", comment="nota"))
        assert "clave" not in str(first.state("routeros", router="norte"))
        assert "otra" not in str(first.state("routeros", router="norte"))
    with running(["routeros"], folder=tmp_path) as second:
        found = second.state("routeros", router="norte")["routers"]["norte"]
        assert (found["port"], list(found["connected"])) == (port, ["u1"])
        assert found["tables"]["/ppp/secret"][0]["comment"] == "nota"
