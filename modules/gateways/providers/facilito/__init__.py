"""Facilito of Ecuador: a network of counters that asks us what somebody owes and tells us what was paid."""
