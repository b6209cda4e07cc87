"""The rows of a run as a filter: `?of=12` lists what was done, `?of=12-refused` what was not, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from core import scope
from core.db import db
from core.i18n import _
from core.lists.models import Run, RunItem

if TYPE_CHECKING:
    from core.lists.declaration import List

REFUSED = "refused"


@dataclass(frozen=True)
class Results:
    """The rows that a run did, or refused."""

    run: Run
    refused: bool

    def condition(self, row_id: Any) -> Any:
        items = sa.select(RunItem.row_id).where(RunItem.run_id == self.run.id, RunItem.ok.is_(not self.refused))
        return row_id.in_(items)

    def reason(self, row_id: Any) -> Any:
        """Why a row was refused, as an expression."""
        return (sa.select(RunItem.note).where(RunItem.run_id == self.run.id, RunItem.row_id == row_id)
                .scalar_subquery())

    def say(self) -> str:
        from core.lists.runs import title

        words = _("not done: %(what)s") if self.refused else _("done: %(what)s")
        return words % {"what": title(self.run)}


def find(shown: List, text: str) -> Results | None:
    """What `of` in the address names: a run over this list, of the company in scope."""
    number, _dash, part = text.partition("-")
    if not (number.isascii() and number.isdecimal() and int(number) < 2**62) or part not in ("", REFUSED):
        return None
    run = db.session.get(Run, int(number))
    if run is None or run.list_key != shown.key or run.company_id != scope.company_id_or_none():
        return None
    return Results(run, part == REFUSED)
