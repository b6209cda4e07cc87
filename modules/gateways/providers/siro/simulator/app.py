"""The simulator as a WSGI app: sessions, API, pages for payers, setting up under `_sim`."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Request, Response

from core import exact_json
from core.simulators import Box, frame
from core.simulators.frame import StartResponse, as_json, json_body
from core.simulators.settings import Configured
from modules.gateways.providers.siro.simulator.bank import Bank, Config, Kept, Refused
from modules.gateways.providers.siro.simulator.intents import BadRequest, Intents

SECONDS = 3600
# the test user that the bank's manual prints, with the convenio of its examples
TEST: dict[str, Any] = {"usuario": "UsuarioTestSiro", "password": "Hola123", "cuit": "30522763922",
                        "convenios": ["5150058293"],
                        "rendicion": "unified"}
PAGE = ("<!DOCTYPE html><html lang='es'><title>SIRO</title><h1>SIRO</h1><p>{words}</p><form method='post'>"
        "<button name='means' value='debit'>Débito</button> <button name='means' value='credit'>Crédito</button> "
        "<button name='means' value='refused'>Sin fondos</button></form></html>")


class NotAllowed(Exception):
    """HTTP 401."""


class SiroBank(Configured[Config]):
    """SIRO with its users, debts and payments."""

    def __init__(self, box: Box) -> None:
        self.kept, self.faults = Kept(box.folder), box.faults
        super().__init__(self.kept, Config)
        if self.kept.get("account", "", TEST["usuario"]) is None:
            self.kept.put("account", "", TEST["usuario"], TEST)
        self.calls: dict[str, int] = {}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self._respond(Request(environ))(environ, start_response)

    def _respond(self, request: Request) -> Response:
        with self.kept.writing():
            return self._judged(request)

    def _judged(self, request: Request) -> Response:
        """Refusals are answers: what was done before them stays."""
        try:
            if request.path.startswith("/_sim/"):
                return self._set_up(request)
            if request.path.startswith("/Home/"):
                return self._page(request)
            return self._called(request)
        except NotAllowed:
            return _json({"Message": "Se ha denegado la autorización para esta solicitud."}, 401)
        except BadRequest as error:
            return _json({"Message": "La solicitud no es válida.", "ModelState": error.fields}, 400)
        except (Refused, frame.BadRequest) as error:
            return as_json({"error": str(error)}, 400)

    def _bank(self) -> Bank:
        return Bank(self.kept, self.faults, self.config.now())

    # --- the API -------------------------------------------------------------------------------------

    def _called(self, request: Request) -> Response:
        name = re.sub(r"/[0-9a-f-]{1,64}(?=/|$)", "/{}", request.path)
        self.calls[f"{request.method} {name}"] = self.calls.get(f"{request.method} {name}", 0) + 1
        if request.path.lower() == "/auth/sesion" and request.method == "POST":
            return self._log_in(_body(request))
        account = self._account(request)
        for method, pattern, answer in _ROUTES:
            found = re.fullmatch(pattern, request.path)
            if found and request.method in method.split("|"):
                return answer(self, request, account, *found.groups())
        return _json({"Message": "No se encontró ningún recurso HTTP."}, 404)

    def _log_in(self, given: Mapping[str, Any]) -> Response:
        account = self.kept.get("account", "", str(given.get("Usuario") or ""))
        if account is None or not secrets.compare_digest(str(given.get("Password") or ""), account["password"]):
            return _json({"Message": "La solicitud no es válida.",
                          "ModelState": {"LoginError": ["Usuario o contraseña incorrectos"]}}, 400)
        token = secrets.token_urlsafe(32)
        until = self.config.now().timestamp() + SECONDS
        self.kept.put("token", "", token, {"usuario": account["usuario"], "until": until})
        return _json({"access_token": token, "token_type": "bearer", "expires_in": SECONDS})

    def _account(self, request: Request) -> dict[str, Any]:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        found = self.kept.get("token", "", token)
        if found and self.faults.strikes("expired_token"):
            self.kept.delete("token", "", token)
            found = None
        if found is None or found["until"] < self.config.now().timestamp():
            raise NotAllowed
        return dict(self.kept.get("account", "", found["usuario"]))

    def _upload(self, request: Request, account: Mapping[str, Any]) -> Response:
        text = _body(request).get("base_pagos")
        if not isinstance(text, str) or not text.strip():
            raise BadRequest(base_pagos="La base de pagos es obligatoria")
        return _json({"nro_transaccion": self._bank().take_base(text, account)})

    def _base(self, request: Request, account: Mapping[str, Any], number: str) -> Response:
        found = self._bank().base_state(number, self.config.processing_seconds)
        if found is None or found["usuario_id"] != account["usuario"]:
            return _json({"Message": "No existe la transacción."}, 404)
        return _json(found)

    def _listing(self, request: Request, account: Mapping[str, Any]) -> Response:
        given = _body(request)
        first, last = str(given.get("fecha_desde") or "")[:10], str(given.get("fecha_hasta") or "")[:10]
        if not all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for day in (first, last)):
            raise BadRequest(fecha_desde="Las fechas son obligatorias")
        convenio = str(given.get("nro_empresa") or "")
        if convenio not in account["convenios"] or given.get("cuit_administrador") != account["cuit"]:
            raise BadRequest(nro_empresa="El convenio no pertenece al administrador")
        return _json(self._bank().lines(first, last, convenio, account["rendicion"]))

    def _adhere(self, request: Request, account: Mapping[str, Any]) -> Response:
        given = _body(request)
        kind, number, cpe = (str(given.get(name) or "") for name in (
            "tipoAdhesion", "numeroAdhesion", "numeroClienteEmpresa"))
        if len(number) != {"DD": 22, "VS": 16, "MC": 16}.get(kind) or not number.isdigit():
            raise BadRequest(numeroAdhesion="El número de adhesión es inválido")
        if self.kept.get("adhesion", "", cpe):
            raise BadRequest(numeroClienteEmpresa="La adhesión ya existe")
        made = {"numeroClienteEmpresa": cpe, "tipoAdhesion": kind, "numeroAdhesion": number,
                "fechaAlta": self.config.now().replace(tzinfo=None).isoformat()}
        self.kept.put("adhesion", "", cpe, made)
        return _json(made)

    def _leave(self, request: Request, account: Mapping[str, Any], cpe: str) -> Response:
        found = self.kept.get("adhesion", "", cpe)
        if found is None:
            return _json({"Message": "La adhesión no existe"}, 404)
        self.kept.delete("adhesion", "", cpe)
        return _json([found])

    def _open_intent(self, request: Request, account: Mapping[str, Any]) -> Response:
        intent = Intents(self._bank()).open(_body(request), account)
        base = request.host_url.rstrip("/") + request.root_path
        return _json({"Url": f"{base}/Home/Pago/{intent}", "Hash": intent})

    def _intent(self, request: Request, account: Mapping[str, Any], intent: str, result: str) -> Response:
        intents = Intents(self._bank())
        found = intents.find(intent)
        if found is None or result != found["result"]:
            return _json({"Message": "No se encontró la intención de pago."}, 404)
        return _json(intents.told(found))

    def _asked(self, request: Request, account: Mapping[str, Any]) -> Response:
        return _json(Intents(self._bank()).asked(_body(request)))

    # --- payers --------------------------------------------------------------------------------------

    def _page(self, request: Request) -> Response:
        found = re.fullmatch(r"/Home/Pago/([0-9a-f]{64})", request.path)
        if found is None:
            return self._debts_page(request)
        intents = Intents(self._bank())
        intent = intents.find(found[1])
        if intent is None:
            return Response("No existe", 404)
        if request.method != "POST":
            told = intent["request"]
            return _html(PAGE.format(words=html.escape(f"{told['Concepto']} $ {told['Importe']}: {intent['state']}")))
        paid = intents.pay(found[1], request.form.get("means", "debit"))
        if paid is None or self.faults.strikes("closed_window"):
            return _html("<!DOCTYPE html><html lang='es'><title>SIRO</title><p>Puede cerrar esta ventana.</p></html>")
        way = paid["request"]["URL_OK" if paid["state"] == "PROCESADA" else "URL_ERROR"]
        mark = "&" if "?" in way else "?"
        return Response("", 302, {"Location": f"{way}{mark}IdResultado={paid['result']}&IdReferenciaOperacion="
                                              f"{paid['request']['IdReferenciaOperacion']}"})

    def _debts_page(self, request: Request) -> Response:
        found = re.fullmatch(r"/Home/PagoOffLine/([0-9]{19})/?", request.path)
        if found is None:
            return Response("No existe", 404)
        debts = [one for one in self.kept.all("debt", found[1]) if not one["paid"]]
        rows = "".join(f"<li>{html.escape(one['text'])}: $ {Decimal(one['dues'][0][1]).scaleb(-2)}, "
                       f"{one['dues'][0][0]}</li>" for one in debts)
        return _html(f"<!DOCTYPE html><html lang='es'><title>SIRO</title><h1>{found[1]}</h1><ul>{rows}</ul></html>")

    # --- setting up ----------------------------------------------------------------------------------

    def _set_up(self, request: Request) -> Response:
        given, bank = json_body(request), self._bank()
        ways: dict[str, Callable[[], Any]] = {
            "/_sim/config": lambda: self.configure(given).as_json(), "/_sim/account": lambda: self.enrol(given),
            "/_sim/pay": lambda: {"payments": bank.pay(str(given.get("cpe")), str(given.get("channel")),
                                                       given.get("amount"), str(given.get("five") or ""))},
            "/_sim/slip": lambda: {"payments": bank.pay_slip(str(given.get("barcode")), str(given.get("channel")),
                                                             given.get("amount"))},
            "/_sim/intent": lambda: Intents(bank).pay(str(given.get("hash")), str(given.get("means") or "debit"))}
        if request.method != "POST" or request.path not in ways:
            return as_json({"error": request.path}, 404)
        return as_json(ways[request.path]())

    def enrol(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A user with its administrator's CUIT and convenios; asked for again, changed."""
        before = self.kept.get("account", "", str(given.get("usuario") or "")) or TEST
        made = {**before, **{name: value for name, value in given.items() if name in TEST}}
        self.kept.put("account", "", made["usuario"], made)
        return dict(made)

    def reset(self) -> None:
        """No debts, no payments, no settings; users stay good."""
        self.begin_again()
        self.calls.clear()

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Users, debts, payments, intents; `cpe` filters debts."""
        return {"config": self.config.as_json(), "calls": dict(self.calls),
                "accounts": [{**one, "password": "****"} for one in self.kept.all("account")],
                "bases": self.kept.all("base"), "debts": self.kept.all("debt", query.get("cpe")),
                "payments": self.kept.all("payment"), "intents": self.kept.all("intent"),
                "adhesions": [{**one, "numeroAdhesion": one["numeroAdhesion"][-4:]}
                              for one in self.kept.all("adhesion")]}


_ROUTES: tuple[tuple[str, str, Callable[..., Response]], ...] = (
    ("POST", "/siro/Pagos", SiroBank._upload), ("GET", "/siro/Pagos/([0-9]+)", SiroBank._base),
    ("POST", "/siro/Listados/Proceso", SiroBank._listing), ("POST", "/siro/Adhesiones", SiroBank._adhere),
    ("POST|DELETE", "/siro/Adhesiones/Desactivar/([0-9]{19})", SiroBank._leave),
    ("POST", "/api/Pago", SiroBank._open_intent), ("POST", "/api/Pago/Consulta", SiroBank._asked),
    ("GET", "/api/Pago/([0-9a-f]{64})/([0-9a-f-]{36})", SiroBank._intent),
)


def _body(request: Request) -> dict[str, Any]:
    try:
        found = exact_json.read(request.get_data())
    except ValueError:
        raise BadRequest(solicitud="El cuerpo no es JSON") from None
    if not isinstance(found, dict):
        raise BadRequest(solicitud="El cuerpo no es un objeto")
    return found


def _json(value: Any, status: int = 200) -> Response:
    return Response(exact_json.as_json(value), status, content_type="application/json; charset=utf-8")


def _html(text: str) -> Response:
    return Response(text, content_type="text/html; charset=utf-8")
