"""What CobroDigital is, what an account at it needs, and how it is proved."""

from __future__ import annotations

from core.errors import Rejected
from core.i18n import _, lazy
from modules.gateways.access import Access, Setting
from modules.gateways.ports import Provider
from modules.gateways.providers.cobrodigital import mapping
from modules.gateways.providers.cobrodigital.client import CobroDigital


def test(access: Access) -> str:
    """Ask for the columns of payers: that proves idComercio and sid, and that the columns we use exist."""
    known = CobroDigital(access).columns()
    wanted = [str(access.need("identificador")), *mapping.pairs(access, "pagador")]
    missing = [one for one in wanted if one not in known]
    if missing:
        raise Rejected(_("The account has no columns %(missing)s; it has %(known)s. Capitals matter.",
                         missing=", ".join(missing), known=", ".join(known)), code="columns")
    mapping.columns(access)
    return _("CobroDigital knows this account; its payers have %(count)s columns.", count=len(known))


PROVIDER = Provider(
    "cobrodigital", lazy("CobroDigital"), ("AR",), (
        Setting("idComercio", lazy("idComercio")), Setting("sid", lazy("sid"), "secret"),
        Setting("plantilla", lazy("Template of slips"), default="init", required=False),
        Setting("identificador", lazy("Column that identifies payers"), default="NRO CLIENTE",
                help=lazy("As the account names it, capitals included.")),
        Setting("pagador", lazy("Columns of payers that we fill"), "list", required=False, help=lazy(
            "One per line: column=name. Names: customer, name, email, phone, document, address.")),
        Setting("columnas", lazy("Columns of transactions"), "list", required=False, help=lazy(
            "One per line, where they differ: id=id_transaccion. Names: id, fecha, identificador, bruto, comision, "
            "neto, concepto, medio, nro_boleta.")),
        Setting("entes", lazy("Read files 888ENTES (not confirmed by the network)"), "flag", required=False,
                default=False),
    ), (
        lazy("Ask CobroDigital for idComercio and sid, and that the web service 3 is switched on."),
        lazy("Look in its panel how the columns of payers are called, or press Test: the answer lists them."),
        lazy("Ask for the fees, and when the balance can be withdrawn: until then the money is with CobroDigital."),
    ), ("ARS",), "CobroDigital", test, extra={"rehearsal": {"AR": {
        "idComercio": "AB123456", "sid": "sidDePrueba0123456789abcdefghijklmnopqrstuvwxyz",
        "pagador": "Apellido y nombres=name\nemail=email"}}})
