"""Simulators of services that tell merchants by notices: the mailbox, and what is set up by requests below `_sim`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from core.simulators.couriers import Mailbox
from core.simulators.frame import BadRequest, as_json, json_body
from core.simulators.settings import Configured, Kind
from core.simulators.store import Store

Verb = Callable[[dict[str, Any]], Any]


class Telling(Configured[Kind]):
    """Settings with a field `notices` (auto, manual, off), which the mailbox follows; `calls` counts by path.

    `again`: in how many seconds a notice is repeated after so many tries, None for never; 200 takes it.
    """

    def __init__(self, store: Store, kind: type[Kind], again: Callable[[int], float | None]) -> None:
        super().__init__(store, kind)
        self.notices = Mailbox(again, lambda status: status == 200)
        self.calls: dict[str, int] = {}
        self._follow()

    def verbs(self) -> Mapping[str, Verb]:
        """What POST _sim/<verb> does, beside `config` and `deliver`; BadRequest and KeyError are answered by 400."""
        return {}

    def set_up(self, request: Request) -> Response:
        """Answer a request below _sim/."""
        ways: dict[str, Verb] = {"config": self._configured,
                                 "deliver": lambda _given: {"delivered": self.notices.deliver()}, **self.verbs()}
        verb = request.path.removeprefix("/_sim/")
        if verb not in ways or request.method != "POST":
            return as_json({"error": request.path}, 404)
        try:
            return as_json(ways[verb](json_body(request)))
        except (BadRequest, KeyError) as error:
            return as_json({"error": str(error)}, 400)

    def _configured(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self.configure(given)
        self._follow()
        return self.config.as_json()

    def _follow(self) -> None:
        self.notices.follow(getattr(self.config, "notices"))  # noqa: B009  each simulator declares it

    def reset(self) -> None:
        """Forget what a reset forgets, notices and settings too; who has an account stays."""
        self.begin_again()
        self.notices.forget()
        self._follow()
        self.calls.clear()

    def release(self) -> None:
        self.notices.courier.stop()
        super().release()
