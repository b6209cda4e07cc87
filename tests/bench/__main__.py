"""`make bench [N=20000] [DATABASE=postgresql://…] [ONLY=billing,pdf] [REDIS=redis://…]`: one JSON line per measure.

Goals are ratios to a limit measured in the same run (docs/performance.md). Status 1 where one is not met.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable

from tests.bench.measure import note

STAGES = ("billing", "arrears", "pdf", "signing", "countries", "soap", "jobs", "lists", "gateways", "networking")
ON_SQLITE, ON_SERVER = 20_000, 100_000


def main() -> int:
    server, only = os.environ.get("DATABASE", ""), os.environ.get("ONLY", "")
    count = int(os.environ.get("N") or (ON_SERVER if server else ON_SQLITE))
    wanted = [name.strip() for name in only.split(",") if name.strip()] or list(STAGES)
    if unknown := set(wanted) - set(STAGES):
        note(f"There is no stage {', '.join(sorted(unknown))}; there are: {', '.join(STAGES)}.")
        return 2
    good = True
    for name in wanted:
        began = time.perf_counter()
        stage: Callable[[int, str], bool] = importlib.import_module(f"tests.bench.{name}").run
        good = stage(count, server) and good
        note(f"{name}: {time.perf_counter() - began:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
