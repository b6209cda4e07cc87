"""Write docs/ports.md, docs/events.md and docs/permissions.md out of the code; `--check` only compares.

Whoever adds a port, an event, a slot or a permission documents it where it is declared: in its docstring or its title.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core import config, jobs, modules, slots  # noqa: E402
from core.app import create_app  # noqa: E402
from core.i18n import use_locale  # noqa: E402
from core.registry import all_registries  # noqa: E402

HEAD = "<!-- Written by tools/docs.py out of the code: change the docstrings there, then run `make docs`. -->\n"


@dataclass(frozen=True)
class Port:
    """A registry as it is declared: `kind` is what an entry must be, `key` what it is found by."""

    owner: str
    place: str
    variable: str
    name: str
    kind: str
    key: str


# --- reading ----------------------------------------------------------------------------------------------------------


def ports() -> list[Port]:
    """Every registry of the product, in order of its owner."""
    found = [port for path in _sources() for port in _declared(path)]
    return sorted(found, key=lambda port: (port.owner != "core", port.owner, port.variable))


def _sources() -> Iterator[Path]:
    for folder in ("core", "modules"):
        yield from sorted(path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def _declared(path: Path) -> Iterator[Port]:
    text = path.read_text(encoding="utf-8")
    if "Registry[" not in text:
        return
    lines, place = text.splitlines(), ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for node in ast.parse(text).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation).startswith("Registry["):
            assert isinstance(node.value, ast.Call) and isinstance(node.target, ast.Name)
            kind = ast.unparse(node.annotation).removeprefix("Registry[").removesuffix("]")
            parts = place.split(".")
            yield Port("core" if parts[0] == "core" else parts[1], place, node.target.id,
                       ast.literal_eval(node.value.args[0]), kind, _comment(lines, node.lineno))


def _comment(lines: list[str], line: int) -> str:
    """The comment right above a line."""
    found: list[str] = []
    while line > 1 and lines[line - 2].startswith("#"):
        line -= 1
        found.insert(0, lines[line - 1].lstrip("# "))
    return " ".join(found)


def events() -> list[tuple[str, type]]:
    """(publisher, class) of every event of every module."""
    found = []
    for name, part in modules.parts(modules.resolve(modules.available()), "events"):
        found += [(name, value) for value in vars(part).values()
                  if inspect.isclass(value) and value.__module__ == part.__name__ and dataclasses.is_dataclass(value)]
    return found


def first(thing: Any) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


# --- writing ----------------------------------------------------------------------------------------------------------


def ports_page() -> str:
    """Registries with what their entries answer and who fills them, then the slots of the screens."""
    parts = [HEAD, "# Ports\n", "A port is a registry in the module that needs something; other modules put entries "
             "into it, in their `providers.py`.\nA key has one entry; an unknown key says which there are.\n"]
    for port in ports():
        if port.variable == "lists":  # every list of rows is one: they are documented on their screens
            continue
        parts.append(f"## `{port.place}.{port.variable}`\n")
        parts += [line for line in (_capital(port.key), _kind(port)) if line]
        keys = [key for key, _entry in all_registries[port.name].items()]
        parts.append(f"Filled with: {', '.join(f'`{key}`' for key in keys) or 'nothing yet'}.\n")
    parts.append("# Slots\n\nPlaces of a screen that modules fill: `core.slots.add(place, key, label, render, …)`.\n")
    parts.append("| place | filled with |\n|---|---|")
    parts += [f"| `{place}` | {', '.join(f'`{key}`' for key in keys)} |" for place, keys in slots.places().items()]
    return "\n".join(parts) + "\n"


def _capital(text: str) -> str:
    text = text.rstrip(".")
    return f"{text[:1].upper()}{text[1:]}.\n" if text else ""


def _kind(port: Port) -> str:
    """What an entry is: the sentence of its class, and one per method of a Protocol."""
    kind = getattr(import_module(port.place), port.kind, None)
    if kind is None:
        return f"An entry is a `{port.kind}`.\n"
    lines = [f"`{kind.__name__}`: {first(kind)}"]
    if getattr(kind, "_is_protocol", False):
        lines += [f"- `{name}{_signature(method)}`: {first(method)}" for name, method in vars(kind).items()
                  if inspect.isfunction(method) and name != "__init__" and not name.startswith("__subclass")]
    return "\n".join(lines) + "\n"


def _signature(method: Any) -> str:
    given = inspect.signature(method).parameters.values()
    names = [("*" if one.kind == one.VAR_POSITIONAL else "") + one.name for one in given]
    return f"({', '.join(name for name in names if name != 'self')})"


def events_page() -> str:
    """Events with their fields, and the handlers that listen to them."""
    parts = [HEAD, "# Events\n", "An event says what happened, in ids. `core.jobs.publish(event)` makes one job row "
             "per handler in the publisher's\ntransaction; handlers read the rows again, and their order is not "
             "promised.\n",
             "| event | publisher | fields | what it says | handlers |\n|---|---|---|---|---|"]
    for name, event in events():
        fields = ", ".join(f"`{field.name}`" for field in dataclasses.fields(event))
        handlers = [handler.removeprefix("modules.") for handler in jobs.handlers.get(event, [])]
        listening = ", ".join(f"`{handler}`" for handler in handlers) or "–"
        parts.append(f"| `{event.__name__}` | {name} | {fields} | {first(event)} | {listening} |")
    parts.append("\n# Schedules\n\nTicks in UTC; a function picks the companies whose hour has come.\n")
    parts.append("| function | minutes | what it does |\n|---|---|---|")
    ticks = sorted(jobs.schedules.items())
    parts += [f"| `{name}` | `{cron}` | {first(function)} |" for name, (cron, function) in ticks]
    return "\n".join(parts) + "\n"


def permissions_page() -> str:
    """Every permission with what it lets one do."""
    parts = [HEAD, "# Permissions\n", "Strings in the manifests; roles are rows that hold them, and a person has roles "
             "per company.\nA view asks for one with `@require(\"…\")`.\n", "| permission | lets one |\n|---|---|"]
    known = modules.permissions(modules.resolve(modules.available()))
    parts += [f"| `{code}` | {title} |" for code, title in known.items()]
    return "\n".join(parts) + "\n"


PAGES = {"ports.md": ports_page, "events.md": events_page, "permissions.md": permissions_page}


def written() -> dict[str, str]:
    """The pages as the code asks for them; in an app with every module of the product loaded."""
    with use_locale("en"):
        return {name: page() for name, page in PAGES.items()}


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        settings = config.load(instance=folder, secret_key="docs", database_url=f"sqlite:///{folder}/none.sqlite",
                               modules=(), modules_path=(), testing=True)
        with create_app(settings).app_context():
            pages = written()
    old = [name for name, text in pages.items() if not (path := ROOT / "docs" / name).exists()
           or path.read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        for name in old:
            print(f"docs/{name} is not what the code says: run make docs", file=sys.stderr)
        return 1 if old else 0
    for name in old:
        (ROOT / "docs" / name).write_text(pages[name], encoding="utf-8")
    print(f"written: {', '.join(old) or 'nothing new'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
