"""What the simulator must not forget: accounts, payments with what they are searched by, everything else by kind."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from core.exact_json import as_json
from core.exact_json import read as read_json
from core.simulators.kept import Kept

SCHEMA = """CREATE TABLE IF NOT EXISTS account (user TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS payment (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, reference TEXT, preference TEXT,
    status TEXT, date_created TEXT, date_approved TEXT, date_last_updated TEXT, money_release_date TEXT,
    value TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS payment_updated ON payment (owner, date_last_updated);
CREATE INDEX IF NOT EXISTS payment_reference ON payment (owner, reference);
CREATE INDEX IF NOT EXISTS payment_preference ON payment (owner, preference);"""
DATES = ("date_created", "date_approved", "date_last_updated", "money_release_date")


class Book(Kept):
    """All accounts of the service. Numbers go on from one start of the simulator to the next."""

    FORGOTTEN: ClassVar[tuple[str, ...]] = ("payment",)

    def __init__(self, folder: Path | None) -> None:
        super().__init__(folder, "mercadopago", SCHEMA)

    def written(self, value: Any) -> str:
        return as_json(value)

    def read(self, text: str) -> Any:
        return read_json(text)

    def number(self) -> int:
        """A new number, beyond 2³¹ as the service's are."""
        with self.lock:
            found = max(int(self.meta("number") or 0) + 1, int(time.time()) * 10)
            self.set_meta("number", found)
        return found

    # --- accounts ----------------------------------------------------------------------------------------

    def accounts(self) -> list[dict[str, Any]]:
        return [read_json(row["value"]) for row in self.rows("SELECT value FROM account ORDER BY user")]

    def keep_account(self, account: Mapping[str, Any]) -> None:
        self.rows("INSERT OR REPLACE INTO account VALUES (?, ?)", str(account["id"]), as_json(account))

    # --- payments ----------------------------------------------------------------------------------------

    def keep_payment(self, owner: str, payment: Mapping[str, Any]) -> None:
        dates = [utc(payment.get(name)) for name in DATES]
        self.rows("INSERT OR REPLACE INTO payment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", payment["id"], owner,
                  payment.get("external_reference"), payment.get("preference_id"), payment["status"], *dates,
                  as_json(payment))

    def payment(self, owner: str, number: str) -> dict[str, Any] | None:
        row = self.row("SELECT value FROM payment WHERE owner = ? AND id = ?", owner, _whole(number))
        return dict(read_json(row["value"])) if row else None

    def found(self, owner: str, where: str, values: list[Any], order: str, limit: int,
              offset: int) -> tuple[int, list[dict[str, Any]]]:
        """(how many in all, a page of payments). `where` and `order` are the simulator's own words."""
        total = self.row(f"SELECT COUNT(*) AS n FROM payment WHERE owner = ? {where}", owner, *values)
        rows = self.rows(f"SELECT value FROM payment WHERE owner = ? {where} ORDER BY {order} LIMIT ? OFFSET ?", owner,
                         *values, limit, offset)
        return int(total["n"]) if total else 0, [dict(read_json(row["value"])) for row in rows]

    def payments(self, owner: str | None = None, where: str = "", *values: Any) -> list[dict[str, Any]]:
        """All payments of an account, or of all, oldest first."""
        rows = self.rows(f"SELECT value FROM payment WHERE ? IN ('', owner) {where} ORDER BY id", owner or "", *values)
        return [dict(read_json(row["value"])) for row in rows]

    def owner_of(self, number: str) -> str:
        """Whose payment it is; "" where there is none."""
        row = self.row("SELECT owner FROM payment WHERE id = ?", _whole(number))
        return str(row["owner"]) if row else ""


def _whole(number: str) -> int:
    return int(number) if str(number).isascii() and str(number).isdigit() and len(str(number)) < 19 else -1


def utc(text: Any) -> str | None:
    """A moment so that texts sort as moments do."""
    if not text:
        return None
    return dt.datetime.fromisoformat(str(text)).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
