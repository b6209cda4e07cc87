"""Invoices as PDF against the bare renderer on the same HTML without its images, in one process and in several."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa
from pypdf import PdfReader

from core import jobs, months, pdf, simulators
from core.config import ROOT
from core.db import db
from core.scope import company_scope
from modules.accounting import documents
from modules.accounting.models import Invoice
from modules.contracts import billing
from modules.demo import enabling, services
from modules.demo.surroundings import Simulators
from tests.bench.measure import Measure, note, rounds, tell
from tests.bench.place import Place, place

DOCUMENTS, AT_ONCE = 24, 96
MERGED, MERGE_MEMORY = 10_000, 30.0
GOAL, PARALLEL, MEMORY = 1 / 1.7, 3.5 / 4, 3.0


def run(_count: int, _server: str) -> bool:
    """All measures of printing. The number of subscribers does not matter."""
    with place("") as where:
        htmls = _sheets(where)
    answers = [_one(htmls), _many(htmls), _memory(htmls), _merged(htmls)]
    return all(answers)


def _sheets(where: Place) -> list[str]:
    """The HTML of authorised Argentine invoices, with QR, bank data and everything."""
    with simulators.running() as running, where.app(simulators_url=running.url).app_context():
        _load(running.url)
        with company_scope(services.find("AR")):  # type: ignore[arg-type]
            ids = db.session.scalars(sa.select(Invoice.id).where(
                Invoice.legal_state == "authorized", Invoice.origin == "billing").order_by(Invoice.id)).all()
            found = [one.html for one in documents.prepare(ids[:DOCUMENTS], stored_too=True)]
        db.session.remove()
        db.engine.dispose()
    assert len(found) == DOCUMENTS and all("data:image" in html for html in found)
    return found


def _load(url: str) -> None:
    """A made-up provider whose month is billed and authorised, and nothing printed."""
    from core import installation
    from modules.accounting.events import InvoiceReady

    installation.prepare()
    (company,) = services.load(services.Wishes(DOCUMENTS + 20), Simulators(url), lambda _line: None)
    enabling.enable(company)
    jobs.handlers[InvoiceReady].clear()
    with company_scope(company):
        billing.start_run(company, months.of(dt.date.today()))
        db.session.commit()
        jobs.run_jobs()


def _one(htmls: list[str]) -> bool:
    """One process, one document after the other."""
    bare = [re.sub(r"<img[^>]*>", "", html) for html in htmls]
    measure = Measure("pdf", len(htmls), "pisa.CreatePDF of the same HTML without images", GOAL)
    rounds(measure, lambda: [pdf.render(html) for html in htmls], lambda: [_bare(html) for html in bare])
    return measure.report(bytes=len(pdf.render(htmls[0])))


def _bare(html: str) -> None:
    from xhtml2pdf import pisa

    if pisa.CreatePDF(html, dest=io.BytesIO()).err:
        raise AssertionError("the bare renderer refused the sheet")


def _many(htmls: list[str]) -> bool:
    """As many processes as there are cores (four at most) against one."""
    count = pdf.processes()
    measure = Measure("pdf_processes", AT_ONCE, "one process times the number of processes", PARALLEL)
    wanted = (htmls * (AT_ONCE // len(htmls) + 1))[:AT_ONCE]
    try:
        pdf.render_many(wanted)  # the processes are there
        single = _seconds(lambda: [pdf.render(html) for html in htmls]) / len(htmls) * AT_ONCE
        for _number in range(3):
            measure.add(_seconds(lambda: pdf.render_many(wanted)), single / count)
    finally:
        pdf.stop_processes()
    if count == 1:
        note("pdf_processes: this machine has one core")
    return measure.report(processes=count, cores=os.cpu_count())


def _seconds(action: object) -> float:
    began = time.perf_counter()
    action()  # type: ignore[operator]
    return time.perf_counter() - began


def _memory(htmls: list[str]) -> bool:
    """A process needs as much memory after 500 documents as after 50."""
    script = ("import json, sys\nfrom core import pdf\nfrom tests.bench.measure import peak_mb\n"
              "htmls = json.load(sys.stdin)\n"
              "for count in range(1, 501):\n    pdf.render(htmls[count % len(htmls)])\n"
              "    if count in (50, 500):\n"
              "        print(peak_mb(), flush=True)\n")
    done = subprocess.run([sys.executable, "-c", script], input=json.dumps(htmls), capture_output=True, text=True,
                          cwd=ROOT, check=True)
    few, many = (float(line) for line in done.stdout.split())
    met = many - few <= MEMORY
    tell({"name": "pdf_memory", "n": 500, "peak_mb": round(many, 1), "limit_mb": round(few + MEMORY, 1), "met": met,
          "control": f"peak after 50 documents, and {MEMORY:.0f} MB"})
    return met


def _merged(htmls: list[str]) -> bool:
    """Ten thousand stored documents in one file, with as much memory as a thousand."""
    script = ("import json, sys\nfrom pathlib import Path\nfrom core.exports.pdf_file import Joiner\n"
              "from tests.bench.measure import peak_mb\n"
              "files = [Path(name).read_bytes() for name in json.load(sys.stdin)]\n"
              f"with Joiner(Path(sys.argv[1])) as joined:\n    for count in range(1, {MERGED} + 1):\n"
              "        joined.add(files[count % len(files)])\n"
              f"        if count in ({MERGED // 10}, {MERGED}):\n"
              "            print(peak_mb(), flush=True)\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = [folder / f"{number}.pdf" for number in range(len(htmls))]
        for path, html in zip(sources, htmls, strict=True):
            path.write_bytes(pdf.render(html))
        began = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", script, str(folder / "all.pdf")], capture_output=True, text=True,
                              input=json.dumps([str(path) for path in sources]), cwd=ROOT, check=True)
        took = time.perf_counter() - began
        pages, size = len(PdfReader(folder / "all.pdf").pages), (folder / "all.pdf").stat().st_size
    few, many = (float(line) for line in done.stdout.split())
    met = many - few <= MERGE_MEMORY and pages >= MERGED
    tell({"name": "pdf_merged", "n": MERGED, "per_second": round(MERGED / took, 1), "pages": pages, "bytes": size,
          "peak_mb": round(many, 1), "limit_mb": round(few + MERGE_MEMORY, 1), "met": met,
          "control": f"peak after {MERGED // 10} documents, and {MERGE_MEMORY:.0f} MB"})
    return met
