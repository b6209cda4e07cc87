"""Which simulators there are: `simulator` in `modules/<m>`, its `providers/<p>` and `drivers/<d>`, enabled or not."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from core.i18n import _
from core.simulators.frame import Simulator


class UnknownSimulator(ValueError):
    """No simulator has this name; the sentence lists those that exist."""


def available() -> dict[str, Simulator]:
    """All simulators on disk by name. Imports their files; needs no database."""
    found: dict[str, Simulator] = {}
    for path in _paths():
        simulator: Simulator = importlib.import_module(path).SIMULATOR
        if simulator.name in found:
            raise ValueError(f"two simulators are named {simulator.name}")
        found[simulator.name] = simulator
    return dict(sorted(found.items()))


def get(names: Iterable[str]) -> list[Simulator]:
    """These simulators, or all of them; UnknownSimulator where a name does not exist."""
    known, wanted = available(), list(names)
    for name in wanted:
        if name not in known:
            raise UnknownSimulator(_("There is no simulator %(name)s; known: %(known)s.", name=name,
                                     known=", ".join(known)))
    return [known[name] for name in wanted] or list(known.values())


def _paths() -> Iterator[str]:
    import modules as package

    for root in package.__path__:
        for pattern in ("*", "*/providers/*", "*/drivers/*"):
            for folder in sorted(Path(root).glob(pattern)):
                if (folder / "simulator.py").exists() or (folder / "simulator" / "__init__.py").exists():
                    yield ".".join(("modules", *folder.relative_to(root).parts, "simulator"))
