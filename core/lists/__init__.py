"""Lists: declared in a few lines, all alike. Filters in the address, views, pages by key, exports, mass actions.

    CUSTOMERS = register(List("crm.customers", lazy("Customers"), Customer, "crm.view_customers", columns=(...)))

    @lists.at(bp, "/", CUSTOMERS)
    def customers(shown):
        return shown.render("crm/customers.html")

docs/ui.md, "Lists", shows a whole one.
"""

from core.lists.cells import badge
from core.lists.declaration import Action, Bundle, Column, Done, Empty, Line, List, extend, lists, register
from core.lists.filters import Amounts, Choice, Choices, Dates, Filter, Relation, Text
from core.lists.periods import DUE, PAST
from core.lists.places import at, attach, url_of
from core.lists.screens import Shown, show
from core.lists.who import viewer, viewer_may, viewer_sees_all

__all__ = ["DUE", "PAST", "Action", "Amounts", "Bundle", "Choice", "Choices", "Column", "Dates", "Done", "Empty",
           "Filter", "Line", "List", "Relation", "Shown", "Text", "at", "attach", "badge", "extend", "lists",
           "register", "show", "url_of", "viewer", "viewer_may", "viewer_sees_all"]
