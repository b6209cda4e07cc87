"""HTML to PDF with xhtml2pdf: warnings seen, nothing fetched, the same bytes each time, many at once in processes.

This file imports nothing of the product, so that the rendering processes stay small and start fast.
What the HTML says in its head:
`<meta name="abona-watermark" content="...">`  large grey text across every page;
`<meta name="abona-pages" content="Page %(page)s of %(pages)s">`  drawn at the foot of every page;
`<meta name="abona-date" content="2026-11-01T12:00:00+00:00">`  the document's date of creation, instead of now.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import html as html_module
import io
import json
import logging
import os
import queue
import re
import select
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

ROOT = Path(__file__).resolve().parent.parent
FONTS = Path(__file__).resolve().parent / "data" / "fonts"
IDLE_SECONDS = 90
_META = re.compile(r'<meta name="abona-(\w+)" content="([^"]*)"')
_FONT_FACES = "".join(
    f'@font-face {{ font-family: Embedded; src: url("{FONTS / name}"); font-weight: {weight} }}'
    for name, weight in (("DejaVuSansCondensed.ttf", "normal"), ("DejaVuSansCondensed-Bold.ttf", "bold")))
_lock = threading.Lock()
log = logging.getLogger(__name__)


class PdfError(Exception):
    """A document could not be rendered; the message says what the renderer complained about."""


# --- one document ----------------------------------------------------------------------------------------


def render(html: str, assets: str | Path | None = None) -> bytes:
    """The PDF of this HTML. Files are read from `assets` only, nothing from the network; PdfError where it fails.

    The same HTML with a date gives the same bytes, so a repeated rendering is stored once.
    """
    meta = {name: html_module.unescape(value) for name, value in _META.findall(html)}
    with _lock, _complaints() as complaints, _at(meta.get("date", "")):
        try:
            data = _build(_with_fonts(html), meta, assets)
        except Exception as error:
            raise PdfError(f"{type(error).__name__}: {error}") from error
    for complaint in complaints:
        log.warning("pdf: %s", complaint)
    return data


def count_pages(data: bytes) -> int:
    """How many pages a PDF has."""
    from pypdf import PdfReader

    return len(PdfReader(io.BytesIO(data)).pages)


def _with_fonts(html: str) -> str:
    """Letters outside Windows-1252 need the embedded font; others do with Helvetica, which costs nothing."""
    try:
        html.encode("cp1252")
    except UnicodeEncodeError:
        return html.replace("Helvetica", "Embedded").replace("<style>", f"<style>{_FONT_FACES}", 1)
    return html


def _build(html: str, meta: dict[str, str], assets: str | Path | None) -> bytes:
    """What `pisa.CreatePDF` does, with our document class: one layout pass, also where pages are counted."""
    from reportlab import rl_config
    from xhtml2pdf.config.resources import ResourceAccessPolicy, render_budget, use_policy
    from xhtml2pdf.context import pisaContext
    from xhtml2pdf.document import pisaStory
    from xhtml2pdf.files import cleanFiles
    from xhtml2pdf.util import reset_caches

    rl_config.useA85 = 0  # the ASCII85 encoder is pure Python: slower, and larger files
    policy = ResourceAccessPolicy.server(assets or FONTS, allow_remote=False, extra_roots=(FONTS,))
    context = pisaContext(str(ROOT))
    context.resource_policy = policy
    try:
        with use_policy(policy), render_budget(policy):
            context = pisaStory(html, str(ROOT), context=context, resource_policy=policy)
            return _lay_out(context, meta)
    finally:
        cleanFiles()
        reset_caches()


def _lay_out(context: Any, meta: dict[str, str]) -> bytes:
    from xhtml2pdf.default import DEFAULT_PAGE_NAME

    out = io.BytesIO()
    paper = _paper_class()(out, pagesize=context.pageSize, title=context.meta["title"].strip(), allowSplitting=1,
                           author=context.meta["author"].strip(), subject=context.meta["subject"].strip(),
                           lang=context.lang_tag or None, creator="Abona")
    body = context.templateList.pop(DEFAULT_PAGE_NAME, None)
    if body is None:
        raise PdfError("the style sheet has no @page")
    paper.abona = meta
    paper.addPageTemplates([body, *context.templateList.values()])
    paper.pisaPositioned = context.positioned
    paper.build(context.story)
    paper.finish()
    return out.getvalue()


def _paper_class() -> type:
    """The document class, made late: importing reportlab costs a second that the web process need not spend."""
    global _Paper
    if _Paper is None:
        from xhtml2pdf.xhtml2pdf_reportlab import PmlBaseDoc

        class Paper(_Decorations, PmlBaseDoc):  # type: ignore[misc]
            """A document with watermark and page numbers."""

        _Paper = Paper
    return _Paper


_Paper: type | None = None


class _Decorations:
    """Watermark and "page x of y" on every page; the total is a form that is filled in at the end."""

    abona: dict[str, str]
    canv: Any
    pagesize: tuple[float, float]
    _doSave = 0

    def afterPage(self) -> None:
        if self.abona.get("watermark"):
            self._watermark(self.abona["watermark"])
        if self.abona.get("pages"):
            self._page_number(self.abona["pages"])

    def _watermark(self, text: str) -> None:
        width, height = self.pagesize
        canvas, size = self.canv, min(64.0, 1.15 * (width**2 + height**2) ** 0.5 / max(len(text), 1))
        canvas.saveState()
        canvas.translate(width / 2, height / 2)
        canvas.rotate(55 if height > width else 30)
        canvas.setFont("Helvetica-Bold", size)
        canvas.setFillColorRGB(0.45, 0.45, 0.45, alpha=0.22)
        canvas.drawCentredString(0, -size / 3, text)
        canvas.restoreState()

    def _page_number(self, text: str) -> None:
        head = text.replace("%(page)s", str(self.canv.getPageNumber())).split("%(pages)s")[0]
        canvas, right, base = self.canv, self.pagesize[0] - 40 - 10, 19
        canvas.saveState()
        canvas.setFont("Helvetica", 7.5)
        canvas.setFillColorRGB(0.35, 0.35, 0.35)
        canvas.drawRightString(right, base, head)
        canvas.translate(right, base)
        canvas.doForm("abona_pages")
        canvas.restoreState()

    def finish(self) -> None:
        """Fill in the number of pages and write the file."""
        canvas = self.canv
        if self.abona.get("pages"):
            canvas.beginForm("abona_pages", 0, -3, 30, 12)
            canvas.setFont("Helvetica", 7.5)
            canvas.setFillColorRGB(0.35, 0.35, 0.35)
            canvas.drawString(0, 0, str(canvas.getPageNumber() - 1))
            canvas.endForm()
        canvas.save()


@contextlib.contextmanager
def _at(moment: str) -> Iterator[None]:
    """Let reportlab write this moment into the file; it reads it from the environment only."""
    if not moment:
        yield
        return
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(int(dt.datetime.fromisoformat(moment).timestamp()))
    try:
        yield
    finally:
        del os.environ["SOURCE_DATE_EPOCH"]
        if before is not None:
            os.environ["SOURCE_DATE_EPOCH"] = before


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record.getMessage())


@contextlib.contextmanager
def _complaints() -> Iterator[list[str]]:
    """xhtml2pdf leaves a missing font or picture out and only says so in its log: hear it."""
    handler, logger = _Collector(), logging.getLogger("xhtml2pdf")
    logger.addHandler(handler)
    try:
        yield handler.found
    finally:
        logger.removeHandler(handler)


# --- many documents --------------------------------------------------------------------------------------


def render_many(documents: Sequence[str], assets: str | Path | None = None) -> list[bytes | PdfError]:
    """Render in the worker processes of this process; one result per document, a PdfError in place of a failed one.

    Usable from several threads at once: they share the processes. Rendering holds a global lock inside a process,
    so threads alone would gain nothing.
    """
    if len(documents) < 4:
        return [_one(document, assets) for document in documents]
    with ThreadPoolExecutor(min(processes(), len(documents))) as threads:
        return list(threads.map(lambda document: _elsewhere(document, assets), documents))


def processes() -> int:
    """How many rendering processes are used: one per core, four at most, ABONA_PDF_PROCESSES says otherwise."""
    return int(os.environ.get("ABONA_PDF_PROCESSES") or min(4, os.cpu_count() or 1))


def _one(document: str, assets: str | Path | None) -> bytes | PdfError:
    try:
        return render(document, assets)
    except PdfError as error:
        return error


class _Gone(Exception):
    """The process ended before it answered."""


class _Process:
    """One `python -m core.pdf`: frames of a length and bytes, in and out."""

    def __init__(self) -> None:
        self.child: subprocess.Popen[bytes] | None = None

    def ask(self, document: str, assets: str | Path | None) -> bytes | PdfError:
        """Render there; a process that ended meanwhile is started once more."""
        request = json.dumps({"html": document, "assets": str(assets) if assets else None}).encode()
        for attempt in (1, 2):
            try:
                return self._exchange(request)
            except (_Gone, OSError) as error:
                self.stop()
                if attempt == 2:
                    return PdfError(f"the rendering process ended twice: {error}")
        raise AssertionError("unreachable")

    def _exchange(self, request: bytes) -> bytes | PdfError:
        if self.child is None or self.child.poll() is not None:
            self.child = subprocess.Popen([sys.executable, "-m", "core.pdf"], cwd=ROOT, stdin=subprocess.PIPE,
                                          stdout=subprocess.PIPE)
        assert self.child.stdin and self.child.stdout
        _write(self.child.stdin, request)
        status, answer = _read(self.child.stdout), _read(self.child.stdout)
        if status is None or answer is None:
            raise _Gone("no answer")
        return answer if status == b"ok" else PdfError(answer.decode())

    def stop(self) -> None:
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            for pipe in (self.child.stdin, self.child.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]
            self.child = None


_idle: queue.LifoQueue[_Process] | None = None
_owner = 0
_pool_lock = threading.Lock()


def _pool() -> queue.LifoQueue[_Process]:
    """The processes that wait; a forked child (RQ's) makes its own, pipes must not be shared."""
    global _idle, _owner
    with _pool_lock:
        if _idle is None or _owner != os.getpid():
            _idle, _owner = queue.LifoQueue(), os.getpid()
            for _number in range(processes()):
                _idle.put(_Process())
        return _idle


def _elsewhere(document: str, assets: str | Path | None) -> bytes | PdfError:
    pool = _pool()
    process = pool.get()
    try:
        return process.ask(document, assets)
    finally:
        pool.put(process)


def stop_processes() -> None:
    """End the rendering processes now; they also end by themselves when idle, or when this process does."""
    pool = _pool()
    for process in [pool.get() for _number in range(processes())]:
        process.stop()
        pool.put(process)


def _write(stream: BinaryIO | Any, data: bytes) -> None:
    stream.write(struct.pack(">I", len(data)) + data)
    stream.flush()


def _read(stream: BinaryIO | Any) -> bytes | None:
    """The next frame; None at the end. Reads of a pipe may return less than asked."""

    def take(size: int) -> bytes:
        parts, missing = [], size
        while missing and (part := stream.read(missing)):
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    head = take(4)
    if len(head) < 4:
        return None
    size = struct.unpack(">I", head)[0]
    data = take(size)
    return data if len(data) == size else None


def _serve() -> None:
    """The loop of a rendering process: ends when its parent does, or after a while without work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends this process
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not break the frames
    requests = os.fdopen(0, "rb", buffering=0)
    while select.select([requests], [], [], IDLE_SECONDS)[0]:
        request = _read(requests)
        if request is None:
            break
        result = _one(**_arguments(request))
        _write(answers, b"error" if isinstance(result, PdfError) else b"ok")
        _write(answers, str(result).encode() if isinstance(result, PdfError) else result)


def _arguments(request: bytes) -> dict[str, Any]:
    values = json.loads(request)
    return {"document": values["html"], "assets": values["assets"]}


if __name__ == "__main__":
    _serve()
