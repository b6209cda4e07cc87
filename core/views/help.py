"""Help: the index with its search, and one topic. Beside a page (`X-Part`) without the frame."""

from __future__ import annotations

from typing import Any

from flask import abort, render_template, request

from core import help as helping
from core.help.finding import named
from core.help.reader import topic_url
from core.i18n import lazy
from core.search import Searcher, searchers
from core.security import require
from core.views import bp

searchers.register("core.help", Searcher(lazy("Help"), named, "", order=95, aside=True))


@bp.get("/help", endpoint="help")
@require()
def help_index() -> Any:
    """Every subject that concerns this person, or those in which the words occur."""
    reader, asked = helping.Reader(), request.args.get("q", "").strip()[:200]
    return _part("core/help.html", reader=reader, asked=asked, found=helping.find(asked, reader) if asked else None)


@bp.get("/help/<module>/<page>")
@require()
def help_topic(module: str, page: str) -> Any:
    """One topic; whoever has its address may read it: it says how a thing works, not what is in it."""
    topic = helping.all_topics().by_key.get(f"{module}/{page}")
    if topic is None:
        abort(404)
    return _part("core/help_topic.html", reader=helping.Reader(), topic=topic)


def _part(template: str, **values: Any) -> Any:
    base = "core/help_part.html" if request.headers.get("X-Part") else "layout.html"
    return render_template(template, base=base, topic_url=topic_url, **values)
