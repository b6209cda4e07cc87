"""Setting simulators up for a company that rehearses: accounts, certificates, taxpayers, over their `_sim` paths."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from core import leases
from core.errors import Rejected, Unavailable
from core.http import Client
from core.i18n import _
from core.scope import current_company_id

SECONDS = 60


@dataclass(frozen=True)
class Rehearsal:
    """A simulator at its address.

    `name` is what `abona simulators serve` knows it by, `stands_for` what people call the service.
    """

    stands_for: str
    name: str
    address: str

    def tell(self, path: str, body: dict[str, Any], *, optional: bool = False) -> dict[str, Any]:
        """Post to `_sim/<path>`: its answer; {} where it refuses what is optional. Unavailable says what to start."""
        try:
            answer = Client(self.stands_for, self.address).post(f"/_sim/{path}", json=body, repeatable=True)
            return dict(answer.json())
        except Rejected as refusal:
            if optional:
                return {}
            raise Unavailable(_("The rehearsal's %(name)s refused: %(text)s", name=self.stands_for,
                                text=str(refusal))) from refusal
        except Unavailable as error:
            raise Unavailable(
                _("The rehearsal's %(name)s is not running at %(address)s. Start it: abona simulators serve "
                  "%(simulator)s", name=self.stands_for, address=self.address, simulator=self.name),
                retry_after=5) from error


@contextmanager
def alone(country: str) -> Iterator[None]:
    """One worker at a time prepares a company's rehearsal; who waited looks whether there is still something to do.

    Two at once would give the company two certificates, and the ticket of the one does not open what the other has.
    Commits; Unavailable where the other one does not come to an end.
    """
    with leases.turn(f"einvoice.rehearsal:{country}:{current_company_id()}", SECONDS,
                     _("Another process prepares the rehearsal.")):
        yield
