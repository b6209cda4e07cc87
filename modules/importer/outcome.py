"""What came of a file, as JSON for commands and screens."""

from __future__ import annotations

from itertools import islice
from typing import Any

from core.scope import current_company
from modules.importer import answers, handback, proof, services, targets
from modules.importer.arranging import WantedCustomer
from modules.importer.cells import text
from modules.importer.loading import CHUNK
from modules.importer.proof import Totals
from modules.importer.rows import Record
from modules.importer.services import Examined

# So many refused rows and remarks are listed; the file of refused rows has all.
MOST = 10_000
SHOWN = 200


def outcome(examined: Examined, *, loaded: bool, most: int = MOST) -> dict[str, Any]:
    """Counts, refused rows, remarks and the proof; `loaded` measures what stands in the books, else what would."""
    if not loaded and not examined.surveyed:
        for _done in services.survey(examined):
            pass
    arrangement = examined.arrangement
    measured = in_the_books(examined) if loaded else arrangement.to_load
    closing = proof.Proof(arrangement.of_file(), measured, arrangement.of_refused())
    return {
        "file": examined.sheet.name, "company": current_company().code, "dry_run": not loaded, "read": _read(examined),
        **{name: examined.counts[name] for name in ("created", "updated", "unchanged")},
        "refused": sorted((_refused(record) for record in islice(arrangement.refused, most)),
                          key=lambda one: int(one["line"])),
        "refused_rows": len(arrangement.refused),
        "warnings": _warnings(examined, most), "remarks": len(arrangement.remarks),
        "assumed": [{"what": what, "taken": examined.setup.assumed[what], "message": message}
                    for what, message in answers.questions(examined.setup.assumed).items()],
        "answers": examined.setup.said(), "proof": closing.as_json(),
    }


def in_the_books(examined: Examined) -> Totals:
    """What stands in the books of all that the file brought."""
    found, start, customers = Totals(), 0, examined.arrangement.customers
    while chunk := customers.chunk(start, CHUNK):
        taken_out = examined.arrangement.taken_out
        found = found.plus(targets.in_the_books([wanted for wanted in chunk if wanted.key not in taken_out]))
        start += len(chunk)
    return found


def _read(examined: Examined) -> dict[str, Any]:
    sheet = examined.sheet
    return {"format": sheet.format, "encoding": sheet.encoding, "separator": sheet.separator, "page": sheet.page,
            "other_pages": list(sheet.other_pages), "heading_line": sheet.heading_line, "rows": len(sheet.rows),
            "columns": services.mapping(examined),
            "skipped": [{"line": one.line, "what": one.what} for one in sheet.skipped],
            "skipped_rows": sheet.skipped_rows}


def _refused(record: Record) -> dict[str, Any]:
    return {"line": record.line, "reason": " ".join(record.problems),
            "name": record.customer.name if record.customer else "",
            "balance": record.unreadable_balance or f"{record.balance:.2f}"}


def _warnings(examined: Examined, most: int) -> list[dict[str, Any]]:
    found = sorted(islice(examined.arrangement.remarks, most), key=lambda one: one[0])
    return [{"line": line, "message": message} for line, message in found]


def looks(examined: Examined, number: int = 10) -> dict[str, Any]:
    """For the eye: three values of each column, and the first customers as they would stand here."""
    samples: dict[str, list[str]] = {label: [] for label in examined.sheet.labels if label}
    for row in islice(examined.sheet.rows, 50):
        for index, label in enumerate(examined.sheet.labels):
            value = text(row.cell(index))
            if label and value and value not in samples[label] and len(samples[label]) < 3:
                samples[label].append(value[:40])
    return {"samples": samples, "headings": handback.headings_of(examined.sheet),
            "customers": [_customer(wanted) for wanted in islice(examined.arrangement.customers, number)]}


def _customer(wanted: WantedCustomer) -> dict[str, Any]:
    data, address = wanted.data, wanted.records[0].address
    where = [address.street, address.number, address.city] if address else []
    return {"line": wanted.line, "code": data.code, "name": data.name,
            "document": f"{data.tax_id_kind} {data.tax_id}".strip(), "reach": ", ".join([*data.emails, *data.phones]),
            "address": " ".join(part for part in where if part),
            "services": [[one.service.plan, f"{one.service.price:.2f}"] for one in wanted.services],
            "balance": f"{wanted.balance:.2f}"}
