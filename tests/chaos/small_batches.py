"""Run first in every process of these tests: a few dozen subscribers go through as many steps as thousands would."""

from modules.accounting import documents
from modules.contracts import billing_run
from modules.notifications import services

SMALL = 12
billing_run.plan_run.__defaults__ = (SMALL,)
documents.BATCH = 8  # type: ignore[misc]
services.BATCH = 10  # type: ignore[misc]
