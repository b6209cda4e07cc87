"""What this module registers: the e-mail channel in its own port, a tab of the customer's page, and what is to do."""

from core import deeds as known_deeds
from core import outside, setup, slots
from core.i18n import lazy
from modules.crm.ports import stories
from modules.notifications import desk, figures, rehearsing, story
from modules.notifications.channels.email import EmailChannel
from modules.notifications.deeds import WORDS as DEEDS
from modules.notifications.ports import channels

outside.services.register("mail", rehearsing.standing)
channels.register("email", EmailChannel())
slots.add("customer.tabs", "notices", lazy("Notices"), desk.customer_tab, "notifications.view_messages", order=60)
slots.add("customer.actions", "notices", lazy("Send a notice again"), desk.customer_action,
          "notifications.send_messages", order=50)
slots.add("setup.steps", "notifications", lazy("Mail"), desk.steps, rehearsing.PERMISSION, order=50)
setup.facts.register("notifications.own_server", rehearsing.own_server)
setup.facts.register("notifications.mail_tested", rehearsing.tested)
slots.add("home.charts", "notices", lazy("Notices by channel"), figures.delivered, "notifications.view_messages",
          order=60)
slots.add("home.todo", "notices", lazy("Notices"), desk.to_do, "notifications.view_messages", order=60)
slots.add("customer.summary", "notices", lazy("Notices"), desk.customer_summary, "notifications.view_messages",
          order=30)
stories.register("notifications", story.Sent())
known_deeds.add(DEEDS)
