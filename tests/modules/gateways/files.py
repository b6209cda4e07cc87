"""Files of gateways in tests: made and read as the commands do it, spoilt in many ways, measured."""

from __future__ import annotations

import io
import random
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core import modules
from modules.gateways import jsonform, ports
from modules.gateways.errors import BadFile
from modules.gateways.shapes import Control, Debt, Problem, Reading

modules.part("gateways", "providers")


def debt(customer: str, *due: tuple[str, str], invoice: str = "1", concept: str = "", currency: str = "ARS",
         extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A debt as DEBTS.json holds it."""
    return {"customer": customer, "name": "", "invoice": invoice, "concept": concept, "currency": currency,
            "due": [{"date": day, "amount": amount} for day, amount in due], "extra": dict(extra or {})}


def built(provider: str, account: Mapping[str, Any], debts: Iterable[Mapping[str, Any]], date: str = "2026-11-02",
          **more: Any) -> bytes:
    """The file of these debts; BadDebt for what cannot be in it."""
    writer, access = ports.debt_files.get(provider), jsonform.access_of(provider, account)
    wanted = [jsonform.debt_of(one) for one in debts]
    file = io.BytesIO()
    writer.write(file, access, wanted, jsonform.made_of({"date": date, **more}))
    return file.getvalue()


def problem(provider: str, account: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    """Why the debt cannot be in a file."""
    return ports.debt_files.get(provider).problem(jsonform.access_of(provider, account), jsonform.debt_of(one))


@dataclass
class Read:
    """What a reader gave."""

    payments: list[Reading] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    control: Control | None = None


def read(provider: str, content: bytes, account: Mapping[str, Any] | None = None) -> Read:
    """All that a payment file says; BadFile."""
    found = Read()
    for one in ports.payment_files.get(provider).read(io.BytesIO(content), jsonform.access_of(provider, account or {})):
        if isinstance(one, Control):
            assert found.control is None
            found.control = one
        elif isinstance(one, Reading):
            found.payments.append(one)
        else:
            found.problems.append(one)
    return found


def refused(provider: str, content: bytes, account: Mapping[str, Any] | None = None) -> BadFile:
    """The refusal of a file."""
    try:
        found = read(provider, content, account)
    except BadFile as error:
        return error
    raise AssertionError(f"taken: {found.control}")


def spoilt(content: bytes, seed: int = 7, times: int = 300) -> Iterator[bytes]:
    """The file cut, with other bytes, without a line, with one twice, with lines exchanged."""
    chance = random.Random(seed)
    lines = content.splitlines(keepends=True)
    for _time in range(times):
        spot = chance.randrange(len(content))
        yield content[:spot]
        yield content[:spot] + bytes([chance.randrange(256)]) + content[spot + 1:]
        yield content[:spot] + content[spot + chance.randrange(1, 5):]
        some, other = sorted(chance.sample(range(len(lines)), 2))
        yield b"".join(lines[:some] + lines[some + 1:])
        yield b"".join([*lines[:some + 1], *lines[some:]])
        yield b"".join([*lines[:some], lines[other], *lines[some + 1:other], lines[some], *lines[other + 1:]])


def survives(provider: str, content: bytes, account: Mapping[str, Any] | None = None) -> tuple[int, int]:
    """(refused, taken) of all spoilt forms of a file; any other exception than BadFile is a failure.

    What is taken all the same says the count and total of the whole file.
    """
    whole = read(provider, content, account).control
    counts = [0, 0]
    for one in spoilt(content):
        try:
            control = read(provider, one, account).control
        except BadFile:
            counts[0] += 1
            continue
        assert control is not None and whole is not None
        assert (control.count, control.total) == (whole.count, whole.total), one
        counts[1] += 1
    return counts[0], counts[1]


class Endless(io.RawIOBase):
    """A file that is made while it is read: nothing of it is in memory."""

    def __init__(self, parts: Callable[[], Iterator[bytes]]) -> None:
        self._parts, self._rest = parts(), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = next(self._parts, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def memory_of_reading(provider: str, parts: Callable[[], Iterator[bytes]]) -> tuple[int, Control]:
    """(most bytes held while reading, the file's control)."""
    access = jsonform.access_of(provider, {})
    file = io.BufferedReader(Endless(parts), 65536)
    tracemalloc.start()
    try:
        control = [one for one in ports.payment_files.get(provider).read(file, access) if isinstance(one, Control)]
        return tracemalloc.get_traced_memory()[1], control[0]
    finally:
        tracemalloc.stop()


class Sink(io.RawIOBase):
    """A file that counts what it is given and forgets it."""

    size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.size += len(data)
        return len(data)


def memory_of_writing(provider: str, account: Mapping[str, Any], debts: Callable[[], Iterator[Debt]]) -> int:
    """Most bytes held while so many debts are written."""
    writer, access = ports.debt_files.get(provider), jsonform.access_of(provider, account)
    sink = Sink()
    tracemalloc.start()
    try:
        writer.write(sink, access, debts(), jsonform.made_of({"date": "2026-11-02"}))  # type: ignore[arg-type]
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
