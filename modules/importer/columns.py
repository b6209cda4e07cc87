"""Which column is what: guessed from the heading, corrected by a person, remembered by the headings. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

from core.i18n import lazy
from modules.crm import names
from modules.importer.cells import Cell, text

# field: what it is called on screen
FIELDS = {
    "code": lazy("Customer number"), "name": lazy("Name or legal name"), "last_name": lazy("Last name"),
    "trade_name": lazy("Trade name"), "tax_id_kind": lazy("Kind of document"), "tax_id": lazy("Document"),
    "tax_condition": lazy("Tax condition"), "street": lazy("Street"), "number": lazy("House number"),
    "unit": lazy("Floor, flat"), "district": lazy("District"), "city": lazy("City"),
    "region": lazy("Province or state"),
    "postal_code": lazy("Postal code"), "reference": lazy("How to find it"), "zone": lazy("Zone"),
    "phone": lazy("Phone"), "email": lazy("E-mail"), "plan": lazy("Plan"), "price": lazy("Monthly price"),
    "started_on": lazy("Start of the service"), "due_day": lazy("Due day"), "ip": lazy("IP address"),
    "pppoe_user": lazy("PPPoE user"), "pppoe_password": lazy("PPPoE password"), "state": lazy("State"),
    "balance": lazy("Balance (debt positive)"), "credit": lazy("Balance in favour"), "notes": lazy("Notes"),
    "latitude": lazy("Latitude"), "longitude": lazy("Longitude"), "reason": lazy("Reason of a former import"),
}
# Several columns may be these; of the others the first wins.
MANY = frozenset({"phone", "email", "notes"})
REASON_HEADING = "MOTIVO (no importado)"
# What the reader calls a column without a heading.
_UNNAMED = re.compile(r"\([A-Z]{1,3}\)")

_WORDS: dict[str, str] = {
    "code": "no|n|nro|num|numero|codigo|cod|id|id cliente|nro cliente|no cliente|numero cliente|codigo cliente|"
            "cod cliente|abonado|nro abonado|no abonado|numero de abonado|numero de cliente|legajo|cuenta|nro cuenta|"
            "contrato|nro contrato|customer|code|cliente id",
    "name": "nombre|nombres|cliente|titular|razon social|apellido y nombre|nombre y apellido|nombre completo|"
            "apellido y nombre razon social|nombre razon social|nombres y apellidos|apellidos y nombres|"
            "nombre del cliente|nombre o razon social|suscriptor|usuario|name|nome",
    "last_name": "apellido|apellidos|last name|sobrenome",
    "trade_name": "nombre comercial|nombre de fantasia|fantasia|nombre fantasia",
    "tax_id_kind": "tipo doc|tipo de documento|tipo documento|tipo identificacion|tipo de identificacion|tipo id",
    "tax_id": "dni|cuit|cuil|ruc|nit|rfc|rut|rnc|rif|cedula|ci|cpf|cnpj|documento|doc|nro doc|nro documento|"
              "no documento|numero documento|numero de documento|identificacion|dni cuit|cuit dni|cuit cuil|"
              "dni cuil cuit|ruc ci|ci ruc|cedula ruc|ruc cedula|nit cc|cc nit|dni ruc|ruc dni|num identificacion|"
              "identificacion fiscal|tax id",
    "tax_condition": "cond iva|condicion iva|condicion de iva|condicion frente al iva|iva|situacion iva|cat iva|"
                     "categoria iva|tipo iva|regimen|regimen fiscal|responsabilidad|condicion fiscal|categoria fiscal",
    "street": "domicilio|direccion|calle|dir|direccion de servicio|domicilio de servicio|ubicacion|address|endereco",
    "number": "altura|nro calle|num ext|numero exterior|numero casa|nro casa",
    "unit": "piso|depto|dpto|piso depto|departamento piso|unidad|num int|numero interior",
    "district": "barrio|colonia|urbanizacion|sector|parroquia|bairro",
    "city": "localidad|ciudad|municipio|poblacion|canton|distrito|comuna|cidade|city",
    "region": "provincia|estado provincia|departamento|region|entidad|prov|estado republica",
    "postal_code": "cp|codigo postal|cod postal|cep",
    "reference": "referencia|referencias|como llegar|indicaciones",
    "zone": "zona|nodo|ruta|cobrador|antena|torre|celda|sucursal",
    "phone": "tel|telefono|telefonos|celular|cel|movil|whatsapp|wsp|telefono 1|telefono 2|tel 1|tel 2|tel fijo|"
             "telefono fijo|telefono celular|celular 1|celular 2|contacto|phone|telefone|tel alternativo",
    "email": "email|e mail|mail|correo|correo electronico|emails|correos|mail 1|mail 2|direccion de correo",
    "plan": "plan|servicio|paquete|producto|plan contratado|plan de internet|velocidad|abono plan|megas|plano",
    "price": "abono|precio|valor|importe|tarifa|mensualidad|cuota|monto|precio mensual|valor mensual|abono mensual|"
             "costo|cargo mensual|importe mensual|precio plan|valor plan|price|renta|valor mensualidad|precio del plan",
    "started_on": "alta|fecha alta|fecha de alta|fecha instalacion|fecha de instalacion|instalacion|inicio|"
                  "fecha inicio|fecha de inicio|fecha contrato|fecha ingreso|desde|f alta|fecha de ingreso",
    "due_day": "vto|vencimiento|dia vto|dia de vencimiento|dia corte|dia de corte|dia vencimiento|corte|dia pago|"
               "dia de pago|fecha corte|fecha de corte|dia facturacion|dia de facturacion|fecha de pago|fecha vto",
    "ip": "ip|direccion ip|ip cliente|ip servicio|ip address",
    "pppoe_user": "usuario pppoe|pppoe|user pppoe|pppoe user|login|usuario ppp|usuario de conexion|usuario internet",
    "pppoe_password": "clave pppoe|password pppoe|contrasena pppoe|pass pppoe|clave ppp|password|contrasena",
    "state": "estado|situacion|status|estado servicio|estado del servicio|estado cliente|activo",
    "balance": "saldo|deuda|saldo actual|saldo pendiente|saldo deudor|cuenta corriente|debe|adeuda|saldo adeudado|"
               "monto adeudado|balance|deuda actual|total deuda|saldo vencido|pendiente",
    "credit": "saldo a favor|a favor|credito|saldo acreedor|haber|anticipo|anticipos",
    "notes": "obs|observacion|observaciones|nota|notas|comentario|comentarios|detalle|notes",
    "latitude": "latitud|lat|latitude",
    "longitude": "longitud|lon|lng|long|longitude",
    "reason": "motivo no importado",
}
_EXACT = {word: field for field, words in _WORDS.items() for word in words.split("|")}
# Beginnings that decide where no whole heading does, the surest first.
_STARTS = (("saldo a favor", "credit"), ("saldo", "balance"), ("deuda", "balance"), ("direccion ip", "ip"),
           ("correo", "email"), ("mail", "email"), ("e mail", "email"), ("telef", "phone"), ("celular", "phone"),
           ("whatsapp", "phone"), ("tel ", "phone"), ("domicilio", "street"), ("direccion", "street"),
           ("apellido y nombre", "name"), ("razon social", "name"), ("nombre", "name"), ("usuario pppoe", "pppoe_user"),
           ("fecha de alta", "started_on"), ("fecha alta", "started_on"), ("fecha inst", "started_on"),
           ("dia de", "due_day"), ("cond", "tax_condition"), ("observ", "notes"), ("plan", "plan"),
           ("precio", "price"), ("valor", "price"), ("cuit", "tax_id"), ("documento", "tax_id"),
           ("identificacion", "tax_id"), ("latitud", "latitude"), ("longitud", "longitude"), ("localidad", "city"))


def fold(heading: Cell) -> str:
    """A heading in the form that is compared: 'Nº', 'Tel.' and 'DNI/CUIT' are 'no', 'tel' and 'dni cuit'."""
    return " ".join(re.sub(r"[^a-z0-9]+", " ", names.fold(text(heading).replace("°", "º"))).split())


def is_repeated(row: Sequence[Cell], headings: Sequence[str]) -> bool:
    """Is the row the headings once more, as on each page of a printed list?"""
    return all(text(cell).casefold() == heading.casefold() for cell, heading in zip(row, headings, strict=False))


def field_of(heading: Cell) -> str:
    """The field that a heading means; "" where it is not known."""
    folded = fold(heading)
    if not folded or len(folded) > 60 or _UNNAMED.fullmatch(text(heading)):
        return ""
    if folded in _EXACT:
        return _EXACT[folded]
    return next((field for start, field in _STARTS if folded.startswith(start)), "")


def score(row: Sequence[Cell]) -> int:
    """How many different fields a row of headings names; numbers in it speak against it."""
    if any(not isinstance(cell, str) or re.fullmatch(r"[\d.,$ -]+", cell) for cell in row if text(cell)):
        return 0
    return len({field_of(cell) for cell in row} - {""})


def guess(headings: Sequence[str]) -> list[str]:
    """The field of each column, "" for those that are left out."""
    found: list[str] = []
    for heading in headings:
        field = field_of(heading)
        found.append(field if field in MANY or field not in found else "")
    if "name" not in found and "last_name" in found:
        found[found.index("last_name")] = "name"
    return found


def apply(headings: Sequence[str], wanted: Mapping[str, str]) -> list[str]:
    """The guess, corrected by {heading: field or ""}; headings are compared exactly, else folded."""
    folded = {fold(heading): field for heading, field in wanted.items()}
    return [wanted[heading] if heading in wanted else folded.get(fold(heading), field)
            for heading, field in zip(headings, guess(headings), strict=True)]


def signature(headings: Sequence[str]) -> str:
    """The same headings in any case and accents have the same signature; the column of reasons does not count."""
    wanted = [fold(heading) for heading in headings if field_of(heading) != "reason"]
    return hashlib.sha256("\x1f".join(wanted).encode()).hexdigest()
