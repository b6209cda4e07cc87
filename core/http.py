"""Calls to outside services over HTTP: time limits on each, three kinds of failure, a log line without secrets.

    service = Client("Mercado Pago", "https://api.mercadopago.com", headers={"Authorization": f"Bearer {token}"})
    answer = service.post("/v1/payments", json={...}, headers={"X-Idempotency-Key": key}, repeatable=True)

`Unavailable`: it certainly was not done, or it may be repeated without harm. `Unknown`: it was sent and no sensible
answer came. `Rejected`: the service said no. Redirections are not followed, and nothing is retried by itself.
"""

from __future__ import annotations

import json
import os
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import requests
from flask import current_app, has_app_context
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectTimeout, RequestException
from requests.utils import get_environ_proxies
from urllib3.exceptions import NewConnectionError

from core import logs
from core.errors import OutsideError, Rejected, Unavailable, Unknown
from core.i18n import _

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 10.0, 60.0, 180.0
LARGEST_ANSWER = 64 * 2**20
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# the service itself says that it did not begin
NOT_DONE = frozenset({429, 503})

log = logs.get(__name__)
_local = threading.local()


@dataclass(frozen=True)
class Answer:
    """What a service answered."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    name: str = ""
    repeatable: bool = True

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Anything else means that we do not know what happened (Unknown), or may ask again."""
        try:
            return json.loads(self.content)
        except ValueError:
            text = _("%(name)s answered something that cannot be read (HTTP %(status)s).", name=self.name,
                     status=self.status)
            raise (Unavailable(text) if self.repeatable else Unknown(text)) from None


# what a refusal says: (the service's own code, its words)
Explain = Callable[[Answer], tuple[str, str]]


@dataclass(frozen=True)
class Client:
    """One service at one address. Each thread and each forked worker has a session of its own."""

    name: str
    address: str
    headers: Mapping[str, str] | None = None
    auth: Any = None
    connect_seconds: float = CONNECT_SECONDS
    read_seconds: float = READ_SECONDS
    # paths of a client's certificate and key, where the service asks for them
    certificate: tuple[str, str] | None = None
    explain: Explain | None = None
    # the path itself is a secret (the service's account is known by it): logs show only where the service is
    hides_path: bool = False

    def get(self, path: str, **options: Any) -> Answer:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Answer:
        return self.request("POST", path, **options)

    def request(self, method: str, path: str, *, params: Mapping[str, Any] | None = None, json: Any = None,
                data: Any = None, headers: Mapping[str, str] | None = None, repeatable: bool | None = None) -> Answer:
        """One call. `repeatable`: the same call may be sent again without harm (by default what only reads)."""
        again = method in SAFE if repeatable is None else repeatable
        url = self.address.rstrip("/") + path
        started, status, received = time.monotonic(), "none", 0
        try:
            answer = self._send(method, url, again, params=params, json=json, data=data,
                                headers={**(self.headers or {}), **(headers or {})})
            status, received = str(answer.status), len(answer.content)
        finally:
            asked = f"{url}?{urlencode(params)}" if params else url
            asked = urljoin(url, f"/{logs.HIDDEN}") if self.hides_path else asked
            log.info("outside_call", service=self.name, method=method, url=logs.redact_url(asked), status=status,
                     received=received, seconds=round(time.monotonic() - started, 3))
        log.debug("outside_bodies", service=self.name, sent=logs.redact(json if json is not None else data),
                  got=_loggable(answer))
        return self._judge(answer)

    def _send(self, method: str, url: str, repeatable: bool, **options: Any) -> Answer:
        try:
            with session().request(method, url, auth=self.auth, cert=self.certificate, stream=True,
                                   timeout=(self.connect_seconds, self.read_seconds), allow_redirects=False,
                                   proxies=proxies_for(url), **options) as response:
                content = _read(response)
        except (RequestException, TooLong) as error:
            raise failure(error, self.name, repeatable) from None  # its text may hold the address with its secrets
        return Answer(response.status_code, response.headers, content, self.name, repeatable)

    def _judge(self, answer: Answer) -> Answer:
        if answer.status < 300:
            return answer
        if answer.status in NOT_DONE:
            raise Unavailable(_("%(name)s asks to try later (HTTP %(status)s).", name=self.name, status=answer.status),
                              retry_after=_seconds(answer.headers.get("Retry-After")))
        if answer.status >= 500:
            text = _("%(name)s failed (HTTP %(status)s).", name=self.name, status=answer.status)
            raise Unavailable(text) if answer.repeatable else Unknown(text)
        code, words = self.explain(answer) if self.explain else (str(answer.status), answer.text.strip()[:300])
        raise Rejected(_("%(name)s refused: %(words)s", name=self.name, words=words or answer.status), code=code,
                       details=_loggable(answer))


class TooLong(Exception):
    """The answer is larger, or takes longer, than any sensible one."""


def _read(response: requests.Response) -> bytes:
    """The body, within a size and a time: a service that drips a byte now and then must not hold a worker for ever."""
    end, parts, size = time.monotonic() + TOTAL_SECONDS, [], 0
    for part in response.iter_content(65536):
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER or time.monotonic() > end:
            raise TooLong
    return b"".join(parts)


def failure(error: Exception, name: str, repeatable: bool) -> OutsideError:
    """Which of the outcomes an exception of requests means."""
    kind = type(error).__name__
    if never_sent(error):
        return Unavailable(_("%(name)s cannot be reached (%(reason)s).", name=name, reason=kind))
    text = _("%(name)s did not answer (%(reason)s).", name=name, reason=kind)
    return Unavailable(text) if repeatable else Unknown(text)


def never_sent(error: BaseException) -> bool:
    """True only where it is certain that the service got nothing: no address, no connection, a false certificate."""
    if isinstance(error, ConnectTimeout):
        return True
    seen: BaseException | None = error
    for _step in range(6):
        reason = getattr(seen, "reason", None) or next(
            (one for one in getattr(seen, "args", ()) if isinstance(one, BaseException)), None)
        if isinstance(reason, (NewConnectionError, ssl.SSLCertVerificationError)):
            return True
        if not isinstance(reason, BaseException):
            return False
        seen = reason
    return False


def session() -> requests.Session:
    """The session of this thread: connections stay open. A forked worker must not share its parent's sockets."""
    if getattr(_local, "pid", None) != os.getpid():
        _local.session, _local.pid = new_session(), os.getpid()
    found: requests.Session = _local.session
    return found


def new_session() -> requests.Session:
    """A session that retries nothing by itself, and does not search the environment and ~/.netrc on every call."""
    made = requests.Session()
    made.trust_env = False
    made.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    adapter = HTTPAdapter(pool_connections=8, pool_maxsize=8, max_retries=0)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


def proxies_for(url: str) -> dict[str, str]:
    """The installation's proxy, or else the environment's (HTTPS_PROXY, NO_PROXY); never for this machine."""
    proxy = current_app.extensions["abona"].http_proxy if has_app_context() else ""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host == "localhost" or host.startswith("127.") or host == "::1":
        return {"http": "", "https": ""}
    return {"http": proxy, "https": proxy} if proxy else _of_environment(parts.scheme, parts.netloc.rpartition("@")[2])


@cache
def _of_environment(scheme: str, place: str) -> dict[str, str]:
    """What the environment says of a service; it does not change while a process runs, and asking takes a while."""
    return dict(get_environ_proxies(f"{scheme}://{place}/"))


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdigit() else None


def _loggable(answer: Answer) -> Any:
    try:
        return logs.redact(json.loads(answer.content))
    except ValueError:
        return answer.text[:2000]
