"""The product's source files, parsed once, with small questions about them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from core.config import ROOT


@lru_cache(maxsize=1)
def python_files() -> tuple[Path, ...]:
    """Every Python file of core and modules but migrations, which are written by a program."""
    found = [path for folder in ("core", "modules") for path in (ROOT / folder).rglob("*.py")]
    return tuple(sorted(path for path in found if "migrations" not in path.parts or path.name == "env.py"))


@lru_cache(maxsize=2048)
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def owner(path: Path) -> str:
    """The module that a file belongs to; "core" for the frame."""
    parts = path.relative_to(ROOT).parts
    return "core" if parts[0] == "core" else parts[1]


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """(dotted name, line) of everything that a file imports, wherever it does."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def relative_imports(path: Path) -> list[int]:
    return [node.lineno for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom) and node.level]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node
