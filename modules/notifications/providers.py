"""What this module registers: the e-mail channel in its own port, a tab of the customer's page, and what is to do."""

from core import slots
from core.i18n import lazy
from modules.notifications import desk
from modules.notifications.channels.email import EmailChannel
from modules.notifications.ports import channels

channels.register("email", EmailChannel())
slots.add("customer.tabs", "notices", lazy("Notices"), desk.customer_tab, "notifications.view_messages", order=60)
slots.add("home.todo", "notices", lazy("Notices"), desk.to_do, "notifications.view_messages", order=60)
