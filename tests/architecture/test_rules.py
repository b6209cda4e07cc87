"""Rules that a reader relies on: services neither talk nor commit, money is exact, files and functions stay small."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from core.config import ROOT
from tests.architecture.sources import functions, imports, owner, python_files, short, tree

pytestmark = pytest.mark.once
# what a file that changes data, or maps it, must not know: the request, and the network
OUTSIDE = {"requests", "urllib", "urllib3", "http", "httpx", "zeep", "smtplib", "socket", "core.http", "core.mail"}
REQUEST = {"flask.request", "flask.session", "flask.g", "flask.render_template", "flask.redirect", "flask.flash"}
# seconds, probabilities of faults, and what spreadsheets keep as doubles: no money
FLOATS = {"core/http.py", "core/environment_checks.py", "core/simulators/faults.py", "modules/importer/workbooks.py",
          "modules/einvoice_ar/simulator/settings.py", "modules/einvoice_ar/simulator/tra.py"}
# the one that reads any database's tables as they are
NUMERICS = {"core/dumping.py"}
# runs commands one after the other, each in a transaction of its own: a command, not a service
COMMITS = {"modules/demo/services.py"}
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_TEMPLATE = 400, 50, 150
# all macros of screens, and all lists, are each in one template
LONG_TEMPLATES = {"templates/macros.html", "templates/lists.html"}


def pure_files() -> list[Path]:
    return [path for path in python_files() if path.name in {"services.py", "mapping.py", "queries.py"}
            and owner(path) != "core"]


def test_services_queries_and_mappings_know_no_request_and_no_network() -> None:
    bad = [f"{short(path)}:{line} {name}" for path in pure_files() for name, line in imports(path)
           if name.split(".")[0] in OUTSIDE or name in OUTSIDE | REQUEST]
    assert bad == []


def test_services_queries_and_mappings_do_not_commit() -> None:
    bad = [f"{short(path)}:{node.lineno}" for path in pure_files() if short(path) not in COMMITS
           for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute) and node.attr == "commit"]
    assert bad == []


def test_no_amount_passes_through_a_float() -> None:
    bad = [f"{short(path)}:{node.lineno}" for path in python_files() if short(path) not in FLOATS
           for node in ast.walk(tree(path))
           if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"]
    assert bad == []


def test_no_column_is_a_float_in_some_database() -> None:
    names = {"Numeric", "Float", "Double", "REAL", "DECIMAL", "DOUBLE_PRECISION"}
    bad = [f"{short(path)}:{node.lineno}" for path in python_files() if short(path) not in NUMERICS
           for node in ast.walk(tree(path)) if getattr(node, "attr", getattr(node, "id", None)) in names]
    migrations = [short(path) for path in ROOT.glob("*/**/migrations/**/*.py")
                  if any(f"sa.{name}(" in path.read_text() for name in names)]
    assert bad + migrations == []


def test_times_come_from_the_clock() -> None:
    """`datetime.now()` cannot be frozen and forgets the zone; `date.today()` is the server's, not the company's."""
    bad = [f"{short(path)}:{node.lineno}" for path in python_files()
           if short(path) != "core/clock.py" and "simulator" not in short(path)
           for node in ast.walk(tree(path)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
           and node.func.attr in {"now", "utcnow", "today"}
           and ast.unparse(node.func.value) in {"dt.datetime", "datetime", "dt.date", "date", "datetime.datetime"}]
    assert bad == []


def test_rows_are_not_got_past_the_company() -> None:
    """`session.get` of a company's row may answer with another company's from the session: see core.db.find."""
    from core.db import CompanyScoped

    scoped = {cls.__name__ for cls in _all_subclasses(CompanyScoped)}
    bad = [f"{short(path)}:{node.lineno} {node.args[0].id}" for path in python_files()
           if path.name in {"views.py", "api.py"}
           for node in ast.walk(tree(path)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
           and node.func.attr == "get" and ast.unparse(node.func.value).endswith("session") and node.args
           and isinstance(node.args[0], ast.Name) and node.args[0].id in scoped]
    assert bad == []


def _all_subclasses(cls: type) -> set[type]:
    return {one for sub in cls.__subclasses__() for one in {sub, *_all_subclasses(sub)}}


def test_files_stay_readable() -> None:
    long = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FILE} == {}


def test_functions_stay_readable() -> None:
    bad = [f"{short(path)}:{node.lineno} {node.name} {length}" for path in python_files() for node in functions(path)
           if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION]
    assert bad == []


def test_most_functions_are_short() -> None:
    lengths = sorted((node.end_lineno or node.lineno) - node.lineno + 1 for path in python_files()
                     for node in functions(path))
    assert lengths[len(lengths) // 2] <= 9 and lengths[len(lengths) * 9 // 10] <= 22


def test_templates_stay_readable() -> None:
    found = [path for folder in ("templates", "modules") for path in (ROOT / folder).rglob("*.html")]
    long = {name: lines for path in found if (name := short(path)) not in LONG_TEMPLATES
            and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_TEMPLATE}
    assert long == {}


def test_every_file_and_every_public_thing_says_what_it_is() -> None:
    bad = [short(path) for path in python_files() if not ast.get_docstring(tree(path))]
    assert bad == []


def test_a_lint_exception_names_its_rule() -> None:
    bad = [f"{short(path)}:{number}" for path in python_files()
           for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
           if line.rstrip().endswith(("# noqa", "# type: ignore"))]
    assert bad == []
