"""Build the catalogs: texts are extracted from the code, Spanish comes from translations/parts/*.json.

`--compile` only compiles; `--check` writes nothing and fails when a text has no Spanish. Each part is a flat JSON
object from the English message to its translation (a list of singular and plural where there is one), one file per
module and language: `crm.es.json` for all of Spanish, `crm.es_AR.json` for the words of one country.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "translations"
METHODS = [("core/**.py", "python"), ("modules/**.py", "python"), ("templates/**.html", "jinja2"),
           ("templates/**.txt", "jinja2"), ("modules/**/templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "lazy": None, "gettext": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
BASE = ("es",)


def extract() -> dict[Any, list[tuple[str, int]]]:
    """Every message of the code with its places; plural messages are (one, many)."""
    found: dict[Any, list[tuple[str, int]]] = {}
    for file, line, message, _comments, _context in extract_from_dir(
            ROOT, METHODS, keywords=KEYWORDS, comment_tags=("i18n:",), directory_filter=_wanted):
        found.setdefault(message, []).append((file, line))
    return found


def _wanted(path: str | Path) -> bool:
    return not any(part in {".venv", "tests", "instance", "node_modules", ".git"} for part in Path(path).parts)


def parts(language: str) -> dict[str, Any]:
    """The translations of one language out of all parts."""
    merged: dict[str, Any] = {}
    for path in sorted((FOLDER / "parts").glob(f"*.{language}.json")):
        merged.update(json.loads(path.read_text(encoding="utf-8")))
    return merged


def languages() -> Iterator[str]:
    yield from sorted({path.name.split(".")[1] for path in (FOLDER / "parts").glob("*.json")})


def build(language: str, messages: dict[Any, list[tuple[str, int]]], write: bool = True) -> list[str]:
    """Write one catalog; the complaints (missing in a base language, broken placeholders)."""
    known, complaints = parts(language), []
    catalog = Catalog(locale=language, project="Abona", fuzzy=False)
    for message in sorted(messages, key=str):
        key = message if isinstance(message, str) else message[0]
        text = known.get(key)
        if text is None and language in BASE:
            complaints.append(f"{language}: no translation of {key!r} ({messages[message][0][0]})")
        if text is None:
            continue
        complaints += _broken(language, message, text)
        places = sorted({(file, 0) for file, _line in messages[message]})
        catalog.add(message, text if isinstance(text, str) else tuple(text), locations=[(f, 1) for f, _ in places])
    if not write:
        return complaints
    path = _path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=120, sort_output=True, omit_header=False, include_lineno=False)
    return complaints


def _broken(language: str, message: Any, text: Any) -> list[str]:
    sources = [message] if isinstance(message, str) else list(message)
    targets = [text] if isinstance(text, str) else list(text)
    wanted = set(PLACEHOLDER.findall(sources[-1]))
    return [f"{language}: {target!r} needs the placeholders {sorted(wanted)}" for target in targets[-1:]
            if set(PLACEHOLDER.findall(target)) != wanted]


def _path(language: str) -> Path:
    base = FOLDER if "_" not in language else FOLDER / "countries"
    return base / language / "LC_MESSAGES" / "messages.po"


def compile_all() -> None:
    """Compile every catalog on disk; those files are made, not kept in git."""
    for path in FOLDER.rglob("messages.po"):
        with path.open("rb") as source:
            catalog = read_po(source)
        with path.with_suffix(".mo").open("wb") as target:
            write_mo(target, catalog)


def main(arguments: list[str]) -> int:
    if "--compile" in arguments:
        compile_all()
        return 0
    messages = extract()
    write = "--check" not in arguments
    complaints = [line for language in languages() for line in build(language, messages, write)]
    if write:
        compile_all()
    for line in complaints:
        print(line, file=sys.stderr)
    print(f"{len(messages)} texts; {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
