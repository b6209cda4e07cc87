"""Documents that cannot rot: what they list is what the code has."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from flask import Flask

from core import modules
from core.config import ROOT, Settings
from core.registry import all_registries

pytestmark = pytest.mark.once
DOCS = ROOT / "docs"
FENCED = re.compile(r"^```.*?^```$", re.M | re.S)


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)


def test_ports_events_and_permissions_are_as_the_code_says() -> None:
    done = run("tools/docs.py", "--check")
    assert done.returncode == 0, done.stderr


def test_every_text_has_its_spanish() -> None:
    done = run("tools/translations.py", "--check")
    assert done.returncode == 0, done.stderr[-5000:]


def test_every_setting_is_explained() -> None:
    named = set(re.findall(r"`ABONA_([A-Z_]+)`", read("operation.md")))
    assert {name.upper() for name in Settings.__dataclass_fields__ if name != "testing"} - named == set()


def test_every_dependency_says_why_it_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=]", one)[0] for one in wanted}
    explained = set(re.findall(r"^\| `([\w.-]+)`", read("dependencies.md"), re.M))
    assert names == explained


@pytest.mark.parametrize("kind", ["run", "dev"])
def test_the_lock_file_holds_every_dependency_at_one_version(kind: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + (project["optional-dependencies"]["dev"] if kind == "dev" else [])
    locked = (ROOT / "lock" / f"{kind}.txt").read_text(encoding="utf-8").split()
    names = [line.split("==")[0] for line in locked]
    assert all(re.fullmatch(r"[a-z0-9._-]+==\S+", line) for line in locked) and len(names) == len(set(names))
    assert {re.split(r"[\[<>=]", one)[0] for one in wanted} - set(names) == set()


def test_links_between_documents_lead_somewhere() -> None:
    """Those in a fenced block belong to the file that the block shows."""
    pages = [*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("modules/*/README.md")]
    bad = [f"{page.relative_to(ROOT)}: {target}" for page in pages
           for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", FENCED.sub("", page.read_text(encoding="utf-8")))
           if not (page.parent / target).exists()]
    assert bad == []


def test_documents_name_files_that_exist() -> None:
    """`core/x.py`, `docs/y.md` in prose: a file that was renamed leaves no ghost behind."""
    pages = [path for path in DOCS.rglob("*.md") if path.name != "writing-a-module.md"]
    pattern = re.compile(r"`((?:core|modules|docs|tests|tools|templates|static|lock|translations)/[\w./-]+\.\w+)`")
    bad = [f"{page.relative_to(ROOT)}: {name}" for page in pages
           for name in pattern.findall(page.read_text(encoding="utf-8"))
           if not (ROOT / name).exists() and not (ROOT / "templates" / name).exists()]
    assert bad == []


def test_every_entry_of_a_port_is_what_its_protocol_asks_for(app: Flask) -> None:
    """Names and parameters of every method; isinstance where the port wants a class of data."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import docs as tool
    finally:
        sys.path.remove(str(ROOT / "tools"))
    bad: list[str] = []
    for port in tool.ports():
        kind = getattr(__import__(port.place, fromlist=["x"]), port.kind, None)
        if kind is None:
            continue
        for key, entry in all_registries[port.name].items():
            bad += [f"{port.variable}[{key!r}]: {words}" for words in misfits(entry, kind)]
    assert bad == []


def misfits(entry: object, kind: type) -> list[str]:
    """What keeps an entry from being of this kind."""
    import inspect

    if not getattr(kind, "_is_protocol", False):
        return [] if isinstance(entry, kind) else [f"is no {kind.__name__}"]
    found = [f"has no {name}" for name in getattr(kind, "__annotations__", {}) if not hasattr(entry, name)]
    for name, wanted in vars(kind).items():
        if not inspect.isfunction(wanted) or name == "__init__" or name.startswith("__subclass"):
            continue
        method = getattr(entry, name, None)
        if not callable(method):
            found.append(f"has no {name}()")
            continue
        parameters = [one for one in inspect.signature(wanted).parameters.values() if one.name != "self"]
        needed = [one for one in parameters if one.default is one.empty]
        for given in (parameters, needed):
            try:
                inspect.signature(method).bind(*given)
            except TypeError as error:
                found.append(f"{name}(): {error}")
    return found


def test_misfits_are_seen() -> None:
    from typing import Protocol

    class Wanted(Protocol):
        code: str

        def do(self, one: int, two: int = 0) -> None: ...

    class Right:
        code = "x"

        def do(self, one: int, two: int = 0) -> None: ...

    class Wrong:
        def do(self, one: int) -> None: ...

    assert misfits(Right(), Wanted) == []
    assert len(misfits(Wrong(), Wanted)) == 2 and misfits(1, str) == ["is no str"]


def test_the_doctor_has_the_checks_that_are_promised(app: Flask) -> None:
    promised = {
        "core": {"stuck_jobs", "audit_chain", "migrations_current", "secrets_readable", "clock", "mail", "redis",
                 "backup_age"},
        "accounting": {"ledger_balanced", "balances_match", "open_amounts_match", "payments_unique",
                       "locked_periods_untouched"},
        "contracts": {"billed_once_per_period"},
        "einvoice": {"numbers_no_gap", "numbers_no_duplicate", "one_document_per_invoice", "unknown_documents"},
        "einvoice_ar": {"certificates_expiry"},
    }
    enabled = {"core", *app.extensions["abona_modules"]}
    known = {key for key, _check in all_registries["checks"].items()}
    assert set().union(*(names for owner, names in promised.items() if owner in enabled)) - known == set()


def test_project_text_holds_no_path_of_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    words = re.compile(r"/work/main|/home/\w+/|/Users/\w+|artifactory|\.internal\b")
    text_kinds = {".py", ".md", ".toml", ".txt", ".sh", ".html", ".yaml", ".yml", ".json", ""}
    bad = [name for name in listed.stdout.split("\n") if name and Path(name).suffix in text_kinds
           and name != "tests/architecture/test_documents.py" and (ROOT / name).is_file()
           and words.search((ROOT / name).read_text(encoding="utf-8", errors="replace"))]
    assert bad == []


def test_modules_on_disk_are_the_ones_that_the_docs_show() -> None:
    text = read("architecture.md")
    assert [name for name in modules.available() if f"`{name}`" not in text] == []
