"""Channels: one file each, registered in providers.py."""
