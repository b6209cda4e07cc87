"""Help inside the pages: each page has its topic, each topic its pages; links and labels are true."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from markdown_it.token import Token

from core import menu, modules
from core.config import ROOT
from core.errors import CannotRun
from core.help import all_topics, topics
from core.help import text as texts
from core.help.reader import target
from core.help.topics import Text, Topic
from core.models import Company
from core.security import access

pytestmark = pytest.mark.once
Login = Callable[..., FlaskClient]
# addresses that draw no page of staff: data for scripts, files of the browser, what machines read
NO_PAGES = {"static", "admin.static", "core.search_hits", "core.jobs_count", "core.healthz", "core.readyz",
            "core.metrics"}
# what these say concerns all pages
EVERYWHERE = {"core/words"}
COUNTRIES = ("es_AR", "es_CO", "es_EC", "es_MX", "es_PE", "es_DO")
WRONG, SEE_ALSO = "Si algo no sale", "Vea también"


@pytest.fixture(autouse=True)
def anew(app: Flask) -> Iterator[None]:
    """Each test reads the files as it left them."""
    yield from forgotten(app)


def forgotten(app: Flask) -> Iterator[None]:
    kept = ("abona_help", "abona_help_tokens", "abona_help_labels", "abona_help_index")
    for name in kept:
        app.extensions.pop(name, None)
    yield
    for name in kept:
        app.extensions.pop(name, None)


@pytest.fixture
def write(instance: Path) -> Iterator[Callable[..., None]]:
    """`write("core/home", "text", pages="core.home")`: a topic of the operator's own."""
    made: list[Path] = []

    def put(key: str, body: str, locale: str = "es", **head: str) -> None:
        path = instance / "templates" / "help" / locale / f"{key}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{name}: {value}\n" for name, value in ({"title": "Prueba"} | head).items())
        path.write_text(f"---\n{lines}---\n\n{body}\n", encoding="utf-8")
        made.append(path)

    yield put
    for path in made:
        path.unlink()


def every() -> Iterator[tuple[Topic, Text]]:
    for topic in all_topics().by_key.values():
        for text in topic.texts.values():
            yield topic, text


def inlines(text: Text) -> Iterator[Token]:
    for token in texts.parser().parse(text.body):
        yield from token.children or []


def links(text: Text) -> list[str]:
    return [str(one.attrs["href"]) for one in inlines(text) if one.type == "link_open"]


def labels(text: Text) -> list[str]:
    found = list(inlines(text))
    return [found[at + 1].content for at, one in enumerate(found) if one.type == "strong_open"]


# --- pages and topics ----------------------------------------------------------------------------------------


def test_every_page_of_staff_has_a_topic(app: Flask) -> None:
    missing = [rule.endpoint for rule in app.url_map.iter_rules()
               if "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGES
               and getattr(app.view_functions[rule.endpoint], "guard", None) != access.PUBLIC
               and not rule.endpoint.endswith("__suggest") and not all_topics().of_page(rule.endpoint)]
    assert missing == [], "write docs/help/es/<module>/<page>.md, or name these pages in the topic that tells of them"


def test_a_topic_tells_of_pages_that_are_there(app: Flask) -> None:
    known = set(app.view_functions) | {name.partition(".")[0] for name in app.view_functions}
    gone = [(topic.key, page) for topic, _text in every() for page in topic.pages if page not in known]
    without = {topic.key for topic, _text in every() if not topic.pages}
    assert (gone, without) == ([], EVERYWHERE)


def test_a_page_has_one_topic_or_one_for_each_country(app: Flask) -> None:
    manifests = modules.available()
    for page, found in all_topics().by_page.items():
        lands = [manifests[topic.module].country if topic.module in manifests else None for topic in found]
        assert len(lands) == len(set(lands)), page


# --- what is written ------------------------------------------------------------------------------------------


def test_every_text_says_what_to_do_what_goes_wrong_and_where_to_go_on(app: Flask) -> None:
    for topic, text in every():
        if text.locale != "es" or topic.key in EVERYWHERE:
            continue
        tokens = texts.parser().parse(text.body)
        headings = [texts.plain(inline) for opening, inline in pairwise(tokens)
                    if opening.type == "heading_open"]
        assert tokens[0].type == "paragraph_open", f"{topic.key} begins with a sentence on what the page is for"
        assert any(token.type == "ordered_list_open" for token in tokens), f"{topic.key} has no steps"
        assert WRONG in headings and headings[-1] == SEE_ALSO, f"{topic.key}: {headings}"
        assert len(headings) == len(set(headings)), f"{topic.key} has two headings of one name"


def test_heads_are_complete(app: Flask) -> None:
    for topic, text in every():
        assert topic.group in {"start", *menu.GROUPS}, topic.key
        assert text.title and text.title != topic.key.rpartition("/")[2], topic.key
        assert "es" in topic.texts, f"{topic.key} has no Spanish"


