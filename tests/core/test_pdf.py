"""Rendering: what is meant to be in the file is in it, the same bytes each time, processes that survive a death."""

from __future__ import annotations

import base64
import io
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from core import pdf

pytestmark = pytest.mark.once
HEAD = '<html><head>{meta}<style>@page {{ size: a4; margin: 2cm }} body {{ font-family: Helvetica }}</style></head>'


def page(body: str, meta: str = "") -> str:
    return HEAD.format(meta=meta) + f"<body>{body}</body></html>"


def text_of(data: bytes) -> str:
    return "\n".join(one.extract_text() for one in PdfReader(io.BytesIO(data)).pages)


def fonts_of(data: bytes, tmp_path: Path) -> str:
    path = tmp_path / "fonts.pdf"
    path.write_bytes(data)
    return subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout


def picture(color: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 10), color).save(out, "PNG")
    return out.getvalue()


def test_accents_are_read_back() -> None:
    assert "Ñandú güemes €" in text_of(pdf.render(page("<p>Ñandú güemes €</p>")))


def test_letters_that_helvetica_lacks_are_embedded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        data = pdf.render(page("<p>Mba'éichapa Ỹ ₲ ő <b>Ł</b></p>"))
    assert caplog.records == []
    assert "Ỹ ₲ ő" in text_of(data)
    found = fonts_of(data, tmp_path)
    assert "DejaVuSansCondensed " in found and "DejaVuSansCondensed-Bold" in found and " yes yes " in found


def test_spanish_needs_no_embedded_font(tmp_path: Path) -> None:
    assert "DejaVu" not in fonts_of(pdf.render(page("<p>Señor ñandú</p>")), tmp_path)


def test_a_picture_is_really_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(picture("red"))
    uri = "data:image/png;base64," + base64.b64encode(picture("blue")).decode()
    data = pdf.render(page(f'<img src="{tmp_path}/logo.png"><img src="{uri}">'), assets=tmp_path)
    assert len(PdfReader(io.BytesIO(data)).pages[0].images) == 2


def test_a_file_outside_the_assets_is_not_read_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "secret.png").write_bytes(picture("red"))
    with caplog.at_level(logging.WARNING, logger="core.pdf"):
        data = pdf.render(page(f'<img src="{tmp_path}/secret.png">'))
    assert len(PdfReader(io.BytesIO(data)).pages[0].images) == 0
    assert caplog.records


def test_the_network_is_never_asked(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="core.pdf"):
        pdf.render(page('<img src="http://127.0.0.1:9/x.png">'))
    assert caplog.records


def test_pages_are_counted_and_watermarked_on_every_page() -> None:
    meta = ('<meta name="abona-pages" content="Página %(page)s de %(pages)s">'
            '<meta name="abona-watermark" content="Ensayo: sin &#34;validez&#34;">')
    data = pdf.render(page("<p>x</p><pdf:nextpage></pdf:nextpage><p>y</p>", meta))
    pages = [one.extract_text().replace("\n", " ") for one in PdfReader(io.BytesIO(data)).pages]
    assert len(pages) == 2
    for number, text in enumerate(pages, 1):
        assert f"Página {number} de" in text and 'Ensayo: sin "validez"' in text
    out = subprocess.run(["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True).stdout
    out = out.decode()
    assert "Página 1 de 2" in out and "Página 2 de 2" in out


def test_the_same_document_is_the_same_file() -> None:
    html = page("<p>x</p>", '<meta name="abona-date" content="2026-11-01T12:00:00+00:00">')
    first = pdf.render(html)
    assert pdf.render(html) == first
    assert "SOURCE_DATE_EPOCH" not in os.environ
    assert PdfReader(io.BytesIO(first)).metadata.creation_date.isoformat() == "2026-11-01T12:00:00+00:00"  # type: ignore[union-attr]


def test_nonsense_is_an_error_in_words() -> None:
    with pytest.raises(pdf.PdfError, match="@page"):
        pdf.render("<html><body>no style</body></html>")


def test_many_documents_keep_their_order_and_one_bad_one_stops_only_itself() -> None:
    documents = [page(f"<p>Documento {number}</p>") for number in range(10)]
    documents[4] = "<html><body>no style</body></html>"
    results = pdf.render_many(documents)
    assert isinstance(results[4], pdf.PdfError)
    for number in (0, 1, 2, 3, 5, 9):
        data = results[number]
        assert isinstance(data, bytes) and f"Documento {number}" in text_of(data)


def test_a_killed_rendering_process_is_started_again() -> None:
    documents = [page(f"<p>{number}</p>") for number in range(6)]
    pdf.render_many(documents)
    pool = pdf._pool()
    waiting = [pool.get() for _number in range(pdf.processes())]
    killed = [one.child for one in waiting if one.child]
    for child in killed:
        child.send_signal(signal.SIGKILL)
        child.wait()
    for one in waiting:
        pool.put(one)
    assert killed and all(isinstance(result, bytes) for result in pdf.render_many(documents))


def test_the_processes_end_with_their_parent() -> None:
    code = ("from core import pdf\n"
            "h = '<html><head><style>@page { size: a4; margin: 1cm }</style></head><body><p>x</p></body></html>'\n"
            "pdf.render_many([h] * 4)\n"
            "pool = pdf._pool()\n"
            "print([p.child.pid for p in [pool.get() for _ in range(pdf.processes())] if p.child])\n"
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n")
    out = subprocess.run([sys.executable, "-c", "import sys; sys.stdout.reconfigure(line_buffering=True)\n" + code],
                         cwd=pdf.ROOT, capture_output=True, text=True, timeout=60).stdout
    children = [int(number) for number in out.strip("[]\n").split(",")]
    assert children
    for pid in children:
        _wait_until_gone(pid)


def _wait_until_gone(pid: int) -> None:
    import time

    limit = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
        assert time.monotonic() < limit, f"process {pid} outlived its parent"
        time.sleep(0.05)


def test_the_rendering_process_does_not_load_the_product() -> None:
    code = "import core.pdf, sys; print([n for n in sys.modules if n in ('flask', 'sqlalchemy', 'reportlab')])"
    out = subprocess.run([sys.executable, "-c", code], cwd=pdf.ROOT, capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
