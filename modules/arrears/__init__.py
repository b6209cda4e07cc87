"""Arrears: who is warned, surcharged, cut, spared and restored, by which rule; promises and proofs of payment."""

from core.i18n import lazy as _
from core.modules import Manifest, MenuItem

MANIFEST = Manifest(
    title=_("Arrears and cut-off"),
    about=_("Who is warned, cut and restored, by which rule; promises and proofs of payment."),
    depends=("contracts",),
    permissions=(
        ("arrears.view_arrears", _("See arrears"),
         _("Opens who is in arrears, what was done about it, and why.")),
        ("arrears.grant_promises", _("Grant promises of payment"),
         _("Restores the service for some days against a promise, and takes proofs of payment in.")),
        ("arrears.review_proofs", _("Accept or refuse proofs of payment"),
         _("Records the payment that a proof shows, or refuses the proof with words to the customer.")),
        ("arrears.cut_service", _("Approve and run cut-offs"),
         _("Approves a cut-off, runs it in stages, stops it and takes it back.")),
        ("arrears.edit_rules", _("Change the rules of cut-off"),
         _("Changes rules, days without staff, and moratoria.")),
    ),
    menu=(
        MenuItem(_("Arrears"), "arrears.overview", "arrears.view_arrears", group="arrears", order=10),
        MenuItem(_("Services cut for debt"), "arrears.cuts", "arrears.view_arrears", group="arrears", order=15),
        MenuItem(_("Promises of payment"), "arrears.promises", "arrears.view_arrears", group="arrears", order=20),
        MenuItem(_("Proofs of payment"), "arrears.proof_list", "arrears.review_proofs", group="arrears", order=30),
        MenuItem(_("Cut-offs"), "arrears.batch_list", "arrears.cut_service", group="arrears", order=40),
        MenuItem(_("Moratoria"), "arrears.moratoria", "arrears.edit_rules", group="arrears", order=50),
    ),
)
