"""The job that sends."""

from __future__ import annotations

from core.i18n import lazy
from core.jobs import job
from modules.notifications import sending


@job(queue="notify", max_attempts=20, words=lazy("Send notices"))
def send_batch(channel: str, message_ids: list[int]) -> None:
    """Send a batch of messages over one connection."""
    sending.send(channel, message_ids)
