"""From template and context to text. Templates are written by users, who get words and conditions and nothing else.

What a template may hold is a short list of parts (see ALLOWED): no attributes, no calls, no loops, no arithmetic. So
each part runs once, and the longest text is bounded by the template and its placeholders.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from core.errors import DomainError
from core.i18n import _, lazy
from core.models import Company
from modules.notifications.ports import Kind

LONGEST = 20_000
_URL = re.compile(r"https?://[^\s<>\"]+")

# Every template may use these.
COMMON = {
    "customer_name": lazy("Name of the customer"),
    "customer_code": lazy("Code of the customer"),
    "company_name": lazy("Name of the company"),
    "company_phone": lazy("Phone of the company"),
    "company_email": lazy("E-mail of the company"),
    "company_website": lazy("Website of the company"),
}

ALLOWED = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr,
           nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Filter, nodes.Test)
FILTERS = frozenset({"upper", "lower", "title", "capitalize", "trim", "default", "d"})
TESTS = frozenset({"defined", "undefined"})


class _Environment(ImmutableSandboxedEnvironment):
    """Refuses, when a template is read, all that is not on the list."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for node in [tree, *tree.find_all(nodes.Node)]:
            trouble = _trouble(node)
            if trouble:
                raise TemplateSyntaxError(trouble, getattr(node, "lineno", 1))
        return tree


def _trouble(node: nodes.Node) -> str:
    """Why a part may not be in a template; "" where it may."""
    wrong_filter = isinstance(node, nodes.Filter) and node.name not in FILTERS
    wrong_test = isinstance(node, nodes.Test) and node.name not in TESTS
    if isinstance(node, ALLOWED) and not wrong_filter and not wrong_test:
        return ""
    return _("line %(line)s has something else than placeholders, conditions and the filters %(known)s",
             line=getattr(node, "lineno", 1), known=", ".join(sorted(FILTERS)))


_options: dict[str, Any] = {"autoescape": False, "trim_blocks": True, "lstrip_blocks": True}
_lenient = _Environment(undefined=Undefined, **_options)
_strict = _Environment(undefined=StrictUndefined, **_options)
# {{ range }} and the like would print what nobody means
_lenient.globals.clear()
_strict.globals.clear()


class BadTemplate(DomainError):
    """The text cannot be rendered; the message says where."""

    code = "bad_template"


@lru_cache(maxsize=500)
def _compiled(source: str) -> Any:
    return _lenient.from_string(source)


def render(source: str, context: Mapping[str, Any]) -> str:
    """The text with its placeholders filled; an unknown one is empty, so that one wrong word stops no invoice."""
    try:
        text = _compiled(source).render(context)
    except Exception as error:  # a sandboxed template can raise anything
        raise BadTemplate(_("This text cannot be sent because its template is wrong: %(reason)s",
                            reason=str(error))) from error
    return re.sub(r"\n{3,}", "\n\n", text).strip()[:LONGEST]


def one_line(text: str) -> str:
    """A subject: no line breaks, not too long."""
    return " ".join(text.split())[:300]


def check(kind: Kind, subject: str, body: str) -> None:
    """Refuse a template with bad syntax or unknown placeholders, before it is saved."""
    known = {**dict.fromkeys(COMMON, "x"), **dict.fromkeys(kind.placeholders, "x"), **kind.sample}
    for field, source in (("subject", subject), ("body", body)):
        try:
            _check_names(_strict.parse(source), known, field)
            _strict.from_string(source).render(known)
        except TemplateError as error:
            raise BadTemplate(_("To keep this text you must correct it: %(reason)s.",
                                reason=error.message or str(error)), field=field) from error
        except BadTemplate:
            raise
        except Exception as error:
            raise BadTemplate(_("To keep this text you must correct it: %(reason)s.", reason=str(error)),
                              field=field) from error
    if not body.strip():
        raise BadTemplate(_("To keep this text you must write something."), field="body")


def _check_names(tree: nodes.Template, known: Mapping[str, Any], field: str) -> None:
    """Every name must be a placeholder, also where this sample would not come by; the nearest one is offered."""
    for node in tree.find_all(nodes.Name):
        if node.name in known:
            continue
        near = get_close_matches(node.name, known, 1, 0.5)
        words = {"line": node.lineno, "name": "{{ " + node.name + " }}", "near": "{{ " + "".join(near) + " }}"}
        raise BadTemplate(
            _("Line %(line)s: there is no %(name)s. Did you mean %(near)s?", **words) if near else
            _("Line %(line)s: there is no %(name)s. Choose one of the list.", **words), field=field)


def common(company: Company, customer_name: str, customer_code: str) -> dict[str, str]:
    """The placeholders that every notice has."""
    return {"customer_name": customer_name, "customer_code": customer_code, "company_name": str(company),
            "company_phone": company.phone, "company_email": company.email, "company_website": company.website}


def for_language(texts: Mapping[str, str], language: str) -> str:
    """The text in this language, in its base language, or in Spanish."""
    return texts.get(language) or texts.get(language.split("_")[0]) or texts.get("es") or next(iter(texts.values()))


def as_html(body: str, color: str) -> Markup:
    """Paragraphs; an address that stands alone on its line becomes a button, others become links."""
    return Markup("").join(_paragraph(part, color) for part in re.split(r"\n\s*\n", body.strip()))


def _paragraph(text: str, color: str) -> Markup:
    if _URL.fullmatch(text.strip()):
        style = f"display:inline-block;padding:12px 20px;border-radius:6px;color:#ffffff;background:{color};" \
                "text-decoration:none;font-weight:bold"
        return Markup('<p style="margin:20px 0"><a href="{0}" style="{1}">{2}</a></p>').format(
            text.strip(), style, _button(text.strip()))
    lines = Markup("<br>").join(_linked(line) for line in text.splitlines())
    return Markup('<p style="margin:0 0 14px 0">{0}</p>').format(lines)


def _button(url: str) -> str:
    return url.split("://", 1)[-1].split("?")[0].rstrip("/")[:60]


def _linked(line: str) -> Markup:
    pieces, last = Markup(""), 0
    for match in _URL.finditer(line):
        pieces += escape(line[last:match.start()]) + Markup('<a href="{0}">{0}</a>').format(match.group())
        last = match.end()
    return pieces + escape(line[last:])
