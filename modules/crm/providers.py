"""What customers put into the frame: the Data tab and the search box."""

from __future__ import annotations

from core import slots
from core.i18n import lazy
from core.search import Searcher, searchers
from modules.crm import desk

slots.add("customer.tabs", "data", lazy("Data"), desk.data_tab, permission="crm.view_customers", order=10)
searchers.register("customers", Searcher(lazy("Customers"), desk.find, "crm.view_customers", order=10))
