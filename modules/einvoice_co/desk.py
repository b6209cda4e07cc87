"""The DIAN on the home page and among the outside services."""

from __future__ import annotations

from typing import Any

from flask import url_for
from markupsafe import Markup

from core.i18n import _
from core.outside import Standing
from core.scope import current_company
from modules.einvoice_co import access
from modules.einvoice_co.endings import endings

NOTICE = Markup('<div class="notice notice-{}" role="status"><div><a href="{}">{}</a></div></div>')


def running_out(_company: Any) -> Markup:
    """Resolutions, ranges and folios that end soon or have ended."""
    return Markup("").join(
        NOTICE.format("bad" if one.urgent else "warn", url_for("einvoice.enable", step=one.step), one.text)
        for one in endings())


def standing() -> Standing | None:
    """The DIAN among the outside services of a Colombian company."""
    if current_company().country != "CO":
        return None
    live = access.environment() == "production"
    text = _("Invoices go to the DIAN and are legally valid.") if live else _(
        "Invoices are validated by the simulator, by the DIAN's rules, and bear a watermark. None is legally valid.")
    return Standing("DIAN", live, text, url_for("einvoice.enable", step="live"), "einvoice.enable")
