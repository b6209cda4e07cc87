"""Cadena original of a CFDI and of its timbre, by the SAT's own stylesheets, compiled once per process. Pure."""

from __future__ import annotations

import threading
from functools import lru_cache

from lxml import etree

from modules.einvoice_mx.catalogs import SAT

_lock = threading.Lock()


@lru_cache(maxsize=2)
def _stylesheet(path: str) -> etree.XSLT:
    """libxslt runs them as 1.0: they say version 2.0 and use nothing of it."""
    return etree.XSLT(etree.parse(SAT / path))


def _apply(path: str, document: etree._Element) -> str:
    with _lock:  # one transformation at a time: the compiled stylesheet is shared by all threads
        found = str(_stylesheet(path)(document))
    return found


def original(document: etree._Element) -> str:
    """||4.0|…|| of a Comprobante; its Sello, Certificado, timbre and addenda never enter."""
    return _apply("4/cadenaoriginal_4_0/cadenaoriginal_4_0.xslt", document)


def of_timbre(timbre: etree._Element) -> str:
    """||1.1|UUID|FechaTimbrado|RfcProvCertif|[Leyenda]|SelloCFD|NoCertificadoSAT|| of a TimbreFiscalDigital."""
    return _apply("TimbreFiscalDigital/cadenaoriginal_TFD_1_1.xslt", timbre)
