"""An installation as it is on its first evening, served: one administrator, and no company."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from waitress.server import create_server

from core import config, installation
from core.app import create_app
from core.db import db
from core.models import User
from core.security import hash_password
from core.simulators import running
from core.worker import Embedded
from tests.browser.conftest import EMAIL, PASSWORD, Site


@contextmanager
def first_evening(folder: Path) -> Iterator[Site]:
    """It runs with its simulators and its worker, as `abona serve` and `abona simulators serve` run it."""
    with running(folder=folder) as simulators:
        app = create_app(config.load(instance=folder, database_url=f"sqlite:///{folder / 's.sqlite'}", redis_url="",
                                     simulators_url=simulators.url, secret_key="k", testing=True))
        with app.app_context():
            installation.prepare()
            db.session.add(User(email=EMAIL, name="Ana", is_admin=True, locale="es",
                                password_hash=hash_password(PASSWORD)))
            db.session.commit()
        worker = Embedded(app, threads=2)
        worker.start()
        server: Any = create_server(app, host="127.0.0.1", port=0, threads=4)
        threading.Thread(target=server.run, daemon=True).start()
        yield Site(f"http://127.0.0.1:{server.effective_port}", app, worker)
        server.close()
        worker.stop()
        with app.app_context():
            db.engine.dispose()
