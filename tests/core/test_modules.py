"""Modules: found by their manifests, sorted by their depends, loaded file by file; what is wrong is said at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import modules as package
from core import modules
from core.errors import CannotRun
from tests.installation import Installation

pytestmark = pytest.mark.once
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    """`write("name", depends=(...), models="text")`: a module in a folder of the test's own."""
    before, known = list(package.__path__), set(sys.modules)

    def make(name: str, depends: tuple[str, ...] = (), manifest: str | None = None, **files: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        text = manifest or ("from core.modules import Manifest\n"
                            f"MANIFEST = Manifest(title='{name}', depends={depends!r})\n")
        for file, content in {"__init__": text, **files}.items():
            (folder / f"{file}.py").write_text(content)
        modules.extend([str(tmp_path)])
        modules._names_on_disk.cache_clear()
        return folder

    yield make
    package.__path__[:] = before
    modules._names_on_disk.cache_clear()
    for name in set(sys.modules) - known:
        if name.startswith("modules.t_"):
            del sys.modules[name]


def test_lower_modules_come_first_whatever_the_order_of_the_names(write: Write) -> None:
    write("t_a", ("t_b", "t_c"))
    write("t_b", ("t_c",))
    write("t_c")
    assert modules.resolve(["t_a"]) == modules.resolve(["t_c", "t_a", "t_b"]) == ["t_c", "t_b", "t_a"]


def test_the_order_of_siblings_is_stable(write: Write) -> None:
    for name in ("t_z", "t_m", "t_a"):
        write(name, ("t_base",))
    write("t_base")
    assert modules.resolve(["t_m", "t_z", "t_a"]) == ["t_base", "t_a", "t_m", "t_z"]


def test_a_circle_is_named(write: Write) -> None:
    write("t_a", ("t_b",))
    write("t_b", ("t_c",))
    write("t_c", ("t_a",))
    with pytest.raises(CannotRun) as caught:
        modules.resolve(["t_a"])
    assert all(name in str(caught.value) for name in ("t_a", "t_b", "t_c")) and "circle" in str(caught.value)


def test_a_missing_module_is_named_with_who_needs_it(write: Write) -> None:
    write("t_a", ("t_nowhere",))
    with pytest.raises(CannotRun, match=r"t_nowhere \(required by t_a\)"):
        modules.resolve(["t_a"])
    with pytest.raises(CannotRun, match=r"t_typo.*ABONA_MODULES"):
        modules.resolve(["t_typo"])


def test_a_disabled_module_is_listed_but_none_of_its_files_is_loaded(write: Write) -> None:
    write("t_a", models="raise RuntimeError('loaded')", cli="raise RuntimeError('loaded')")
    assert modules.available()["t_a"].title == "t_a"
    assert modules.resolve(["crm"]) == ["crm"]
    assert "modules.t_a.models" not in sys.modules


def test_every_model_is_loaded_before_any_handler(write: Write) -> None:
    note = "from modules import t_seen\nt_seen.SEEN.append(__name__)\n"
    write("t_seen", manifest="from core.modules import Manifest\nMANIFEST = Manifest(title='s')\nSEEN = []\n")
    write("t_low", ("t_seen",), models=note, handlers=note, jobs=note)
    write("t_high", ("t_low",), models=note, handlers=note, ports=note)
    modules.import_parts(modules.resolve(["t_high"]))
    from modules import t_seen

    assert [name.removeprefix("modules.") for name in t_seen.SEEN] == [
        "t_low.models", "t_high.models", "t_high.ports", "t_low.handlers", "t_high.handlers", "t_low.jobs"]


def test_a_file_that_is_missing_is_nothing_but_one_that_breaks_is_an_error(write: Write) -> None:
    write("t_a", models="import does_not_exist_anywhere")
    assert modules.part("t_a", "handlers") is None
    with pytest.raises(ImportError, match="does_not_exist_anywhere"):
        modules.part("t_a", "models")


def test_a_folder_without_a_manifest_is_named(write: Write) -> None:
    folder = write("t_a", manifest="x = 1")
    with pytest.raises(CannotRun, match="MANIFEST") as caught:
        modules.available()
    assert str(folder) in str(caught.value)


def test_a_misspelt_field_of_a_manifest_fails_at_once(write: Write) -> None:
    write("t_a", manifest="from core.modules import Manifest\nMANIFEST = Manifest(title='x', depend=('crm',))\n")
    with pytest.raises(TypeError, match="depend"):
        modules.available()


def test_permissions_are_those_of_the_frame_and_of_the_given_modules(write: Write) -> None:
    found = modules.permissions(["crm"])
    assert "core.view_jobs" in found and "crm.view_customers" in found
    assert not [code for code in found if code.startswith("notifications.")]


def test_a_module_s_templates_static_files_and_words_are_found_wherever_it_is(installation: Installation) -> None:
    folder = installation.write_module("probe", views='''
        from flask import Blueprint, render_template
        from core.security import public
        bp = Blueprint("probe", __name__)

        @bp.get("/probe")
        @public
        def page():
            return render_template("probe/page.html")
    ''')
    installation.settings["ABONA_MODULES"] = "probe"
    (folder / "templates" / "probe").mkdir(parents=True)
    (folder / "templates" / "probe" / "page.html").write_text("{{ asset('probe/x.css') }} {{ _('A word of mine') }}")
    (folder / "static" / "probe").mkdir(parents=True)
    (folder / "static" / "probe" / "x.css").write_text("b {}")
    words(folder / "translations" / "es" / "LC_MESSAGES")
    installation.init()
    assert installation.python('''
        from flask import current_app
        client = current_app.test_client()
        page = client.get("/probe", headers={"Accept-Language": "es"}).get_data(as_text=True)
        address, text = page.split(" ", 1)
        print(text, client.get(address).get_data(as_text=True), client.get("/static/probe/../secret").status_code,
              client.get("/static/abona.css").status_code)''') == "Una palabra mía b {} 404 200"


def words(folder: Path) -> None:
    """A compiled catalog of one word."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    folder.mkdir(parents=True)
    catalog = Catalog(locale="es")
    catalog.add("A word of mine", "Una palabra mía")
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
