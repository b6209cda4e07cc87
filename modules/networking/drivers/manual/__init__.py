"""Routers that nobody speaks to from here: a list of what to do, which a person ticks off."""
