"""Workers and scheduler as processes of their own, with Redis between them."""

from __future__ import annotations

from tests.chaos.site import Command, Site
from tests.installation import RedisServer

WORKERS = 2


class Farm:
    """Workers and scheduler of a site; `stop` is a power cut for all of them, Redis stays."""

    def __init__(self, site: Site, redis: RedisServer) -> None:
        self.site = site
        site.settings["ABONA_REDIS_URL"] = redis.url
        self.members: list[Command] = []

    def start(self) -> None:
        self.members = [self.site.start("scheduler"), *(self.site.start("worker") for _number in range(WORKERS))]

    def kill(self, *others: Command) -> None:
        for command in (*self.members, *others):
            command.kill()
