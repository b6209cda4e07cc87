"""What gateways and banks say about a month that is to be closed."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from core import lists
from core.i18n import lazy, ngettext
from modules.accounting.closing import count
from modules.accounting.ports import OpenPoint
from modules.gateways import day_files
from modules.gateways.lists import TRANSACTIONS, WAITS
from modules.gateways.models import BankLine, Transaction
from modules.gateways.settling_lists import BANK_LINES

_BESIDE_FILES = {
    "missing": lambda count: ngettext("%(num)s payment is not in the network's file of its day",
                                      "%(num)s payments are not in the network's file of their day", count),
    "no_file": lambda count: ngettext("%(num)s payment is of a day whose file the network did not send",
                                      "%(num)s payments are of days whose file the network did not send", count),
}


class MoneyIn:
    """Every payment has its owner, and every movement of the bank a name."""

    title = lazy("Gateways and banks")
    permission = "gateways.view_inbox"
    order = 20

    def open_points(self, first: dt.date, last: dt.date) -> list[OpenPoint]:
        """Payments of the month that wait, movements of the bank that nobody knows."""
        found = []
        if waiting := count(sa.select(Transaction.id).where(WAITS, Transaction.paid_on.between(first, last))):
            found.append(OpenPoint(
                ngettext("%(num)s payment of a gateway waits for you", "%(num)s payments of gateways wait for you",
                         waiting),
                lists.url_of(TRANSACTIONS, state="waiting", paid_from=first.isoformat(), paid_to=last.isoformat())))
        for which, words in _BESIDE_FILES.items():
            if found_there := count(sa.select(Transaction.id).where(day_files.which(which),
                                                                    Transaction.paid_on.between(first, last))):
                found.append(OpenPoint(words(found_there), lists.url_of(
                    TRANSACTIONS, day=which, paid_from=first.isoformat(), paid_to=last.isoformat())))
        if unknown := count(sa.select(BankLine.id).where(BankLine.state == "waiting",
                                                         BankLine.date.between(first, last))):
            found.append(OpenPoint(
                ngettext("%(num)s movement of the bank is not reconciled",
                         "%(num)s movements of the bank are not reconciled", unknown),
                lists.url_of(BANK_LINES, state="waiting", date_from=first.isoformat(), date_to=last.isoformat())))
        return found
