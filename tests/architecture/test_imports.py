"""Dependencies point down, and only through what a module publishes. The manifests are the single source."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core import modules
from core.config import ROOT
from tests.architecture.sources import imports, owner, python_files, relative_imports, short

pytestmark = pytest.mark.once
# what every module publishes by being what it is
PUBLIC = {"models", "services", "queries", "events", "ports", "errors", "notices"}
# what some publish besides: pure functions, drafts to hand in, verbs for many rows. Also in docs/architecture.md.
PUBLISHED = {
    "crm": {"bulk", "countries", "drafts", "finding", "forms", "holidays", "identity", "names", "reach", "regions"},
    "accounting": {"bulk", "bulk_payments", "cash", "closing", "designs", "documents", "drafts", "labels", "opening",
                   "payments", "print_data", "refunds", "sheets", "taxes", "totals", "words"},
    "arrears": {"batches", "facts", "proofs", "running"},
    "contracts": {"billing", "bulk", "bulk_extras", "drafts", "extras", "foresight", "payloads", "reporting",
                  "waiting"},
    "einvoice": {"answers", "case", "cases", "exporting", "files", "own_numbers", "preview", "rehearsing"},
    "gateways": {"accounts", "rehearsing"},
}
# the demo plays a provider's whole year in minutes: it may also reach behind the desk of these
REACHES = {("demo", "accounting", "ledger")}


def imported_modules(path: Path) -> list[tuple[str, str, int]]:
    """(module, file of it or "", line) of each import from another module."""
    found = []
    for name, line in imports(path):
        parts = name.split(".")
        if parts[0] == "modules" and len(parts) > 1 and parts[1] != owner(path):
            found.append((parts[1], parts[2] if len(parts) > 2 else "", line))
    return found


def test_the_frame_names_no_module() -> None:
    bad = [f"{short(path)}:{line} {name}" for path in python_files() if owner(path) == "core"
           for name, line in imports(path) if name.split(".")[0] == "modules" and "." in name]
    assert bad == []


def test_a_module_imports_only_what_its_manifest_says_it_stands_on() -> None:
    below = {name: set(modules.resolve([name])) for name in modules.available()}
    bad = [f"{short(path)}:{line} {other}" for path in python_files() if owner(path) != "core"
           for other, _file, line in imported_modules(path) if other not in below.get(owner(path), set())]
    assert bad == []


def test_of_another_module_only_what_it_publishes_is_imported() -> None:
    bad = [f"{short(path)}:{line} modules.{other}.{file}" for path in python_files() if owner(path) != "core"
           for other, file, line in imported_modules(path)
           if file not in PUBLIC | PUBLISHED.get(other, set()) and (owner(path), other, file) not in REACHES]
    assert bad == []


def test_what_is_said_to_be_published_exists_and_is_written_down() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.finditer(r"^\| (\w+) \| (`.*`) \|$", text, re.M)
    listed = {found[1]: set(re.findall(r"`(\w+)`", found[2])) for found in rows}
    assert {name: listed.get(name, set()) for name in PUBLISHED} == PUBLISHED
    missing = [f"{name}.{file}" for name, files in PUBLISHED.items() for file in files
               if not (modules.folder(name) / f"{file}.py").exists() and not (modules.folder(name) / file).is_dir()]
    assert missing == []


def test_a_manifest_loads_nothing_else() -> None:
    allowed = {"core.modules.Manifest", "core.modules.MenuItem", "core.i18n.lazy"}
    bad = [f"{name}: {imported}" for name in modules.available()
           for imported, _line in imports(modules.folder(name) / "__init__.py") if imported not in allowed]
    assert bad == []


def test_foreign_keys_point_down_too() -> None:
    """A table may only point to tables of its own module, of those below, and of the frame."""
    from core.db import Base

    modules.import_parts(modules.resolve(modules.available()))
    owners = {mapper.local_table.name: mapper.class_.__module__.split(".") for mapper in Base.registry.mappers
              if mapper.class_.__module__.startswith(("core.", "modules."))}  # type: ignore[union-attr]
    names = {table: parts[1] if parts[0] == "modules" else "core" for table, parts in owners.items()}
    below = {name: {"core", *modules.resolve([name])} for name in modules.available()} | {"core": {"core"}}
    bad = [f"{table} -> {key.target_fullname}" for table, name in names.items()
           for key in Base.metadata.tables[table].foreign_keys
           if names[key.target_fullname.split(".")[0]] not in below[name]]
    assert bad == []


def test_imports_are_written_out() -> None:
    assert [f"{short(path)}:{line}" for path in python_files() for line in relative_imports(path)] == []
