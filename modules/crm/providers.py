"""What customers put into the frame: the Data tab, the search box, and how a company's own tax number is checked."""

from __future__ import annotations

from core import companies, setup, slots
from core import deeds as known_deeds
from core.i18n import lazy
from core.search import Searcher, searchers
from modules.crm import desk, history, identity, regions
from modules.crm.deeds import WORDS as DEEDS
from modules.crm.models import Customer
from modules.crm.ports import stories

slots.add("customer.tabs", "data", lazy("Data"), desk.data_tab, permission="crm.view_customers", order=10)
slots.add("customer.tabs", "history", lazy("History"), desk.history_tab, permission="crm.view_customers", order=70)
stories.register("crm", history.OwnData())
setup.facts.register("crm.customers", setup.any_row(Customer))
searchers.register("customers", Searcher(lazy("Customers"), desk.find, "crm.view_customers", order=10,
                                          guess=desk.guess))
for country, kind in identity.COMPANY_KINDS.items():
    companies.identities.register(country, identity.company_check(country))
    companies.conditions.register(country, identity.company_conditions(country))
    companies.tax_names.register(country, kind)
    companies.regions.register(country, regions.of(country))
known_deeds.add(DEEDS)
