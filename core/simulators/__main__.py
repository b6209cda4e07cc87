"""`python -m core.simulators serve arca`: the same as `abona simulators serve arca`, without anything else of Abona."""

from core.simulators import cli

cli()