def test_links_lead_to_topics_headings_and_screens_that_are_there(app: Flask) -> None:
    known, broken = all_topics().by_key, []
    for topic, text in every():
        for written in links(text):
            if written.startswith("screen:"):
                page = written.removeprefix("screen:")
                fine = page in app.view_functions or f"{page}.index_view" in app.view_functions
            elif written.startswith("https://"):
                fine = True
            else:
                key, anchor = target(topic, written)
                fine = written.partition("#")[0].endswith(".md") and key in known
                fine = fine and (not anchor or anchor in anchors(known[key].texts[text.locale]))
            broken += [] if fine else [(topic.key, written)]
    assert broken == []


def anchors(text: Text) -> set[str]:
    tokens = texts.prepare(text, text.locale, None)
    return {str(token.attrGet("id")) for token in tokens if token.type == "heading_open"}


def test_what_is_bold_stands_on_the_screen_in_these_words(app: Flask) -> None:
    """A label that the catalog does not have is misspelt, or the screen has changed."""
    with app.test_request_context():
        unknown = {(topic.key, label) for topic, text in every() for label in labels(text)
                   if label not in texts.labels(text.locale.split("_")[0])}
    assert unknown == set()


def test_a_label_means_one_thing_in_each_country(app: Flask) -> None:
    """Two messages with one Spanish word may not part in a country: the help could not know which one is meant."""
    with app.test_request_context():
        for topic, text in every():
            for label in labels(text):
                for locale in COUNTRIES if text.locale == "es" else ():
                    assert len(said_in(label, locale)) == 1, (topic.key, label, locale)


def said_in(label: str, locale: str) -> set[str]:
    from flask_babel import force_locale, get_translations

    with force_locale(locale):
        return {str(get_translations().ugettext(message)) for message in texts.labels("es")[label]}


def test_countries_are_written_as_the_language_calls_them(app: Flask) -> None:
    """What looks like a country's paragraph is one: `*Mejico:*` would be shown to everybody."""
    for topic, text in every():
        tokens = texts.parser().parse(text.body)
        for place, token in enumerate(tokens):
            inside = {"paragraph_open": 1, "list_item_open": 2}.get(token.type)
            first = (tokens[place + inside].children or []) if inside else []
            if len(first) > 2 and first[0].type == "em_open" and first[1].content.endswith(":"):
                assert texts.countries_of(tokens, place, text.locale), (topic.key, first[1].content)


# --- for whom -------------------------------------------------------------------------------------------------


def test_the_sign_opens_the_topic_of_the_page(login: Login) -> None:
    client = login("accounting.view_payments", "core.view_jobs")
    page = html.fromstring(client.get("/payments").get_data(as_text=True))
    assert page.xpath("//header//a[@data-help]/@href") == ["/help/accounting/payments"]
    article = html.fromstring(client.get("/help/accounting/payments").get_data(as_text=True))
    assert article.xpath("//article/h1")[0].text == "Pagos"


def test_a_list_s_own_pages_open_the_list_s_topic(app: Flask) -> None:
    assert [one.key for one in all_topics().of_page("accounting.invoices__do_send")] == ["accounting/invoices"]
    assert [one.key for one in all_topics().of_page("admin_crm_zone.edit_view")] == ["crm/zones"]
    assert all_topics().of_page("nothing.at_all") == all_topics().of_page(None) == []


def test_an_error_page_and_a_page_that_is_not_allowed_open_the_index(login: Login) -> None:
    client = login("accounting.view_payments")
    for path in ("/nothing-here", "/roles"):
        page = html.fromstring(client.get(path).get_data(as_text=True))
        assert page.xpath("//header//a[@data-help]/@href") == ["/help"], path


def test_only_what_one_may_open_is_listed_and_linked(login: Login) -> None:
    client = login("accounting.view_payments")
    listed = html.fromstring(client.get("/help").get_data(as_text=True)).xpath("//main//li/a/@href")
    assert "/help/accounting/payments" in listed and "/help/core/words" in listed
    assert not {"/help/core/roles", "/help/contracts/billing", "/help/accounting/new_payment"} & set(listed)
    article = html.fromstring(client.get("/help/accounting/payments").get_data(as_text=True)).xpath("//article")[0]
    assert "/help/accounting/payment" in article.xpath(".//a/@href")
    assert not {"/help/accounting/new_payment", "/help/importer/payments"} & set(article.xpath(".//a/@href"))
    # and a list of places to go on shows nothing that is no way
    assert all(item.xpath("./a") for item in article.xpath(f".//h2[.='{SEE_ALSO}']/following-sibling::ul/li"))


