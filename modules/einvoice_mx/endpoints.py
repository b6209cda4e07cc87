"""Where PAC and SAT are, by environment. The account's own address is the company's to set."""

from __future__ import annotations

from flask import current_app

REHEARSAL, TESTING, PRODUCTION = "rehearsal", "testing", "production"
ENVIRONMENTS = (REHEARSAL, TESTING, PRODUCTION)
# as the provider publishes them; Dinvbox is the same service
PAC = {TESTING: "https://t1demo.facturacionmoderna.com/timbrado/soap",
       PRODUCTION: "https://t2.facturacionmoderna.com/timbrado/soap"}
SAT = "https://consultaqr.facturaelectronica.sat.gob.mx/ConsultaCFDIService.svc"
# the provider's published account for tests
TEST_USER, TEST_PASSWORD = "UsuarioPruebasWS", "b9ec2afa3361a59af4b4d102d3f704eabdf097d4"


def simulator_url() -> str:
    """The simulator that rehearsals talk to."""
    return f"{current_app.extensions['abona'].simulators_url.rstrip('/')}/facturacion_moderna"


def pac_url(environment: str, own: str = "") -> str:
    """The PAC's address: the account's own where it has one."""
    return f"{simulator_url()}/timbrado/soap" if environment == REHEARSAL else own or PAC[environment]


def sat_url(environment: str) -> str:
    """The SAT's query; what the PAC's tests stamp is not there."""
    return f"{simulator_url()}/ConsultaCFDIService.svc" if environment == REHEARSAL else SAT
