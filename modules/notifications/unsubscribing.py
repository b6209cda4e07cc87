"""The link with which an address asks not to be written to, except for what belongs to its service."""

from __future__ import annotations

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from core.errors import NotFound
from core.i18n import _
from modules.notifications.models import Message


def url(message: Message) -> str:
    """The address to print in the message; it works without a login and for this address only."""
    token = _serializer().dumps([message.company_id, message.channel, message.address])
    return f"{current_app.extensions['abona'].public_url.rstrip('/')}/unsubscribe/{token}"


def read(token: str) -> tuple[int, str, str]:
    """(company id, channel, address) of a link; NotFound for one that we did not make."""
    try:
        company_id, channel, address = _serializer().loads(token)
    except (BadSignature, ValueError):
        raise NotFound(_("This link is not valid.")) from None
    return int(company_id), str(channel), str(address)


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.extensions["abona"].secret_key, salt="notifications.unsubscribe")
