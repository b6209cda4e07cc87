"""Pages of simulators, for people in the payer's place: one small sheet, readable on a phone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from werkzeug.wrappers import Response

from core.i18n import _

STYLE = """body{font:17px/24px system-ui,sans-serif;margin:0;background:#eef3f6;color:#1c2b33}
main{max-width:480px;margin:0 auto;padding:16px}section{background:#fff;border:1px solid #d5dee3;border-radius:6px;
padding:16px;margin:0 0 16px}h1{font-size:20px;margin:0 0 4px}h2{font-size:17px;margin:0 0 8px}p{margin:4px 0}
.big{font-size:28px;line-height:36px;font-weight:600;font-variant-numeric:tabular-nums}
table{width:100%;border-collapse:collapse}td{padding:4px 0;border-top:1px solid #e6ecef}
td+td{text-align:right;padding-left:12px;overflow-wrap:anywhere}td.num{white-space:nowrap}
label{display:block;margin:8px 0 4px}input,select,button{font:inherit;width:100%;box-sizing:border-box;min-height:48px;
border:1px solid #8fa3ad;border-radius:6px;padding:0 12px;background:#fff;color:inherit}
button{background:#0b6b73;border-color:#0b6b73;color:#fff;margin:12px 0 0}
button:focus,input:focus,select:focus,a:focus{outline:3px solid #f0a500;outline-offset:1px}
code{word-break:break-all}.note{background:#fff7e0;border-color:#e0c060}"""


def page(title: str, *parts: str) -> str:
    """A page out of parts that are HTML already."""
    note = escape(_("Simulator: no money moves here."))
    return (f'<!DOCTYPE html><html lang="es"><head><meta charset="utf-8"><title>{escape(title)}</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
            f'<body><main><section class="note"><p>{note}</p></section>{"".join(parts)}</main></body></html>')


def note(words: str) -> str:
    return f"<section><p>{escape(words)}</p></section>"


def head(title: Any, big: str, *rows: tuple[Any, Any]) -> str:
    """A section with what is asked for in large letters, and a table below it."""
    table = "".join(f"<tr><td>{escape(str(name))}</td><td>{escape(str(value))}</td></tr>" for name, value in rows)
    return f"<section><h1>{escape(str(title))}</h1><p class='big'>{escape(big)}</p><table>{table}</table></section>"


def form(action: str, title: Any, button: Any, fixed: Mapping[str, str] | None = None,
         choices: Mapping[str, tuple[Any, Iterable[tuple[str, Any]]]] | None = None) -> str:
    """A section with a form: hidden fields, choices (name -> label and options), one button."""
    hidden = "".join(f"<input type='hidden' name='{escape(name)}' value='{escape(value)}'>"
                     for name, value in (fixed or {}).items())
    selects = "".join(_select(name, label, options) for name, (label, options) in (choices or {}).items())
    return (f"<section><h2>{escape(str(title))}</h2><form method='post' action='{escape(action)}'>{hidden}{selects}"
            f"<button>{escape(str(button))}</button></form></section>")


def _select(name: str, label: Any, options: Iterable[tuple[str, Any]]) -> str:
    inside = "".join(f"<option value='{escape(code)}'>{escape(str(words))}</option>" for code, words in options)
    return f"<label>{escape(str(label))}<select name='{escape(name)}'>{inside}</select></label>"


def html(text: str, status: int = 200) -> Response:
    """A page as an answer."""
    return Response(text, status, content_type="text/html; charset=utf-8")