def test_whoever_may_more_gets_more_links(login: Login) -> None:
    article = html.fromstring(login(admin=True).get("/help/accounting/payments").get_data(as_text=True))
    assert "/help/importer/payments" in article.xpath("//article//a/@href")
    zones = html.fromstring(login(admin=True).get("/help/crm/zones").get_data(as_text=True))
    assert "/admin/crm-zone/" in zones.xpath("//article//a/@href")


def test_strangers_get_no_help(client: FlaskClient) -> None:
    assert client.get("/help").status_code == client.get("/help/core/home").status_code == 302


def test_no_such_topic(login: Login) -> None:
    client = login("accounting.view_payments")
    assert client.get("/help/core/nothing").status_code == client.get("/help/nobody/home").status_code == 404


# --- countries and languages ------------------------------------------------------------------------------------


def test_the_page_of_enabling_opens_the_country_s_own_topic(login: Login, company: Company) -> None:
    client = login(admin=True)
    found = []
    for country in ("AR", "PE", "DO"):
        company.country = country
        page = html.fromstring(client.get("/einvoice/enable").get_data(as_text=True))
        found += page.xpath("//header//a[@data-help]/@href")
    assert found == ["/help/einvoice_ar/enabling", "/help/einvoice_pe/enabling", "/help/einvoice/enabling"]


def test_a_reader_sees_his_country_s_words_and_paragraphs_only(app: Flask) -> None:
    text = Text("es", "T", "", "Dé un **Descuento**.\n\n*Argentina:* con CAE.\n\n- *México, Perú:* otra cosa.\n- todos")
    shown = {(locale, country): str(texts.html(texts.prepare(text, locale, country), lambda _written: None))
             for locale, country in (("es_AR", "AR"), ("es_MX", "MX"), ("es", None))}
    argentine, mexican, unknown = shown.values()
    assert "<strong>Bonificación</strong>" in argentine and "<strong>Descuento</strong>" in mexican
    assert "con CAE" in argentine and "otra cosa" not in argentine and "todos" in argentine
    assert "con CAE" not in mexican and "otra cosa" in mexican
    assert "con CAE" in unknown and "otra cosa" in unknown


def test_in_another_language_the_text_is_spanish_with_the_labels_of_the_screen(login: Login) -> None:
    client = login("accounting.view_payments", "accounting.record_payments")
    with client.session_transaction() as session:
        session["locale"] = "en"
    page = html.fromstring(client.get("/help/accounting/payments").get_data(as_text=True))
    article = page.xpath("//article")[0]
    assert page.get("lang") == "en" and article.get("lang") == "es"
    assert "There is no text in your language yet" in page.xpath("string(//main)")
    assert "Record a payment" in article.xpath(".//strong/text()")
    assert page.xpath("//p[@class='help-more']/a/text()") == ["All subjects"]


@pytest.mark.parametrize(("locale", "said"), [("es_AR", "argentino"), ("es_MX", "español"), ("en", "English"),
                                              ("pt", "español")])
def test_a_text_of_one_s_country_or_language_goes_before_spanish(
        app: Flask, write: Callable[..., None], locale: str, said: str) -> None:
    write("core/home", "argentino", "es_AR")
    write("core/home", "español", "es", pages="core.home")
    write("core/home", "English", "en")
    assert all_topics().by_key["core/home"].text(locale).body == said


# --- what others bring, and what is not let through ---------------------------------------------------------------


def test_the_operator_s_own_text_takes_the_place_of_ours(login: Login, write: Callable[..., None]) -> None:
    write("accounting/payments", "En nuestra oficina, el efectivo va a la **Caja**.")
    client = login("accounting.view_payments")
    assert 'href="/help/accounting/payments" data-help' in client.get("/payments").get_data(as_text=True)
    page = client.get("/help/accounting/payments").get_data(as_text=True)
    assert "En nuestra oficina, el efectivo va a la <strong>Caja</strong>." in page


def test_a_module_that_lives_elsewhere_carries_its_own(
        app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "help" / "es").mkdir(parents=True)
    (tmp_path / "help" / "es" / "points.md").write_text("---\ntitle: Puntos\n---\nPuntos por pagar.")
    real = modules.folder
    monkeypatch.setattr(modules, "folder", lambda name: tmp_path if name == "importer" else real(name))
    assert all_topics().by_key["importer/points"].text("es_AR").title == "Puntos"


def test_help_of_a_module_that_is_off_is_not_there(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "abona_modules",
                        [name for name in app.extensions["abona_modules"] if name != "importer"])
    assert not [key for key in all_topics().by_key if key.startswith("importer/")]


