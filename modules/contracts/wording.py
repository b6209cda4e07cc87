"""The words of invoice lines, in the company's language, with the count that explains an amount."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_skeleton

from core import months
from core.i18n import _, format_date, format_number, number_style, use_locale
from core.months import Span
from modules.contracts.pricing import INSTALMENT, Line


class Wording:
    """Texts for the lines of one company; the templates are translated once, not once per line."""

    def __init__(self, locale: str) -> None:
        self.locale, self.style = locale, number_style()
        with use_locale(locale):
            self.month = _("%(what)s, %(month)s")
            self.span = _("%(what)s, %(first)s to %(last)s")
            self.days = _("%(text)s: %(days)s days × %(price)s ÷ %(of)s")
            self.day = _("%(text)s: 1 day × %(price)s ÷ %(of)s")
            self.instalment = _("%(what)s, instalment %(position)s of %(of)s")
            self.discount = _("%(text)s (less %(amount)s: %(discount)s)")

    def line(self, line: Line) -> str:
        """The description of a line: what, for which days, how the amount came about, less what."""
        text = self._what(line)
        if line.share is not None:
            template = self.day if line.share.days == 1 else self.days
            text = template % {"text": text, "days": line.share.days, "price": self.number(line.share.price),
                               "of": line.share.of_days}
        for name, amount in line.discounts:
            text = self.discount % {"text": text, "amount": self.number(amount), "discount": name}
        return text

    def _what(self, line: Line) -> str:
        if line.kind == INSTALMENT:
            position, of = line.position
            return line.name if of == 1 else self.instalment % {"what": line.name, "position": position, "of": of}
        return self.named(line.name, line.span) if line.span else line.name

    def named(self, what: str, span: Span) -> str:
        """Something with the days it is for: a whole month by its name."""
        if span == months.months_span(months.of(span.first)):
            return self.month % {"what": what, "month": month_name(span.first, self.locale)}
        return self.span % {"what": what, "first": format_date(span.first), "last": format_date(span.last)}

    def number(self, value: Decimal) -> str:
        return amount_text(value, self.locale, self.style)


@lru_cache(maxsize=500)
def month_name(month: dt.date, locale: str) -> str:
    """November 2026 in the language."""
    return str(format_skeleton("yMMMM", month, locale=locale))


@lru_cache(maxsize=5000)
def amount_text(value: Decimal, locale: str, style: str) -> str:
    """An amount without its currency: lines are read beside others of the same document."""
    return format_number(value, "#,##0.00####", locale, style)
