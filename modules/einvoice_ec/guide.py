"""What to do at the SRI, with the names of its menus (ecuador.md, 3.4 and 5.6)."""

from __future__ import annotations

from core.i18n import _


def certificate() -> tuple[str, ...]:
    """How to get the file."""
    return (
        _("Get an electronic signature as a file (.p12 or .pfx), not on a USB token, from an authority accredited by "
          "ARCOTEL: Security Data, Banco Central, ANF, Consejo de la Judicatura, Uanataca and others."),
        _("It is issued to the company's representative, or to the person who owns the business, and carries the RUC."),
        _("File and password are kept encrypted and never leave this machine."),
    )


def point(stage: str) -> tuple[str, ...]:
    """What a point of emission must be like."""
    own = _("Give this program a point of emission of its own: where another one issues too, the SRI refuses numbers "
            "as used (45). The establishment must be open in the RUC.")
    if stage == "testing":
        return (own, _("Numbers of pruebas do not count for producción."))
    return (own, _("Where this point was used before, give the number that follows its last voucher."))


def permission(stage: str) -> tuple[str, ...]:
    """How to ask for leave to issue in an ambiente."""
    menu = {"testing": _("SRI en línea → Facturación electrónica → Pruebas → Autorización: choose factura, nota de "
                         "crédito and nota de débito."),
            "production": _("SRI en línea → Facturación electrónica → Producción → Autorización: choose factura, nota "
                            "de crédito and nota de débito.")}[stage]
    return (_("The RUC must be active, taxes filed, and the debit agreement for taxes registered."), menu)
