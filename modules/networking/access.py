"""A router as its driver sees it for the time of a session. Opens the secret."""

from __future__ import annotations

from modules.networking.models import Router
from modules.networking.ports import Access


def of(router: Router) -> Access:
    """Where it is, who we are there, and how it is cut."""
    return Access(router.host, router.port, router.username, router.password or "", router.tls, router.fingerprint,
                  router.ca, router.encoding, router.cut_list, router.cut_profile, router.cut_limit, router.has_ipv6,
                  router.sets_speed)
