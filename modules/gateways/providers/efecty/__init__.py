"""Efecty of Colombia by direct agreement: files and a bar code."""
