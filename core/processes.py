"""Who is who among processes: names that say on which machine, and whether one is certainly gone."""

from __future__ import annotations

import gc
import os
import socket
import sys
from functools import lru_cache
from pathlib import Path

# new objects between two collections of the youngest; a month of mass work makes millions that need none
YOUNG_OBJECTS = 20_000


def settle() -> None:
    """Leave what the program itself consists of out of garbage collections, and collect less often: they would look
    through it for every few hundred objects of a mass job, a fifth of its time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)


def restart() -> None:
    """Begin this very command again in this very process: what starts and watches it notices nothing."""
    os.execv(sys.executable, [sys.executable, *sys.argv])


def identity() -> str:
    """place:pid:start of this process; the start tells a reused pid apart."""
    return _identity(os.getpid())


@lru_cache(maxsize=4)
def _identity(pid: int) -> str:
    return f"{_place()}:{pid}:{_started(pid) or '0'}"


@lru_cache(maxsize=1)
def _place() -> str:
    """Host and space of process ids: containers may share a host's name, but not what their pids mean."""
    try:
        space = os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:
        space = "0"
    return f"{socket.gethostname()[:60]}.{space}"


def is_dead(owner: str) -> bool:
    """True only where the owner ran in this place and its process does not exist any more."""
    place, pid, started = [*owner.split(":"), "", "", ""][:3]
    if place != _place() or not pid.isdigit():
        return False
    found = _started(int(pid))
    return found is None or (started not in {"", "0"} and found != started)


def _started(pid: int) -> str | None:
    """Start time of a process in clock ticks since boot (Linux); "0" where the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return None if Path("/proc/self").exists() else _exists(pid)
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]


def _exists(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return "0"
    return "0"
