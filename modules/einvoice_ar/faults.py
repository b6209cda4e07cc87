"""WSAA's faults in words: what it means and the one next step (argentina.md, section 1.6)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core.i18n import _, lazy

_BUG = lazy("The login request was refused as malformed. This is a fault of this program: report it with the code.")
_CLOCK = lazy("To log in at ARCA, this machine's clock must be right: ARCA says that the times of the request are not.")
_WAIT = lazy("ARCA's login service is out of order for the moment.")

LOGIN: dict[str, Any] = {
    "cms.bad.base64": _BUG, "cms.bad": _BUG, "cms.cert.notFound": _BUG, "xml.bad": _BUG,
    "xml.source.invalid": _BUG, "xml.destination.invalid": _BUG, "xml.version.notSupported": _BUG,
    "cms.sign.invalid": lazy("To log in at ARCA, upload the certificate that was issued for the key made here: "
                             "the present one belongs to another key."),
    "cms.cert.expired": lazy("To log in at ARCA you must renew the certificate: it has expired."),
    "cms.cert.invalid": lazy("The certificate is not valid yet, or this machine's clock is behind. Check the date; "
                             "a new certificate is valid within minutes."),
    "cms.cert.untrusted": lazy("To log in at ARCA you must use the certificate of this environment: a testing one does "
                               "not open production, nor the reverse."),
    "xml.generationTime.invalid": _CLOCK, "xml.expirationTime.expired": _CLOCK, "xml.expirationTime.invalid": _CLOCK,
    "coe.notAuthorized": lazy("To log in at ARCA you must authorise the certificate for this service: Administrador de "
                              "Relaciones de Clave Fiscal (in testing: WSASS, Crear autorización a servicio)."),
    "coe.alreadyAuthenticated": lazy("ARCA gave a ticket that did not arrive here; it gives the next one after a few "
                                     "minutes. Nothing is lost; it goes on by itself."),
    "wsn.notFound": lazy("ARCA does not know this service by that name."),
    "wsn.unavailable": _WAIT, "wsaa.unavailable": _WAIT, "wsaa.internalError": _WAIT,
}


def explain_login(code: str, text: str, times: tuple[dt.datetime, dt.datetime] | None = None) -> str:
    """Our sentence for a fault, with ARCA's own words after it; `times` are this machine's and ARCA's."""
    ours = LOGIN.get(code)
    if ours is None:
        return _("ARCA refused the login: %(text)s (%(code)s)", text=text, code=code)
    if ours is _CLOCK and times:
        ours = f"{ours} " + _("This machine says %(ours)s, ARCA says %(theirs)s.", ours=_shown(times[0]),
                              theirs=_shown(times[1]))
    return _("%(ours)s ARCA said: %(text)s (%(code)s)", ours=str(ours), text=text, code=code)


def _shown(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
