"""Simulator of the PAC Facturación Moderna and of the SAT's query service, as `/facturacion_moderna/…`.

It knows nothing of this product's client: it reads the wire as the PAC does, and refuses what PAC and SAT refuse.
"""

from __future__ import annotations

from core.i18n import lazy as _
from core.simulators import Simulator
from modules.einvoice_mx.simulator.app import FacturacionModerna, error_page
from modules.einvoice_mx.simulator.faults import OWN

# the app factory: create_app(box) → FacturacionModerna
create_app = FacturacionModerna

SIMULATOR = Simulator(
    name="facturacion_moderna", title=_("Facturación Moderna of Mexico: stamping, and the SAT's query"),
    create_app=create_app, faults=OWN, error_page=error_page)
