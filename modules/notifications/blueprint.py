"""The blueprint of the notices, on which the files of views put their pages."""

from __future__ import annotations

from flask import Blueprint, render_template

from core.scope import current_company
from modules.notifications import texts
from modules.notifications.ports import Letter

# a mail has its styles in itself; it is shown in a frame without scripts, forms or pictures from outside
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
bp = Blueprint("notifications", __name__, url_prefix="/notices")


def letter_of(subject: str, body: str, language: str, address: str = "") -> Letter:
    """A letter to look at or to try with; it belongs to no message."""
    company = current_company()
    return Letter(0, str(company), address, "", subject, body, language, company.color)


def letter_html(letter: Letter, preview: bool = False) -> str:
    """A letter as the customer's program shows it; a preview has its subject above."""
    return render_template("notifications/mail.html", letter=letter, body=texts.as_html(letter.body, letter.color),
                           preview=preview)
