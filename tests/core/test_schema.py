"""The schema: a branch per module, upgraded, enabled later, dropped, taken down to nothing and built again."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from core.config import ROOT
from core.db import db
from core.models import Membership
from tests.installation import ABONA, Installation

ONE = "from core.db import BigId, Model\nfrom sqlalchemy.orm import Mapped, mapped_column\n"
TABLE = ONE + '''
class Gauge(Model):
    __tablename__ = "probe_gauge"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
'''
MANIFEST = "from core.modules import Manifest\nMANIFEST = Manifest(title='Probe', depends=('crm',))\n"


@pytest.fixture
def made(empty_installation: Installation) -> Installation:
    empty_installation.settings |= {"ABONA_MODULES": "crm", "ABONA_LANGUAGE": "en"}
    empty_installation.init()
    return empty_installation


def tables(made: Installation) -> set[str]:
    engine = sa.create_engine(made.database_url)
    try:
        return set(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


def switch(made: Installation, *names: str) -> None:
    made.settings["ABONA_MODULES"] = ",".join(names)


def test_models_and_migrations_agree(empty_installation: Installation) -> None:
    empty_installation.init()
    said = empty_installation.python("from core import schema; print(schema.is_current(), schema.differences())")
    assert said == "True []"


def test_a_migration_that_is_missing_shows_as_a_difference(made: Installation) -> None:
    made.write_module("probe", __init__=MANIFEST, models=TABLE)
    switch(made, "probe")
    assert made.python("from core import schema; print([row[0] for row in schema.differences()])") == "['add_table']"


@pytest.mark.slow
def test_everything_goes_down_to_nothing_and_up_again(made: Installation) -> None:
    made.settings.pop("ABONA_MODULES")
    made.abona("upgrade")
    full = tables(made)
    down = made.python('''
        from alembic import command
        from core import schema
        command.downgrade(schema.config(), "base")
        print(schema.current())''')
    assert down == "set()" and tables(made) == {"alembic_version"}
    made.abona("upgrade")
    assert tables(made) == full
    assert made.python("from core import schema; print(schema.differences())") == "[]"


def test_only_enabled_modules_get_tables_and_others_get_them_when_enabled(made: Installation) -> None:
    assert "crm_customer" in tables(made) and "notifications_message" not in tables(made)
    switch(made, "notifications")
    assert "notification" in made.abona("upgrade").out and "notifications_message" in tables(made)


def test_a_module_that_is_switched_off_keeps_its_tables_until_they_are_dropped(made: Installation) -> None:
    switch(made, "notifications")
    made.abona("upgrade")
    assert "ABONA_MODULES" in made.abona("modules", "drop", "notifications", "--yes", code=2).err
    switch(made, "crm")
    assert made.abona("upgrade").code == 0 and "notifications_message" in tables(made)
    made.abona("modules", "drop", "notifications", "--yes")
    assert {name for name in tables(made) if name.startswith("notifications_")} == set()
    assert "crm_customer" in tables(made)
    assert "no tables" in made.abona("modules", "drop", "notifications", "--yes", code=2).err
    switch(made, "notifications")
    made.abona("upgrade")
    assert "notifications_message" in tables(made)


def test_a_module_below_others_is_not_dropped_under_their_feet(made: Installation) -> None:
    switch(made, "notifications")
    made.abona("upgrade")
    made.write_module("probe")
    switch(made, "probe")
    refused = made.abona("modules", "drop", "crm", "--yes", code=2)
    assert "notifications" in refused.err and "crm_customer" in tables(made)


@pytest.mark.parametrize("name", ["core", "nowhere"])
def test_what_is_no_module_is_not_dropped(made: Installation, name: str) -> None:
    assert name in made.abona("modules", "drop", name, "--yes", code=2).err


def test_dropping_asks_first_and_no_means_no(made: Installation) -> None:
    switch(made, "notifications")
    made.abona("upgrade")
    switch(made, "crm")
    assert made.abona("modules", "drop", "notifications", stdin="n\n", code=None).code != 0
    assert "notifications_message" in tables(made)


def test_a_folder_that_was_removed_before_its_tables_is_said_with_the_cure(made: Installation) -> None:
    folder = made.write_module("probe", __init__=MANIFEST, models=TABLE)
    switch(made, "probe")
    made.abona("modules", "revision", "probe", "-m", "gauges")
    made.abona("upgrade")
    folder.rename(folder.parent.parent / "gone")
    switch(made, "crm")
    for words in (["company", "list"], ["upgrade"], ["check"]):
        refused = made.abona(*words, code=4)
        assert "probe_" in refused.err and "modules drop" in refused.err


def test_a_revision_holds_only_its_own_module_and_nothing_where_nothing_changed(made: Installation) -> None:
    folder = made.write_module("probe", __init__=MANIFEST, models=TABLE)
    switch(made, "probe", "notifications")
    path = Path(made.abona("modules", "revision", "probe", "-m", "gauges").out.strip())
    text = path.read_text()
    assert path.parent == folder / "migrations" and "probe_gauge" in text and "notifications_" not in text
    assert "branch_labels = ('probe',)" in text and "crm_" in text
    made.abona("upgrade")
    made.write_module("probe", __init__=MANIFEST, models=TABLE.replace("primary_key=True)", '''primary_key=True)
    name: Mapped[str] = mapped_column(default="", server_default="")'''))
    second = Path(made.abona("modules", "revision", "probe", "-m", "names").out.strip()).read_text()
    assert "add_column" in second and "branch_labels = None" in second
    made.abona("upgrade")
    assert made.python("from core import schema; print(schema.differences())") == "[]"
    assert "nothing to write" in made.abona("modules", "revision", "probe", "-m", "again", code=2).err


def test_a_migration_that_breaks_leaves_nothing_and_runs_when_it_is_mended(made: Installation) -> None:
    made.write_module("probe", __init__=MANIFEST, models=TABLE)
    switch(made, "probe")
    path = Path(made.abona("modules", "revision", "probe", "-m", "gauges").out.strip())
    good = path.read_text()
    path.write_text(good.replace("def downgrade", "    raise RuntimeError('halfway')\n\n\ndef downgrade", 1))
    made.abona("upgrade", code=2)
    assert "probe_gauge" not in tables(made)
    path.write_text(good)
    made.abona("upgrade")
    assert "probe_gauge" in tables(made)


def test_processes_that_start_together_upgrade_once(empty_installation: Installation) -> None:
    empty_installation.settings["ABONA_MODULES"] = "crm"
    empty_installation.settings["ABONA_SECRET_KEY"] = "k"
    started = [subprocess.Popen([str(ABONA), "upgrade"], env=empty_installation.environment(), cwd=ROOT, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _number in range(3)]
    answers = [process.communicate(timeout=120)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], answers
    assert sum("crm_" in text for text in answers) == 1


def test_foreign_keys_hold_after_a_migration_as_before(app: Flask) -> None:
    """Migrations switch SQLite's foreign keys off; a connection that went back to the pool without them stays so."""
    with pytest.raises(IntegrityError):
        db.session.execute(sa.insert(Membership).values(user_id=-1, company_id=-1, role_id=-1))
    db.session.rollback()


