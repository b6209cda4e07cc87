"""The simulator as a WSGI app: routes, tokens, limits, idempotency keys, setting up under `_sim`."""

from __future__ import annotations

import base64
import re
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Request, Response

from core.exact_json import as_json as written
from core.exact_json import read
from core.i18n import _, lazy
from core.simulators import Box
from core.simulators.frame import BadRequest, StartResponse, as_json, json_body
from core.simulators.kept import Kept
from core.simulators.settings import Configured
from modules.einvoice_co.providers.settings import Config
from modules.einvoice_co.providers.siigo.simulator import errors
from modules.einvoice_co.providers.siigo.simulator.books import Books
from modules.einvoice_co.providers.siigo.simulator.errors import Refused

SECONDS, PER_MINUTE, PAGE, SHOWN = 86400, 100, 25, 1000
INTERNAL = ("kind", "asks", "errors", "later", "reason")
PATHS = {"invoices": "FV", "credit-notes": "NC"}
OWN: dict[str, Any] = {
    "token_expired": lazy("The token in use is suddenly no longer good"),
    "rate_limited": lazy("429: too many requests"),
    "stamp_draft": lazy("The document stays a draft: it was not sent to the DIAN"),
    "stamp_pending": lazy("The stamp is on its way until it was asked about so often (asks, 2)"),
    "stamp_rejected": lazy("The DIAN refuses (rule: its text)"),
    "service_down": lazy("503 of Siigo's service of documents; nothing was done"),
    "error_after": lazy("HTTP 500 although it was done"),
}


