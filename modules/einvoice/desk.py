"""What legal documents put on the home page: what needs a person, in words that are links."""

from __future__ import annotations

from typing import Any

from flask import url_for
from markupsafe import Markup

from core.i18n import _, ngettext
from modules.einvoice import queries


def todo(_company: Any) -> Markup:
    """Refused documents, and sequences that are stopped."""
    counts, address = queries.counts(), url_for("einvoice.refused")
    lines = []
    if counts["rejected"]:
        lines.append(ngettext("%(num)s refused document waits to be mended",
                              "%(num)s refused documents wait to be mended", counts["rejected"]))
    stopped = [row for row in queries.troubled_sequences() if row.blocked_code]
    if stopped:
        lines.append(_("Sending is stopped at series %(series)s", series=", ".join(
            sorted({row.series for row in stopped}))))
    return Markup("").join(item(line, address) for line in lines)


def item(text: str, address: str) -> Markup:
    """A notice that is a link."""
    return Markup('<div class="notice notice-bad" role="status"><div><a href="{}">{}</a></div></div>').format(
        address, text)


def step(_company: Any) -> tuple[bool, str]:
    """The step of setting up: done when every step of the guide is."""
    from core.scope import current_company
    from modules.einvoice.ports import enablers

    enabler = enablers.find(current_company().country)
    done = enabler is None or all(one.done for one in enabler.steps())
    return done, url_for("einvoice.enable")