def test_rebuilding_a_table_keeps_the_rows_that_point_to_it(made: Installation) -> None:
    child = '''
class Reading(Model):
    __tablename__ = "probe_reading"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    gauge_id: Mapped[int] = mapped_column(sa.ForeignKey("probe_gauge.id", ondelete="CASCADE"))
'''
    made.write_module("probe", __init__=MANIFEST, models="import sqlalchemy as sa\n" + TABLE + child)
    switch(made, "probe")
    made.abona("modules", "revision", "probe", "-m", "gauges")
    made.abona("upgrade")
    made.python('''
        import sqlalchemy as sa
        db.session.execute(sa.text("INSERT INTO probe_gauge (id) VALUES (1)"))
        db.session.execute(sa.text("INSERT INTO probe_reading (id, gauge_id) VALUES (1, 1)"))
        db.session.commit()''')
    wider = TABLE + "    name: Mapped[str] = mapped_column(sa.String(30), server_default='')\n"
    made.write_module("probe", __init__=MANIFEST, models="import sqlalchemy as sa\n" + wider + child)
    path = Path(made.abona("modules", "revision", "probe", "-m", "names").out.strip())
    if made.database_url.startswith("sqlite"):  # PostgreSQL alters the table where it is
        path.write_text(path.read_text().replace("batch_alter_table('probe_gauge'",
                                                 "batch_alter_table('probe_gauge', recreate='always'"))
    made.abona("upgrade")
    assert made.python('''
        import sqlalchemy as sa
        print(db.session.execute(sa.text("SELECT count(*) FROM probe_reading")).scalar())''') == "1"