class Siigo(Configured[Config]):
    """API v1 with all its companies."""

    def __init__(self, box: Box) -> None:
        self.kept, self.faults = Kept(box.folder, "siigo"), box.faults
        super().__init__(self.kept, Config)
        self.calls: dict[str, int] = {}
        self._recent: dict[str, deque[float]] = {}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self._respond(Request(environ))(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path.startswith("/_sim/"):
            return self._set_up(request)
        name = f"{request.method} {re.sub(r'[0-9a-f-]{36}', '{id}', request.path)}"
        self.calls[name] = self.calls.get(name, 0) + 1
        try:
            with self.kept.writing():
                return self._answer(request)
        except Refused as refused:
            return errors.answer(refused, small=len(refused.code) % 2 == 1)

    def _answer(self, request: Request) -> Response:
        partner = request.headers.get("Partner-Id", "")
        if not partner:
            raise Refused("header_required", "The header Partner-Id is required", "Partner-Id")
        if not re.fullmatch("[0-9A-Za-z]{3,100}", partner):
            raise Refused("invalid_partner_id", "The header Partner-Id is invalid", "Partner-Id")
        if request.path == "/auth" and request.method == "POST":
            return self._login(_body(request))
        books = Books(self.kept, self.faults, self._owner(request), self.config.now())
        self._limit(books)
        if self.faults.strikes("service_down"):
            raise Refused("documents_service", "The documents service is not available")
        answer = self._route(request, books)
        return Response("", 500) if self.faults.strikes("error_after") else answer

    # --- who and how often ---------------------------------------------------------------------------

    def _login(self, given: Mapping[str, Any]) -> Response:
        company = self.kept.get("company", "", str(given.get("username") or ""))
        if company is None or company["access_key"] != given.get("access_key"):
            raise Refused("unauthorized", "The user or the access key is invalid")
        token = secrets.token_urlsafe(24)
        self.kept.put("token", "", token, {"owner": company["username"], "until": time.time() + SECONDS})
        return _json({"access_token": token, "expires_in": SECONDS, "token_type": "Bearer", "scope": "SiigoAPI"})

    def _owner(self, request: Request) -> str:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        found = self.kept.get("token", "", token)
        if found is not None and self.faults.strikes("token_expired"):
            self.kept.delete("token", "", token)
            found = None
        if found is None or found["until"] < time.time():
            raise Refused("unauthorized", "The token is invalid or expired")
        return str(found["owner"])

    def _limit(self, books: Books) -> None:
        recent = self._recent.setdefault(books.owner, deque())
        now = time.monotonic()
        while recent and recent[0] < now - 60:
            recent.popleft()
        if len(recent) >= books.company["per_minute"] or self.faults.strikes("rate_limited"):
            wait = int(60 - (now - recent[0])) if recent else 42
            raise Refused("requests_limit", f"Rate limit is exceeded. Try again in {wait} seconds.")
        recent.append(now)

    # --- routes --------------------------------------------------------------------------------------

    def _route(self, request: Request, books: Books) -> Response:
        parts = request.path.strip("/").split("/")
        if len(parts) < 2 or parts[0] != "v1":
            return Response("", 404)
        name, rest = parts[1], parts[2:]
        if name in PATHS:
            return self._documents(request, books, PATHS[name], rest)
        if name in ("customers", "products"):
            return _people(request, books, name, rest)
        catalog = _CATALOGS.get(name)
        if request.method == "GET" and catalog is not None and not rest:
            return _json(catalog(books.company, request.args))
        return Response("", 404)

    def _documents(self, request: Request, books: Books, kind: str, rest: list[str]) -> Response:
        verb, key = request.method, rest[0] if rest else ""
        if verb == "POST" and not rest:
            return self._create(request, books, kind)
        if verb == "GET" and not rest:
            return _json(_paged([_shown(one) for one in _filtered(books, kind, request.args)], request.args))
        document = books.read(key) if verb == "GET" and len(rest) == 1 else books.find("document", key)
        if document["kind"] != kind:
            raise Refused("not_found", "The resource was not found", "id")
        if verb == "GET":
            return _part(document, rest[1:])
        if verb == "PUT" and len(rest) == 1:
            return _json(_shown(books.edit(key, _body(request))))
        if verb == "DELETE" and len(rest) == 1:
            return _json(books.remove(key))
        if verb == "POST" and rest[1:] == ["annul"]:
            return _json({"id": books.remove(key)["id"], "Annul": True})
        if verb == "POST" and rest[1:] == ["mail"]:
            return _json({"status": "sent", "observations": ""})
        return Response("", 405)

    def _create(self, request: Request, books: Books, kind: str) -> Response:
        """The same Idempotency-Key gives the document that was created with it."""
        key = request.headers.get("Idempotency-Key", "")
        if key and not re.fullmatch("[0-9A-Za-z]{1,30}", key):
            raise Refused("invalid_idempotency-key", "The Idempotency-Key is invalid", "Idempotency-Key")
        before = self.kept.get("key", books.owner, f"{kind}:{key}") if key else None
        if before is not None:
            return _json(_shown(books.find("document", before)), 201)
        made = books.create(kind, _body(request))
        if key:
            self.kept.put("key", books.owner, f"{kind}:{key}", made["id"])
        return _json(_shown(made), 201)

    # --- setting up ----------------------------------------------------------------------------------

    def _set_up(self, request: Request) -> Response:
        ways = {"/_sim/company": self.enrol, "/_sim/config": lambda given: self.configure(given).as_json()}
        if request.method != "POST" or request.path not in ways:
            return as_json({"error": request.path}, 404)
        try:
            return as_json(ways[request.path](json_body(request)))
        except BadRequest as error:
            return as_json({"error": str(error)}, 400)

    def enrol(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A company with user, key, NIT and catalogs; what it had stays. `products` are codes to be there already."""
        for name in ("username", "access_key", "nit"):
            if not given.get(name):
                raise BadRequest(_("To enrol a company, it needs %(name)s.", name=name))
        owner = str(given["username"])
        before = self.kept.get("company", "", owner) or {}
        company = {**CATALOGS, **before, **given, "per_minute": int(given.get("per_minute") or PER_MINUTE)}
        self.kept.put("company", "", owner, company)
        books = Books(self.kept, self.faults, owner, self.config.now())
        for code in given.get("products") or []:
            if not books.listed("product", code=code):
                books.save_product({"code": code, "name": code, "account_group": 1253})
        return {name: value for name, value in company.items() if name != "access_key"}

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Documents, customers and products of all companies (`owner`: of one)."""
        documents = self.kept.all("document", query.get("owner"))
        return {"documents_total": len(documents), "documents": documents[-SHOWN:],
                "customers": self.kept.all("customer", query.get("owner"))[-SHOWN:],
                "products": [one["code"] for one in self.kept.all("product", query.get("owner"))],
                "calls": dict(self.calls)}

    def reset(self) -> None:
        """Back to the start."""
        self.begin_again()
        self.calls.clear()
        self._recent.clear()


def _body(request: Request) -> dict[str, Any]:
    if not str(request.content_type or "").startswith("application/json"):
        raise Refused("invalid_type", "The Content-Type must be application/json")
    try:
        found = read(request.get_data())
    except ValueError:
        raise Refused("invalid_type", "The body is no JSON") from None
    if not isinstance(found, dict):
        raise Refused("invalid_type", "The body must be an object")
    return found


def _json(value: Any, status: int = 200) -> Response:
    return Response(written(value), status, content_type="application/json; charset=utf-8")


def _shown(document: Mapping[str, Any]) -> dict[str, Any]:
    """As Siigo answers it: amounts as numbers."""
    made = {name: value for name, value in document.items() if name not in INTERNAL}
    for name in ("total", "balance"):
        made[name] = Decimal(str(made[name]))
    made["items"] = [{**one, "total": Decimal(str(one["total"])), "price": Decimal(str(one["price"])), "taxes": [
        {**tax, "value": Decimal(str(tax["value"]))} for tax in one["taxes"]]} for one in document["items"]]
    made["payments"] = [{**one, "value": Decimal(str(one["value"]))} for one in document["payments"]]
    return made


def _part(document: dict[str, Any], rest: list[str]) -> Response:
    """GET of a document, its pdf, xml, or the reasons of its rejection."""
    if not rest:
        return _json(_shown(document))
    if rest == ["stamp", "errors"]:
        return _json({"id": document["id"], "errors": [{"message": one} for one in document["errors"]]})
    content = {"pdf": b"%PDF-1.4\n%%EOF\n", "xml": f"<Invoice><ID>{document['name']}</ID></Invoice>".encode()}
    if len(rest) == 1 and rest[0] in content:
        return _json({"id": document["id"], "base64": base64.b64encode(content[rest[0]]).decode()})
    return Response("", 404)


def _people(request: Request, books: Books, name: str, rest: list[str]) -> Response:
    kind, field = name.removesuffix("s"), "identification" if name == "customers" else "code"
    save = books.save_customer if kind == "customer" else books.save_product
    if request.method == "POST" and not rest:
        return _json(save(_body(request)), 201)
    if request.method == "GET" and not rest:
        return _json(_paged(books.listed(kind, **{field: request.args.get(field)}), request.args))
    if request.method == "PUT" and len(rest) == 1:
        return _json(save(_body(request), rest[0]))
    if request.method == "GET" and len(rest) == 1:
        return _json(books.find(kind, rest[0]))
    return Response("", 405)


def _filtered(books: Books, kind: str, args: Mapping[str, str]) -> list[dict[str, Any]]:
    found = books.listed("document", kind=kind, name=args.get("name"))
    if args.get("customer_identification"):
        found = [one for one in found if one["customer"]["identification"] == args["customer_identification"]]
    start, end = args.get("date_start") or "", args.get("date_end") or "9999"
    return [one for one in found if start <= one["date"] <= end]


def _paged(rows: list[Any], args: Mapping[str, str]) -> dict[str, Any]:
    page, size = int(args.get("page") or 1), int(args.get("page_size") or PAGE)
    return {"pagination": {"page": page, "page_size": size, "total_results": len(rows)},
            "results": rows[(page - 1) * size:page * size], "_links": {}}


_CATALOGS: dict[str, Callable[[Mapping[str, Any], Mapping[str, str]], Any]] = {
    "document-types": lambda company, args: [one for one in company["document_types"]
                                             if one["type"] == args.get("type")],
    "taxes": lambda company, args: company["taxes"],
    "payment-types": lambda company, args: [one for one in company["payment_types"]
                                            if args.get("document_type") in ("FV", "NC")],
    "users": lambda company, args: _paged(company["users"], args),
    "account-groups": lambda company, args: [{"id": 1253, "name": "Servicios", "active": True}],
    "cost-centers": lambda company, args: [], "warehouses": lambda company, args: [],
    "price-lists": lambda company, args: [],
}


def _type(number: int, kind: str, code: str, consecutive: int) -> dict[str, Any]:
    return {"id": number, "code": code, "name": f"{kind} electrónica", "type": kind, "active": True, "prefix": "",
            "seller_by_item": False, "cost_center": False, "cost_center_mandatory": False, "automatic_number": True,
            "consecutive": consecutive, "discount_type": "Value", "decimals": True,
            "electronic_type": "ElectronicInvoice"}


# the catalogs of a company to which nothing else was said
CATALOGS: dict[str, Any] = {
    "document_types": [_type(24446, "FV", "2", 22), _type(77775, "NC", "1", 1)],
    "taxes": [{"id": 13156, "name": "IVA 19%", "type": "IVA", "percentage": 19, "active": True},
              {"id": 13157, "name": "IVA 0%", "type": "IVA", "percentage": 0, "active": True},
              {"id": 13158, "name": "IVA 5%", "type": "IVA", "percentage": 5, "active": True},
              {"id": 13160, "name": "ReteICA", "type": "ReteICA", "percentage": 1, "active": True}],
    "payment_types": [{"id": 5636, "name": "Crédito", "type": "Cartera", "active": True, "due_date": True},
                      {"id": 5637, "name": "Efectivo", "type": "Cartera", "active": True, "due_date": False}],
    "users": [{"id": 629, "username": "ventas@isp.example", "first_name": "Ventas", "last_name": "ISP",
               "email": "ventas@isp.example", "active": True, "identification": "13832082"}]}


def error_page(environ: Mapping[str, Any], body: bytes) -> tuple[str, str]:
    """A 500 as Siigo writes it."""
    found = errors.answer(Refused("unhandled_error", "Unhandled error"), small=False)
    return "application/json", found.get_data(as_text=True)
