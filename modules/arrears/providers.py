"""What this module puts into the frame, the customer's page and the payer's page."""

from __future__ import annotations

from core import deeds as known_deeds
from core import setup, slots
from core.i18n import lazy
from modules.accounting.ports import payer_actions, surcharges
from modules.arrears import desk, figures
from modules.arrears.deeds import WORDS
from modules.arrears.payer import PromiseHere, ProofHere
from modules.arrears.surcharges import BilledSurcharges

known_deeds.add(WORDS)
slots.add("customer.tabs", "arrears", lazy("Arrears"), desk.customer_tab, permission="arrears.view_arrears", order=15)
slots.add("customer.actions", "arrears", lazy("Promise of payment"), desk.customer_action,
          permission="arrears.grant_promises", order=30)
slots.add("contract.aside", "arrears", lazy("Arrears"), desk.contract_card, permission="arrears.view_arrears", order=10)
slots.add("home.todo", "arrears", lazy("Proofs of payment"), desk.todo, permission="arrears.review_proofs", order=20)
slots.add("home.charts", "arrears.cuts", lazy("Cut for debt and restored, by day"), figures.cut_and_restored,
          permission="arrears.view_arrears", order=22)
setup.facts.register("arrears.proofs", desk.waiting_proofs)
setup.facts.register("arrears.proofs_ending", desk.ending_proofs)
surcharges.register("arrears", BilledSurcharges())
payer_actions.register("promise", PromiseHere())
payer_actions.register("proof", ProofHere())
