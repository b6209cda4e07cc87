"""Access tickets: the `sso` token with its sign, made by WSAA and verified by the services (reference, 1.4 and 2.1)."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

from lxml import etree

from modules.einvoice_ar.simulator.authority import Authority, sign, signed
from modules.einvoice_ar.simulator.soap import text

LIFE = dt.timedelta(hours=12)
ARCA_CUIT = "33693450239"
SOURCES = {"production": f"CN=wsaa, O=AFIP, C=AR, SERIALNUMBER=CUIT {ARCA_CUIT}",
           "testing": f"CN=wsaahomo, O=AFIP, C=AR, SERIALNUMBER=CUIT {ARCA_CUIT}"}
KEPT = 1000


class BadToken(ValueError):
    """The token is not the Base64 of a ticket."""


@dataclass(frozen=True)
class Token:
    """What a token says: for whom (the computer and the taxpayers represented), for what, and from when to when."""

    text: str
    service: str
    uid: str
    relations: frozenset[str]
    starts: int
    ends: int


def make(authority: Authority, profile: str, service: str, uid: str, represented: list[str],
         now: dt.datetime) -> tuple[str, str]:
    """(token, sign) of a new ticket."""
    relations = "".join(f'<relation key="{one}" reltype="4"/>' for one in represented)
    issued = int(now.timestamp())
    sso = (f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<sso version="2.0">\n'
           f'<id src="{SOURCES[profile]}" dst="CN={service}, O=AFIP, C=AR" unique_id="{secrets.randbits(32)}" '
           f'gen_time="{issued - 60}" exp_time="{int((now + LIFE).timestamp())}"/>\n'
           f'<operation type="login" value="granted"><login entity="{ARCA_CUIT}" service="{service}" '
           f'uid="{text(uid)}" authmethod="cms" regmethod="22"><relations>{relations}</relations></login>'
           '</operation>\n</sso>\n')
    token = base64.b64encode(sso.encode()).decode()
    return token, base64.b64encode(sign(authority.ticket_key, token.encode())).decode()


def read(token: str) -> Token:
    """The token's content, not yet verified; BadToken where it is none."""
    try:
        root = etree.fromstring(base64.b64decode(token, validate=True))
        name, login = root.find("id"), root.find("operation/login")
        return Token(token, login.get("service"), login.get("uid"),
                     frozenset(one.get("key") for one in login.iter("relation")),
                     int(name.get("gen_time")), int(name.get("exp_time")))
    except (binascii.Error, ValueError, TypeError, AttributeError, etree.LxmlError) as error:
        raise BadToken(token[:40]) from error


class Verifier:
    """Says whether a sign belongs to a token; remembers the good ones, since each call brings the same."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._lock = threading.Lock()
        self._good: OrderedDict[tuple[str, str], Token] = OrderedDict()

    def read(self, token: str, signature: str) -> Token:
        """The token, quickly where it was verified before; BadToken as `read`."""
        return self._good.get((token, signature)) or read(token)

    def genuine(self, token: Token, signature: str) -> bool:
        """Did WSAA sign it?"""
        key = (token.text, signature)
        if key in self._good:
            return True
        try:
            raw = base64.b64decode("".join(signature.split()), validate=True)
        except (binascii.Error, ValueError):
            return False
        if not signed(self._authority.ticket_key, token.text.encode(), raw):
            return False
        with self._lock:
            self._good[key] = token
            if len(self._good) > KEPT:
                self._good.popitem(last=False)
        return True
