"""A module is what the grammar says: a manifest, a README, files with fixed names or a noun, nothing unknown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core import modules
from core.config import ROOT

pytestmark = pytest.mark.once
# folders that the frame or the design knows; others hold a package's files under one noun
FOLDERS = {"models", "migrations", "templates", "static", "translations", "data", "providers", "drivers", "channels",
           "countries", "charts", "help", "simulator", "services", "views"}
# names that say nothing about what is inside
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "stuff", "manager", "managers"}
KINDS = {".py", ".md", ".html", ".txt", ".json", ".csv", ".xml", ".xsd", ".wsdl", ".svg", ".css", ".js", ".pem", ".png",
         ".po", ".mo", ".xslt"}
MODULES = sorted(modules.available())


def files(name: str) -> list[Path]:
    return [path for path in modules.folder(name).rglob("*") if path.is_file() and "__pycache__" not in path.parts]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_has_a_manifest_with_a_sentence_and_a_readme_with_its_name(name: str) -> None:
    folder = modules.folder(name)
    init = (folder / "__init__.py").read_text(encoding="utf-8")
    assert re.match(r'"""[^"]{20,}"""', init) and "MANIFEST = Manifest(" in init
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert readme.startswith("# ") and name in readme and len(readme) > 400


@pytest.mark.parametrize("name", MODULES)
def test_every_name_tells_what_is_inside(name: str) -> None:
    bad = [str(path.relative_to(ROOT)) for path in files(name)
           if path.stem in EMPTY_NAMES or path.suffix not in KINDS
           or (path.suffix == ".py" and not re.fullmatch(r"[a-z_][a-z0-9_]*", path.stem))]
    folders = {path.name for path in modules.folder(name).iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert bad == [] and folders <= FOLDERS


@pytest.mark.parametrize("name", MODULES)
def test_templates_and_static_files_lie_under_the_module_s_name(name: str) -> None:
    for kind in ("templates", "static"):
        folder = modules.folder(name) / kind
        if folder.is_dir():
            assert {path.name for path in folder.iterdir()} == {name}, kind


@pytest.mark.parametrize("name", MODULES)
def test_names_begin_with_the_module_s(name: str) -> None:
    from core.db import Base

    modules.import_parts(modules.resolve([name]))
    tables = [mapper.local_table.name for mapper in Base.registry.mappers  # type: ignore[union-attr]
              if mapper.class_.__module__.startswith(f"modules.{name}.")]
    codes = [one[0] for one in modules.available()[name].permissions]
    assert [table for table in tables if not table.startswith(f"{name}_")] == []
    assert [code for code in codes if not code.startswith(f"{name}.")] == []


def test_every_permission_says_in_a_sentence_what_it_opens() -> None:
    found = [one for _name, _title, group in modules.permission_groups(modules.available()) for one in group]
    assert [one.code for one in found if not str(one.about).endswith(".")] == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_with_tables_has_its_branch_of_migrations(name: str) -> None:
    folder = modules.folder(name)
    has_models = (folder / "models.py").exists() or (folder / "models").is_dir()
    revisions = list((folder / "migrations").glob("*.py"))
    first = [path for path in revisions if f"branch_labels = ('{name}',)" in path.read_text(encoding="utf-8")]
    assert (len(first) == 1) == has_models


@pytest.mark.parametrize("name", MODULES)
def test_every_module_is_tested(name: str) -> None:
    tests = list((ROOT / "tests" / "modules" / name).glob("test_*.py"))
    assert tests, f"no tests of {name}"
