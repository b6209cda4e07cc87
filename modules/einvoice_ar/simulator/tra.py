"""The loginTicketRequest: schema, names and times, in WSAA's order (reference, 1.2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from lxml import etree

from modules.einvoice_ar.simulator.faults import LoginFault
from modules.einvoice_ar.simulator.settings import BUENOS_AIRES

# Times are texts here: a time that cannot be read has a code of its own.
SCHEMA = etree.XMLSchema(etree.fromstring("""
<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema">
 <xsd:element name="loginTicketRequest"><xsd:complexType><xsd:sequence>
  <xsd:element name="header"><xsd:complexType><xsd:sequence>
   <xsd:element name="source" type="xsd:string" minOccurs="0"/>
   <xsd:element name="destination" type="xsd:string" minOccurs="0"/>
   <xsd:element name="uniqueId" type="xsd:unsignedInt"/>
   <xsd:element name="generationTime" type="xsd:string"/>
   <xsd:element name="expirationTime" type="xsd:string"/>
  </xsd:sequence></xsd:complexType></xsd:element>
  <xsd:element name="service"><xsd:simpleType><xsd:restriction base="xsd:string">
   <xsd:pattern value="[a-zA-Z][a-zA-Z0-9_\\-]*"/><xsd:minLength value="3"/><xsd:maxLength value="32"/>
  </xsd:restriction></xsd:simpleType></xsd:element>
 </xsd:sequence><xsd:attribute name="version" type="xsd:decimal"/></xsd:complexType></xsd:element>
</xsd:schema>"""))
DAY = dt.timedelta(hours=24)
# services of ARCA that a computer may ask a ticket for; only the first two are served here
SERVICES = {"wsfe", "ws_sr_constancia_inscripcion", "ws_sr_padron_a4", "ws_sr_padron_a5", "ws_sr_padron_a10",
            "ws_sr_padron_a13", "ws_sr_padron_a100", "wsfex", "wsmtxca", "wsbfe", "wscdc", "wsct", "wsfecred", "wslpg"}


@dataclass(frozen=True)
class LoginRequest:
    """A request that passed."""

    unique_id: int
    service: str


def read(content: bytes, subject: str, wsaa_name: str, now: dt.datetime) -> LoginRequest:
    """Check the request against schema, version, names, times and services; LoginFault for the first that is wrong."""
    try:
        root = etree.fromstring(content.strip(), etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise LoginFault("xml.bad") from error
    if not SCHEMA.validate(root):
        raise LoginFault("xml.bad")
    if float(root.get("version", "1.0")) != 1.0:
        raise LoginFault("xml.version.notSupported")
    _check_names(root, subject, wsaa_name)
    _check_times(root, now)
    service = str(root.findtext("service"))
    if service not in SERVICES:
        raise LoginFault("wsn.notFound")
    return LoginRequest(int(root.findtext("header/uniqueId")), service)


def _check_names(root: Any, subject: str, wsaa_name: str) -> None:
    source, destination = root.findtext("header/source"), root.findtext("header/destination")
    if source is not None and _parts(source) != _parts(subject):
        raise LoginFault("xml.source.invalid")
    if destination is not None and _parts(destination) != _parts(wsaa_name):
        raise LoginFault("xml.destination.invalid")


def _parts(name: str) -> list[str]:
    """A distinguished name as a list that ignores order, case and blanks."""
    return sorted("=".join(half.strip() for half in part.split("=", 1)).lower() for part in name.split(","))


def _check_times(root: Any, now: dt.datetime) -> None:
    generated = _moment(root.findtext("header/generationTime"))
    if generated is None or generated > now or now - generated > DAY:
        raise LoginFault("xml.generationTime.invalid")
    expires = _moment(root.findtext("header/expirationTime"))
    if expires is None:
        raise LoginFault("xml.expirationTime.invalid")
    if expires <= now:
        raise LoginFault("xml.expirationTime.expired")
    # whether the limit counts from now or from generation is ambiguous: the wider reading
    if expires <= generated or expires - now > DAY:
        raise LoginFault("xml.expirationTime.invalid")


def _moment(text: str) -> dt.datetime | None:
    """An xsd:dateTime; without offset it is Buenos Aires time."""
    if "T" not in text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=BUENOS_AIRES)
