"""What a simulator is, and what the frame does for each: routes under `_sim`, common faults, JSON."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from werkzeug.wrappers import Request, Response

from core.i18n import _
from core.simulators.faults import COMMON, BadFault, Cut, Fault, Faults

StartResponse = Callable[..., Any]
HTML_ERROR = ("<!DOCTYPE html><html><head><title>Runtime Error</title></head><body><h1>Server Error in '/' "
              "Application.</h1><p>Internal Server Error</p></body></html>")
HTML_PAGE = "<html><head><title>Mantenimiento</title></head><body><h1>Sitio en mantenimiento</h1></body></html>"


@dataclass(frozen=True)
class Box:
    """What the frame gives a simulator: its faults, and a folder if its state is to outlive the process."""

    name: str
    faults: Faults
    folder: Path | None = None


class Service(Protocol):
    """A running simulator. `state` gets the query of the request; `reset` goes back to the start."""

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]: ...
    def state(self, query: Mapping[str, str]) -> dict[str, Any]: ...
    def reset(self) -> None: ...


@dataclass(frozen=True)
class Simulator:
    """A simulator as its module declares it. `spares(fault, environ)` exempts requests from a common fault that has
    no `only`; `error_page(environ, body)` gives the (type, text) of a 500."""

    name: str
    title: Any
    create_app: Callable[[Box], Service]
    faults: Mapping[str, Any] = field(default_factory=dict)
    spares: Callable[[str, Mapping[str, Any]], bool] = lambda fault, environ: False
    error_page: Callable[[Mapping[str, Any], bytes], tuple[str, str]] = lambda environ, body: ("text/html", HTML_ERROR)

    def all_faults(self) -> dict[str, Any]:
        """Common and own faults with their titles."""
        return {**COMMON, **self.faults}


class Mounted:
    """One simulator with its faults, as a WSGI app below /<name>."""

    def __init__(self, simulator: Simulator, folder: Path | None = None) -> None:
        self.simulator = simulator
        self.faults = Faults(simulator.all_faults())
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self.service = simulator.create_app(Box(simulator.name, self.faults, folder))

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/_sim/"):
            return self._control(environ, start_response)
        if not self.faults:
            return self.service(environ, start_response)
        return self._with_faults(environ, start_response)

    def _control(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """`state`, `reset` and `faults`; every other path under `_sim` is the simulator's own."""
        request = Request(environ)
        verb = (request.method, request.path.removeprefix("/_sim/"))
        try:
            if verb == ("GET", "state"):
                shown = self.service.state(request.args.to_dict())
                return as_json({**shown, "faults": self.faults.listed()})(environ, start_response)
            if verb == ("GET", "faults"):
                return self._listed()(environ, start_response)
            if verb == ("POST", "reset"):
                self.service.reset()
                self.faults.clear()
                return as_json({"reset": True})(environ, start_response)
            if verb in {("POST", "faults"), ("DELETE", "faults")}:
                return self._set(request)(environ, start_response)
        except (BadFault, BadRequest) as error:
            return as_json({"error": str(error)}, 400)(environ, start_response)
        return self.service(environ, start_response)

    def _listed(self) -> Response:
        known = {name: str(title) for name, title in self.simulator.all_faults().items()}
        return as_json({"faults": self.faults.listed(), "known": known})

    def _set(self, request: Request) -> Response:
        given = {} if request.method == "DELETE" else json_body(request)
        if not given:
            self.faults.clear()
        else:
            self.faults.set(given)
        return self._listed()

    def _with_faults(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        found = {name: fault for name in COMMON if (fault := self._strike(name, environ, body))}
        if "refuse_connection" in found:
            raise Cut(reset=True)
        if "timeout_before" in found:
            time.sleep(_seconds(found["timeout_before"], 1))
            raise Cut
        if "slow" in found:
            time.sleep(_seconds(found["slow"], 2))
        if "error_500" in found:
            media_type, text = self.simulator.error_page(environ, body)
            return Response(text, 500, content_type=media_type)(environ, start_response)
        return self._done_but(found, environ, start_response)

    def _strike(self, name: str, environ: dict[str, Any], body: bytes) -> Fault | None:
        def matches(only: str) -> bool:
            if not only:
                return not self.simulator.spares(name, environ)
            seen = f"{environ['PATH_INFO']} {environ.get('HTTP_SOAPACTION', '')} {environ.get('CONTENT_TYPE', '')}"
            return only in seen or only.encode() in body[:4000]

        return self.faults.strikes(name, matches)

    def _done_but(self, found: dict[str, Fault], environ: dict[str, Any],
                  start_response: StartResponse) -> Iterable[bytes]:
        """Do it; then lose or spoil the answer."""
        if "lost_answer" not in found and "garbage" not in found:
            return self.service(environ, start_response)
        answer = Response.from_app(self.service, environ)  # type: ignore[arg-type]
        if "lost_answer" in found:
            raise Cut
        if found["garbage"].random.random() < 0.5:
            answer = Response(HTML_PAGE, 200, content_type="text/html; charset=utf-8")
        else:
            answer.set_data(answer.get_data()[:len(answer.get_data()) * 2 // 3])
        return answer(environ, start_response)


class BadRequest(ValueError):
    """A body that cannot be used; the sentence says why."""


class Site:
    """All simulators below their names."""

    def __init__(self, simulators: Iterable[Simulator], folder: Path | None = None) -> None:
        self.mounted = {one.name: Mounted(one, folder) for one in simulators}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        name, slash, rest = environ["PATH_INFO"].lstrip("/").partition("/")
        if name not in self.mounted:
            known = {"simulators": {key: str(one.simulator.title) for key, one in self.mounted.items()}}
            return as_json(known, 404 if name else 200)(environ, start_response)
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + "/" + name
        environ["PATH_INFO"] = slash + rest
        return self.mounted[name](environ, start_response)


def as_json(value: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(json.dumps(value, ensure_ascii=False, default=str), status, content_type="application/json")


def json_body(request: Request) -> dict[str, Any]:
    """The JSON object that was sent; BadRequest for anything else."""
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError as error:
        raise BadRequest(_("The body must be JSON: %(reason)s", reason=error)) from error
    if not isinstance(body, dict):
        raise BadRequest(_("The body must be a JSON object."))
    return body


def _seconds(fault: Fault, default: float) -> float:
    return default if fault.seconds is None else fault.seconds
