"""Answers to the frame's slots, without the weight of the views at import."""

from __future__ import annotations

from typing import Any

from flask import url_for
from markupsafe import Markup

from core import setup
from core.i18n import _
from core.models import Company
from core.setup import Step

_BUTTON = Markup('<a class="btn" href="{}">{}</a>')


def import_button(_customers: Any) -> Markup:
    """For a list of customers that is still empty."""
    return _BUTTON.format(url_for("importer.imports"), _("Import a spreadsheet"))


def import_steps(company: Company) -> list[Step]:
    """Set-up: the customers that the provider has already."""
    done = setup.fact(company, "crm.customers")
    return [Step("import", _("Your customers"), done, _(
        "Load your spreadsheet as it is. You see what was understood before anything is written; lines that cannot be "
        "loaded come back as a file with the reasons, to be mended and loaded again."),
        _("Import another spreadsheet") if done else _("Import a spreadsheet"), url_for("importer.imports"),
        needed=False)]


def payments_button(_nothing: Any) -> Markup:
    """On the list of payments."""
    return _BUTTON.format(url_for("importer.payment_files_page"), _("From a spreadsheet"))
