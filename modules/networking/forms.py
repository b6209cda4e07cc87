"""Forms of the network: a router, a connection."""

from __future__ import annotations

from typing import Any

from core.forms import (
    BooleanField,
    Form,
    InputRequired,
    IntegerField,
    Length,
    NumberRange,
    OnceForm,
    Optional,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
)
from core.i18n import _, lazy
from modules.networking import lists, words
from modules.networking.models import Router
from modules.networking.ports import drivers

ENCODINGS = (("utf-8", "UTF-8"), ("cp1252", lazy("Windows (Winbox)")))


class RouterForm(Form):
    """What must be known to speak to a router, and how who does not pay is cut there."""

    name = StringField(lazy("Name"), [InputRequired(), Length(max=100)])
    node_id = SelectField(lazy("Node"), coerce=int, default=0)
    driver = SelectField(lazy("How it is spoken to"), default="routeros")
    host = StringField(lazy("Address or name"), [Length(max=200)])
    port = IntegerField(lazy("Port"), [Optional(), NumberRange(1, 65535)], default=8729)
    username = StringField(lazy("User"), [Length(max=60)], default="abona")
    password = PasswordField(lazy("Password"))
    tls = SelectField(lazy("How it is encrypted"), default="tls_pinned")
    ca = TextAreaField(lazy("Certificate of your authority"))
    encoding = SelectField(lazy("Letters of its comments"), choices=ENCODINGS, default="utf-8")
    method = SelectField(lazy("Who does not pay is cut by"), default="pppoe_profile")
    cut_list = StringField(lazy("Address list of those who are cut"), [InputRequired(), Length(max=60)],
                           default="abona-cut")
    cut_profile = StringField(lazy("PPP profile of those who are cut"), [InputRequired(), Length(max=60)],
                              default="abona-cut")
    cut_limit = StringField(lazy("Speed of those who are cut, up/down"), [InputRequired(), Length(max=40)],
                            default="64k/64k")
    has_ipv6 = BooleanField(lazy("It has IPv6: cut both"))
    sets_speed = BooleanField(lazy("Put the speed of the plan onto it"))
    heals = BooleanField(lazy("Put right by itself what somebody changed there"), default=True)
    active = BooleanField(lazy("In use"), default=True)

    def values(self) -> dict[str, Any]:
        """As routers.save takes them."""
        found = {name: field.data for name, field in self._fields.items() if name not in ("csrf_token", "password")}
        found["node_id"] = found["node_id"] or None
        found["port"] = found["port"] or 8729
        return {name: value.strip() if isinstance(value, str) else "" if value is None and name == "ca" else value
                for name, value in found.items()}


def router_form(row: Router | None) -> RouterForm:
    """For a new router, or with what is there; the password is never shown."""
    form = RouterForm(obj=row)
    form.node_id.choices = [(0, "—"), *lists.nodes().items()]
    form.driver.choices = [(code, one.title) for code, one in drivers.items()]
    form.tls.choices = list(words.TLS.items())
    form.method.choices = list(words.METHODS.items())
    if form.node_id.data is None:
        form.node_id.data = 0
    return form


class LinkForm(OnceForm):
    """Where a contract hangs."""

    router_id = SelectField(lazy("Router"), coerce=int)
    key = StringField(lazy("Name, address or MAC on the router"), [Length(max=120)],
                      description=lazy("The PPPoE user, the name of the queue, the address, or the MAC of the lease."))
    method = SelectField(lazy("Who does not pay is cut by"), default="")
    address = StringField(lazy("Address"), [Length(max=60)])
    pool_id = SelectField(lazy("or the next free one of"), coerce=int, default=0)
    address6 = StringField(lazy("IPv6 address or network"), [Length(max=60)])


def link_form(pools: dict[int, str], **start: Any) -> LinkForm:
    """With the routers, ways and pools to choose from."""
    form = LinkForm(**start)
    form.router_id.choices = list(lists.routers().items())
    form.method.choices = [("", _("as the router says")), *words.METHODS.items()]
    form.pool_id.choices = [(0, "—"), *pools.items()]
    return form
