"""The business modules. Their order and their wiring come from their manifests (core.modules)."""
