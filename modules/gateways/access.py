"""What a provider may know of an account at it: settings and keys, where it is, where it sends to. Pure values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from core.i18n import _
from modules.gateways.errors import BadSetting

REHEARSAL, TESTING, PRODUCTION = "rehearsal", "testing", "production"


@dataclass(frozen=True)
class Setting:
    """A setting of an account at a provider, as the set-up asks for it and commands name it.

    `kind`: text, secret (encrypted, never shown again), number, flag, choice (`choices`: code -> words), list (one per
    line), json (a document edited as text). `check` answers what is wrong with a value, in words, or "".
    """

    name: str
    label: Any
    kind: str = "text"
    required: bool = True
    default: Any = ""
    choices: Mapping[str, Any] = field(default_factory=dict)
    help: Any = ""
    check: Callable[[Any], str] | None = None

    @property
    def is_secret(self) -> bool:
        return self.kind == "secret"


@dataclass(frozen=True)
class Access:
    """An account at a provider for the time of a call: settings and secrets together, by their names.

    `address` is the simulator's base in rehearsal and "" elsewhere: then the provider knows its own hosts. `zone` is
    the company's, `notice_url` where the gateway reaches this account, with its unguessable part.
    """

    provider: str
    settings: Mapping[str, Any] = field(repr=False)
    environment: str = REHEARSAL
    address: str = ""
    country: str = ""
    currency: str = ""
    zone: str = "UTC"
    issuer: str = ""
    tax_id: str = ""
    notice_url: str = ""
    return_url: str = ""

    def get(self, name: str, default: Any = "") -> Any:
        """A setting, or `default` where it is missing or empty."""
        value = self.settings.get(name)
        return default if value is None or value == "" else value

    def need(self, name: str, label: Any = "") -> Any:
        """A setting that must be there; BadSetting names it."""
        value = self.get(name, None)
        if value is None:
            raise BadSetting(_("To use %(provider)s you must give its setting %(name)s.", provider=self.provider,
                               name=label or name), field=name)
        return value

    @property
    def is_rehearsal(self) -> bool:
        return self.environment == REHEARSAL

    def day(self, moment: dt.datetime) -> dt.date:
        """The day of an aware moment in the company's zone."""
        return moment.astimezone(ZoneInfo(self.zone)).date()
