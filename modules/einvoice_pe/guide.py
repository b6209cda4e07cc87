"""What to do at Nubefact and SUNAT for each step, with the names of their menus."""

from __future__ import annotations

from core.i18n import _


def route(stage: str) -> tuple[str, ...]:
    """Where route and token are found."""
    if stage == "testing":
        return (_("Open a demo account at nubefact.com with the company's RUC: it is free, holds 50 documents and "
                  "sends none to SUNAT."),
                _("API - Integración: copy RUTA and TOKEN here. Both are secrets: who has them issues in your name."))
    return (_("Give SUNAT the company's certificate through Nubefact, and name Nubefact as PSE where it asks for it. "
              "Nubefact wants to see about 20 kinds of documents in the demo account before."),
            _("API - Integración of the real account: copy RUTA and TOKEN here. Each establishment has its own."))


def series(stage: str) -> tuple[str, ...]:
    """How series are enabled, and why the last number matters."""
    first = (_("Demo accounts come with FFF1 and BBB1; notes may use the same.") if stage == "testing" else
             _("Locales y series: enable a series for each kind of document in this establishment. Nubefact neither "
               "makes nor lists them for us."))
    return (first, _("Write each with the last number that was used, like F001-88; F001-0 where it is new. Nubefact is "
                     "asked whether that is so. No other program may issue in these series from now on."))


def detraction() -> tuple[str, ...]:
    """The account of the detracción."""
    return (_("Facturas above S/ 700 for taxed services bear a detracción. Its account at Banco de la Nación must be "
              "entered in Nubefact's panel too; without it SUNAT refuses them (3034)."),
            _("Ask your accountant whether your services are 037, demás servicios gravados (35 at Nubefact)."))
