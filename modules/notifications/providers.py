"""What this module registers in its own port."""

from modules.notifications.channels.email import EmailChannel
from modules.notifications.ports import channels

channels.register("email", EmailChannel())
