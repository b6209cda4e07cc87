"""One folder per kind of router, found by itself: `<code>/entry.py` holds the `register(…)` lines that plug it in."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil

for _folder in pkgutil.iter_modules(__path__):
    if _folder.ispkg and importlib.util.find_spec(f"{__name__}.{_folder.name}.entry"):
        importlib.import_module(f"{__name__}.{_folder.name}.entry")