def test_no_html_no_script_and_no_image_comes_through(login: Login, write: Callable[..., None]) -> None:
    write("core/home", "<script>alert(1)</script> <b onclick=x>b</b> ![i](https://e.example/i.png) "
                       "[a](javascript:alert(1)) [b](data:text/html,x) [c](https://e.example/?a=1&b=\"2)",
          pages="core.home")
    page = login("core.view_jobs").get("/help/core/home").get_data(as_text=True)
    article = html.fromstring(page).xpath("//article")[0]
    assert not article.xpath(".//script|.//b|.//img|.//*[@onclick]")
    assert [link.get("href") for link in article.iter("a")] == [
        "https://e.example/i.png", "https://e.example/?a=1&b=%222"]
    assert article.xpath(".//a/@rel") == ["noopener noreferrer"] * 2


def test_a_file_without_a_head_is_named(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text("# Título\n")
    with pytest.raises(CannotRun, match=r"x\.md"):
        topics.split(tmp_path / "x.md")


def test_the_image_for_containers_holds_the_texts() -> None:
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert not {"docs", "docs/", "*.md", "**/*.md", "docs/help"} & set(left_out)
    assert "COPY . ." in (ROOT / "Dockerfile").read_text()


# --- finding ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "first"), [
    ("nota de crédito", "/help/accounting/credit_notes"),
    ("CREDITO nota", "/help/accounting/credit_notes"),
    ("anular un cheque", "/help/accounting/payment"),
    ("¿cómo corto el servicio?", "/help/contracts/states"),
    ("registrar una zanahoria de pago", "/help/accounting/new_payment"),
    ("subir los precios", "/help/contracts/revisions"),
    ("olvidé la contraseña", "/help/core/people"),
    ("excel clientes", "/help/importer/customers"),
    ("factura a otro nombre", "/help/accounting/credit_notes"),
    ("percepciones", "/help/einvoice_ar/perceptions"),
    ("no llegó el correo", "/help/notifications/outbox"),
])
def test_a_question_finds_its_topic_first(login: Login, asked: str, first: str) -> None:
    page = html.fromstring(login(admin=True).get("/help", query_string={"q": asked}).get_data(as_text=True))
    links_found = page.xpath("//ol[@class='help-found']/li/a/@href")
    assert links_found and links_found[0].split("#")[0] == first, links_found
    assert page.xpath("//ol[@class='help-found']//mark")


def test_a_hit_leads_to_its_heading(login: Login) -> None:
    client = login(admin=True)
    page = html.fromstring(client.get("/help?q=cheque+rechazado").get_data(as_text=True))
    path, anchor = page.xpath("//ol[@class='help-found']/li/a/@href")[0].split("#")
    assert html.fromstring(client.get(path).get_data(as_text=True)).get_element_by_id(anchor).tag == "h2"


def test_nothing_found_says_what_to_try(login: Login) -> None:
    page = login(admin=True).get("/help?q=zanahoria").get_data(as_text=True)
    assert "Nada sobre “zanahoria”" in page and "Pruebe con menos palabras" in page


def test_a_search_finds_nothing_that_one_may_not_open(login: Login) -> None:
    page = login("accounting.view_payments").get("/help?q=roles").get_data(as_text=True)
    assert "/help/core/roles" not in page


def test_the_box_that_searches_everything_finds_help_by_its_name(login: Login) -> None:
    found = login("accounting.view_payments").get("/search.json?q=contraseña").get_json()
    assert [(group["title"], [hit["url"] for hit in group["hits"]]) for group in found] == [
        ("Ayuda", ["/help/core/account"])]


def test_the_panel_gets_the_part_without_the_frame(login: Login) -> None:
    client = login("accounting.view_payments")
    for path in ("/help", "/help/accounting/payments", "/help?q=pago"):
        part = client.get(path, headers={"X-Part": "help"}).get_data(as_text=True)
        assert 'id="help-part"' in part and "<html" not in part and 'id="help-panel"' not in part, path


def test_an_empty_list_leads_to_its_help(login: Login) -> None:
    page = html.fromstring(login("accounting.view_payments").get("/payments").get_data(as_text=True))
    (link,) = page.xpath("//div[@class='empty']//a[@data-help]")
    assert link.get("href") == "/help/accounting/payments"
    assert not re.search("help", " ".join(page.xpath("//div[@class='empty']//text()")))


def test_help_stands_beside_what_is_found_and_never_in_its_way(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """One customer opens at once although a topic has the word too; what was meant is guessed although one has it."""
    from core import search
    from core.search import Hit, Searcher

    ana = Hit("Ana", "/customers/1")
    monkeypatch.setattr(search.searchers, "_entries", {
        "customers": Searcher("Customers", lambda text, limit: [], "", guess=lambda text, limit: [ana]),
        "help": Searcher("Help", lambda text, limit: [Hit("Topic", "/help/x")], "", aside=True)})
    with app.test_request_context():
        found = search.search("cobro")
    assert [hit.label for _one, hits in found for hit in hits] == ["Ana", "Topic"]
