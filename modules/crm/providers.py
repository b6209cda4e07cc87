"""What customers put into the frame: the Data tab, the search box, and how a company's own tax number is checked."""

from __future__ import annotations

from core import companies, slots
from core.i18n import lazy
from core.search import Searcher, searchers
from modules.crm import desk, identity

slots.add("customer.tabs", "data", lazy("Data"), desk.data_tab, permission="crm.view_customers", order=10)
searchers.register("customers", Searcher(lazy("Customers"), desk.find, "crm.view_customers", order=10))
for country in identity.COMPANY_KINDS:
    companies.identities.register(country, identity.company_check(country))
